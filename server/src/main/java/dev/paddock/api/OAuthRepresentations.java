package dev.paddock.api;

import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.accounts.Authorization;
import dev.paddock.accounts.OAuthClient;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.core.UserError;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of OAuth clients, of the grants that users give them, and of their tokens.
final class OAuthRepresentations {
    private OAuthRepresentations() {}

    static ObjectNode client(OAuthClient client) {
        return object().put("id", client.id().toString())
                .put("name", client.name())
                .put("redirect_uri", client.redirectUri())
                .put("secret", client.secret())
                .put("ignores_delinquent", (Boolean) null)
                .put("created_at", date(client.createdAt()))
                .put("updated_at", date(client.updatedAt()));
    }

    static OAuthClient.Wanted newClient(Fields fields) {
        return new OAuthClient.Wanted(
                fields.requiredText("name"), fields.requiredText("redirect_uri"));
    }

    static OAuthClient.Wanted changedClient(Fields fields, OAuthClient client) {
        return new OAuthClient.Wanted(
                fields.text("name").orElse(client.name()),
                fields.text("redirect_uri").orElse(client.redirectUri()));
    }

    /// The client that an authorization is for; a string or an object with its id.
    static Optional<UUID> grantedClient(Fields fields) {
        return fields.identity("client")
                .map(id ->
                        ReleaseEndpoints.uuid(id)
                                .orElseThrow(() ->
                                        new UserError(
                                                "not_found",
                                                "Couldn't find that OAuth client.",
                                                "client")));
    }

    static ObjectNode client(Authorization.Client client) {
        return object().put("id", client.id().toString())
                .put("name", client.name())
                .put("redirect_uri", client.redirectUri());
    }

    /// @param authorization of the user who grants
    static ObjectNode grant(ObjectNode authorization, OAuthGrants.Granted granted) {
        authorization
                .putObject("grant")
                .put("id", granted.authorization().id().toString())
                .put("code", granted.code())
                .put("expires_in", OAuthGrants.CODE_LIFE.toSeconds());
        return authorization;
    }

    /// What a client gives for tokens.
    record Exchange(String secret, String type, String given) {
        boolean isRefresh() {
            return type.equals(REFRESH);
        }

        private static final String REFRESH = "refresh_token";
    }

    static Exchange exchange(Fields fields) {
        Fields grant = required(fields, "grant");
        String type = grant.text("type").orElse("authorization_code");
        String secret = required(fields, "client").requiredText("secret");
        return switch (type) {
            case "authorization_code" -> new Exchange(secret, type, grant.requiredText("code"));
            case Exchange.REFRESH ->
                    new Exchange(
                            secret, type, required(fields, "refresh_token").requiredText("token"));
            case String other ->
                    throw UserError.invalid(
                            "The field `grant.type` must be authorization_code or refresh_token.");
        };
    }

    private static Fields required(Fields fields, String name) {
        return fields.object(name)
                .orElseThrow(() -> UserError.invalid("The field `" + name + "` is missing."));
    }

    /// A token that is worth nothing any more; its secrets are known to its client alone.
    static ObjectNode ended(Authorization authorization) {
        String id = authorization.id().toString();
        ObjectNode json =
                object().put("id", id)
                        .put("created_at", date(authorization.createdAt()))
                        .put("updated_at", date(authorization.updatedAt()));
        json.putObject("access_token").put("id", id).put("token", "").put("expires_in", 0);
        json.putObject("refresh_token")
                .put("id", id)
                .put("token", "")
                .put("expires_in", (Long) null);
        json.putObject("authorization").put("id", id);
        json.putObject("session").put("id", id);
        json.putObject("user").put("id", authorization.account().toString());
        json.putNull("client");
        json.putObject("grant").put("type", "authorization_code").put("code", "");
        return json;
    }

    static ObjectNode tokens(OAuthGrants.Tokens tokens, Exchange exchange) {
        String id = tokens.authorization().toString();
        ObjectNode json = object().put("id", id);
        json.put("created_at", date(tokens.at())).put("updated_at", date(tokens.at()));
        json.putObject("access_token")
                .put("id", id)
                .put("token", tokens.token())
                .put("expires_in", OAuthGrants.TOKEN_LIFE.toSeconds());
        json.putObject("refresh_token")
                .put("id", id)
                .put("token", tokens.refreshToken())
                .put("expires_in", (Long) null);
        json.putObject("authorization").put("id", id);
        json.putObject("session").put("id", id);
        json.putObject("user").put("id", tokens.user().toString());
        json.putObject("client").put("secret", exchange.secret());
        json.putObject("grant")
                .put("type", exchange.type())
                .put("code", exchange.isRefresh() ? "" : exchange.given());
        return json;
    }
}
