package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;

import dev.paddock.accounts.Authorization;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.accounts.SshKey;
import dev.paddock.accounts.SshKeys;
import dev.paddock.core.UserError;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// What opens an account: its authorizations, its sessions, its SSH keys.
final class KeyEndpoints {
    private static final List<Page.Key<Authorization>> AUTHORIZATION_KEYS =
            List.of(Page.Key.text("id", key -> key.id().toString()));
    private static final List<Page.Key<SshKey>> SSH_KEYS =
            List.of(Page.Key.text("id", key -> key.id().toString()));

    private final Authorizations authorizations;
    private final OAuthGrants grants;
    private final SshKeys sshKeys;
    private final AccessRepresentations json;
    private final InstantSource clock;

    KeyEndpoints(
            Authorizations authorizations,
            OAuthGrants grants,
            SshKeys sshKeys,
            AccessRepresentations json,
            InstantSource clock) {
        this.authorizations = authorizations;
        this.grants = grants;
        this.sshKeys = sshKeys;
        this.json = json;
        this.clock = clock;
    }

    List<Route> routes() {
        return List.of(
                get("/oauth/authorizations", this::list),
                post("/oauth/authorizations", this::issue),
                get("/oauth/authorizations/{authorization}", this::info),
                patch("/oauth/authorizations/{authorization}", this::update),
                delete("/oauth/authorizations/{authorization}", this::revoke),
                post(
                        "/oauth/authorizations/{authorization}/actions/regenerate-tokens",
                        this::regenerate),
                get("/oauth/sessions", this::sessions),
                delete("/oauth/sessions/{session}", this::endSession),
                get("/account/keys", this::sshKeys),
                post("/account/keys", this::addSshKey),
                get("/account/keys/{key}", this::sshKey),
                delete("/account/keys/{key}", this::removeSshKey));
    }

    private Answer list(Call call) {
        return Answer.page(
                Page.of(good(call, false).toList(), call.range(), AUTHORIZATION_KEYS)
                        .map(key -> represent(call, key)));
    }

    private Stream<Authorization> good(Call call, boolean session) {
        return authorizations.list(call.account()).stream().filter(key -> key.session() == session);
    }

    private Answer info(Call call) {
        return Answer.ok(represent(call, find(call)));
    }

    private Answer issue(Call call) {
        Fields fields = call.fields();
        Authorizations.Wanted wanted = AccessRepresentations.newAuthorization(fields);
        Optional<UUID> client = OAuthRepresentations.grantedClient(fields);
        if (client.isEmpty()) {
            return Answer.created(shown(call, authorizations.issue(call.account(), wanted)));
        }
        OAuthGrants.Granted granted = grants.begin(call.account(), client.get(), wanted);
        return Answer.created(
                OAuthRepresentations.grant(represent(call, granted.authorization()), granted));
    }

    private Answer update(Call call) {
        Authorization key = find(call);
        Optional<String> description =
                AccessRepresentations.authorizationDescription(call.fields());
        return Answer.ok(
                represent(
                        call,
                        description.isEmpty()
                                ? key
                                : authorizations.describe(
                                        call.account(), key.id(), description.get())));
    }

    private Answer regenerate(Call call) {
        return Answer.ok(shown(call, authorizations.regenerate(call.account(), find(call).id())));
    }

    private Answer revoke(Call call) {
        Authorization key = find(call);
        authorizations.revoke(call.account(), key.id());
        return Answer.ok(represent(call, key));
    }

    /// `~` is the account's first key, the one that is there from the beginning, not the one in use: logging out
    /// revokes the key in use unless it is `~`.
    private Authorization find(Call call) {
        String id = call.path("authorization");
        Optional<Authorization> found =
                id.equals("~")
                        ? good(call, false).min(Comparator.comparing(Authorization::createdAt))
                        : good(call, false)
                                .filter(key -> key.id().toString().equalsIgnoreCase(id))
                                .findFirst();
        return found.orElseThrow(() -> UserError.notFound("authorization"));
    }

    private Answer sessions(Call call) {
        return Answer.list(
                good(call, true).map(key -> json.session(key, clock.instant())).toList());
    }

    /// `~` is the session that asks.
    private Answer endSession(Call call) {
        String id = call.path("session");
        String wanted = id.equals("~") ? call.authenticated().authorization().id().toString() : id;
        Authorization session =
                good(call, true)
                        .filter(key -> key.id().toString().equalsIgnoreCase(wanted))
                        .findFirst()
                        .orElseThrow(() -> UserError.notFound("session"));
        authorizations.revoke(call.account(), session.id());
        return Answer.ok(json.session(session, clock.instant()));
    }

    /// Keys are stored hashed: only the key that came with the request can be shown.
    private ObjectNode represent(Call call, Authorization key) {
        boolean inUse = key.id().equals(call.authenticated().authorization().id());
        return json.authorization(
                call.account(),
                key,
                inUse ? Optional.of(call.key()) : Optional.empty(),
                clock.instant());
    }

    private ObjectNode shown(Call call, Authorization.Issued issued) {
        return json.authorization(
                call.account(),
                issued.authorization(),
                Optional.of(issued.token()),
                clock.instant());
    }

    private Answer sshKeys(Call call) {
        return Answer.page(
                Page.of(sshKeys.list(call.account()), call.range(), SSH_KEYS)
                        .map(key -> json.sshKey(call.account(), key)));
    }

    private Answer sshKey(Call call) {
        return Answer.ok(
                json.sshKey(call.account(), sshKeys.get(call.account(), call.path("key"))));
    }

    private Answer addSshKey(Call call) {
        String given = AccessRepresentations.publicKey(call.fields());
        return Answer.created(json.sshKey(call.account(), sshKeys.add(call.account(), given)));
    }

    private Answer removeSshKey(Call call) {
        SshKey key = sshKeys.get(call.account(), call.path("key"));
        sshKeys.remove(key);
        return Answer.ok(json.sshKey(call.account(), key));
    }
}
