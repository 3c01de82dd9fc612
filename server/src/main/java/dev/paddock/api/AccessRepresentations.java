package dev.paddock.api;

import static dev.paddock.api.Representations.appIdentity;
import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Authorization;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.BrowserLogins;
import dev.paddock.accounts.Scope;
import dev.paddock.accounts.SshKey;
import dev.paddock.apps.AppTransfer;
import dev.paddock.apps.Collaborator;
import dev.paddock.apps.Permission;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.UserError;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of what opens accounts and apps: keys, sessions, users, collaborators, transfers. Immutable.
final class AccessRepresentations {
    private static final long MAX_LIFE_SECONDS = Duration.ofDays(3650).toSeconds();

    // Keys

    /// @param token the secret, where the client knows it already
    ObjectNode authorization(
            Account account, Authorization key, Optional<String> token, Instant now) {
        ObjectNode json =
                object().put("id", key.id().toString())
                        .put("description", key.description())
                        .put("created_at", date(key.createdAt()))
                        .put("updated_at", date(key.updatedAt()))
                        .putNull("grant")
                        .putNull("refresh_token")
                        .putNull("session");
        json.set("client", key.client().map(OAuthRepresentations::client).orElse(null));
        ArrayNode scope = json.putArray("scope");
        key.scope().forEach(word -> scope.add(word.toString()));
        json.putObject("user")
                .put("id", account.id().toString())
                .put("email", account.email())
                .put("full_name", account.name());
        if (token.isEmpty()) {
            return json.putNull("access_token");
        }
        json.putObject("access_token")
                .put("id", key.id().toString())
                .put("token", token.get())
                .put("expires_in", expiresIn(key, now).orElse(null));
        return json;
    }

    private static Optional<Long> expiresIn(Authorization key, Instant now) {
        return key.expiresAt().map(end -> Math.max(0, end.getEpochSecond() - now.getEpochSecond()));
    }

    static Authorizations.Wanted newAuthorization(Fields fields) {
        return new Authorizations.Wanted(
                fields.text("description").orElse("Created through the API"),
                Scope.parse(fields.strings("scope")),
                // Tokens of clients have a life of their own.
                fields.has("client")
                        ? Optional.empty()
                        : fields.textOrNumber("expires_in").map(AccessRepresentations::life),
                false);
    }

    /// The CLI sends digits as a string.
    private static Duration life(String seconds) {
        if (!seconds.matches("[0-9]{1,9}")
                || Long.parseLong(seconds) < 1
                || Long.parseLong(seconds) > MAX_LIFE_SECONDS) {
            throw UserError.invalid(
                    "The field `expires_in` must be from 1 to "
                            + MAX_LIFE_SECONDS
                            + " whole seconds.");
        }
        return Duration.ofSeconds(Long.parseLong(seconds));
    }

    static Optional<String> authorizationDescription(Fields fields) {
        if (fields.has("client")) {
            throw UserError.invalid("An authorization stays with its client: leave out `client`.");
        }
        return fields.text("description");
    }

    ObjectNode session(Authorization session, Instant now) {
        return object().put("id", session.id().toString())
                .put("description", session.description())
                .put("created_at", date(session.createdAt()))
                .put("updated_at", date(session.updatedAt()))
                .put("expires_in", expiresIn(session, now).orElse(null));
    }

    ObjectNode sshKey(Account account, SshKey key) {
        return object().put("id", key.id().toString())
                .put("comment", key.comment())
                .put("created_at", date(key.createdAt()))
                .put("email", account.email())
                .put("fingerprint", key.fingerprint())
                .put("public_key", key.publicKey())
                .put("updated_at", date(key.createdAt()));
    }

    static String publicKey(Fields fields) {
        return fields.requiredText("public_key");
    }

    // Logging in

    static ObjectNode begunLogin(BrowserLogins.Begun login, String page, String outcome) {
        return object().put("browser_url", page)
                .put("cli_url", outcome)
                .put("token", login.token());
    }

    static String loginDescription(Fields fields) {
        return fields.text("description").orElse("Login in the browser");
    }

    static ObjectNode loggedIn(String key) {
        return object().put("access_token", key);
    }

    static ObjectNode notLoggedIn(String reason) {
        return object().put("error", reason);
    }

    // Users, as the operator sees them

    ObjectNode user(Account account) {
        return object().put("id", account.id().toString())
                .put("email", account.email())
                .put("name", account.name())
                .put("operator", account.operator())
                .put("created_at", date(account.createdAt()));
    }

    ObjectNode user(Account account, String key) {
        return user(account).put("key", key);
    }

    record NewUser(String email, String name) {}

    static NewUser newUser(Fields fields) {
        return new NewUser(fields.requiredText("email"), fields.text("name").orElse(""));
    }

    // Who has access to an app

    ObjectNode collaborator(App app, Collaborator one) {
        ObjectNode json =
                object().put("id", one.id().toString())
                        .put("role", one.owner() ? "owner" : "collaborator")
                        .put("created_at", date(one.createdAt()))
                        .put("updated_at", date(one.updatedAt()));
        ArrayNode permissions = json.putArray("permissions");
        one.permissions().stream().sorted().map(this::permission).forEach(permissions::add);
        json.set("app", appIdentity(app));
        json.putObject("user")
                .put("id", one.user().id().toString())
                .put("email", one.user().email())
                .put("federated", false);
        return json;
    }

    ObjectNode permission(Permission permission) {
        return object().put("name", permission.toString())
                .put("description", permission.description());
    }

    record NewCollaborator(String user, Set<Permission> permissions) {}

    static NewCollaborator newCollaborator(Fields fields) {
        String user =
                fields.userIdentity("user")
                        .filter(text -> !text.isBlank())
                        .orElseThrow(() -> UserError.invalid("The field `user` is missing."));
        fields.flag("silent");
        return new NewCollaborator(
                user,
                fields.has("permissions")
                        ? Permission.parse(fields.strings("permissions"))
                        : Permission.USUAL);
    }

    static Set<Permission> permissions(Fields fields) {
        if (!fields.has("permissions")) {
            throw UserError.invalid("The field `permissions` is missing.");
        }
        return Permission.parse(fields.strings("permissions"));
    }

    ObjectNode transfer(AppTransfer transfer) {
        ObjectNode json =
                object().put("id", transfer.id().toString())
                        .put("state", transfer.state().name().toLowerCase(Locale.ROOT))
                        .put("created_at", date(transfer.createdAt()))
                        .put("updated_at", date(transfer.updatedAt()));
        json.putObject("app")
                .put("id", transfer.app().toString())
                .put("name", transfer.appName().value());
        json.set("owner", identity(transfer.owner()));
        json.set("recipient", identity(transfer.recipient()));
        return json;
    }

    private static ObjectNode identity(Actor user) {
        return object().put("id", user.id().toString()).put("email", user.email());
    }

    record NewTransfer(String app, String recipient) {}

    static NewTransfer newTransfer(Fields fields) {
        fields.flag("silent");
        return new NewTransfer(
                fields.identity("app")
                        .orElseThrow(() -> UserError.invalid("The field `app` is missing.")),
                fields.userIdentity("recipient")
                        .orElseThrow(() -> UserError.invalid("The field `recipient` is missing.")));
    }

    static boolean accepts(Fields fields) {
        String state = fields.requiredText("state").toLowerCase(Locale.ROOT);
        if (!List.of("accepted", "declined").contains(state)) {
            throw UserError.invalid("The field `state` must be accepted or declined.");
        }
        return state.equals("accepted");
    }
}
