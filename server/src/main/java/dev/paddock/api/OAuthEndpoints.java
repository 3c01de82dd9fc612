package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;

import dev.paddock.accounts.Authorization;
import dev.paddock.accounts.OAuthClient;
import dev.paddock.accounts.OAuthClients;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.core.UserError;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// OAuth clients and the tokens they get for grants.
final class OAuthEndpoints {
    private static final List<Page.Key<OAuthClient>> KEYS =
            List.of(Page.Key.text("id", client -> client.id().toString()));

    private final OAuthClients clients;
    private final OAuthGrants grants;

    OAuthEndpoints(OAuthClients clients, OAuthGrants grants) {
        this.clients = clients;
        this.grants = grants;
    }

    List<Route> routes() {
        return List.of(
                get("/oauth/clients", this::list),
                post("/oauth/clients", this::create),
                get("/oauth/clients/{client}", this::info),
                patch("/oauth/clients/{client}", this::update),
                delete("/oauth/clients/{client}", this::remove),
                post("/oauth/clients/{client}/actions/rotate-credentials", this::rotate),
                delete(TokenExchange.PATH + "/{token}", this::revoke));
    }

    private Answer list(Call call) {
        return Answer.page(
                Page.of(clients.list(call.account()), call.range(), KEYS)
                        .map(OAuthRepresentations::client));
    }

    private Answer create(Call call) {
        return Answer.created(
                OAuthRepresentations.client(
                        clients.create(
                                call.account(), OAuthRepresentations.newClient(call.fields()))));
    }

    private Answer info(Call call) {
        return Answer.ok(OAuthRepresentations.client(find(call)));
    }

    private Answer update(Call call) {
        OAuthClient client = find(call);
        return Answer.ok(
                OAuthRepresentations.client(
                        clients.update(
                                client,
                                OAuthRepresentations.changedClient(call.fields(), client))));
    }

    private Answer remove(Call call) {
        OAuthClient client = find(call);
        clients.delete(client);
        return Answer.ok(OAuthRepresentations.client(client));
    }

    private Answer rotate(Call call) {
        return Answer.ok(OAuthRepresentations.client(clients.rotate(find(call))));
    }

    private OAuthClient find(Call call) {
        return clients.get(call.account(), call.path("client"));
    }

    private Answer revoke(Call call) {
        Optional<UUID> id = ReleaseEndpoints.uuid(call.path("token"));
        Authorization ended =
                grants.end(call.account(), id.orElseThrow(() -> UserError.notFound("token")));
        return Answer.ok(OAuthRepresentations.ended(ended));
    }
}
