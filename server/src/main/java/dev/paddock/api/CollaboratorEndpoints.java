package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.AppTransfer;
import dev.paddock.apps.AppTransfers;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Collaborator;
import dev.paddock.apps.Collaborators;
import dev.paddock.apps.Permission;
import dev.paddock.core.App;
import dev.paddock.core.UserError;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Who else may work on an app, and handing it over.
final class CollaboratorEndpoints {
    private static final List<Page.Key<Collaborator>> COLLABORATOR_KEYS =
            List.of(
                    Page.Key.text("email", one -> one.user().email()),
                    Page.Key.text("id", one -> one.id().toString()));
    private static final List<Page.Key<AppTransfer>> TRANSFER_KEYS =
            List.of(Page.Key.text("id", transfer -> transfer.id().toString()));

    private final Accounts accounts;
    private final Apps apps;
    private final Collaborators collaborators;
    private final AppTransfers transfers;
    private final AccessRepresentations json;

    CollaboratorEndpoints(
            Accounts accounts,
            Apps apps,
            Collaborators collaborators,
            AppTransfers transfers,
            AccessRepresentations json) {
        this.accounts = accounts;
        this.apps = apps;
        this.collaborators = collaborators;
        this.transfers = transfers;
        this.json = json;
    }

    /// Apps have no teams here; clients that know teams only find the same under their paths.
    List<Route> routes() {
        return Stream.concat(
                        Stream.of("/apps/{app}/collaborators", "/teams/apps/{app}/collaborators")
                                .flatMap(this::routesBelow),
                        Stream.of(
                                get("/teams", this::teams),
                                get("/teams/permissions", this::permissions),
                                get("/teams/{team}", this::noTeam),
                                post("/account/app-transfers", this::offer),
                                get("/account/app-transfers", this::transfers),
                                get("/account/app-transfers/{transfer}", this::transfer),
                                patch("/account/app-transfers/{transfer}", this::answer),
                                delete("/account/app-transfers/{transfer}", this::withdraw)))
                .toList();
    }

    private Stream<Route> routesBelow(String path) {
        return Stream.of(
                post(path, this::add),
                get(path, this::list),
                get(path + "/{collaborator}", this::info),
                patch(path + "/{collaborator}", this::change),
                delete(path + "/{collaborator}", this::remove));
    }

    private Answer list(Call call) {
        App app = view(call);
        return Answer.page(
                Page.of(collaborators.list(app), call.range(), COLLABORATOR_KEYS)
                        .map(one -> json.collaborator(app, one)));
    }

    private Answer info(Call call) {
        App app = view(call);
        return Answer.ok(json.collaborator(app, find(call, app)));
    }

    /// Somebody who is not known yet gets an account, to which the operator can give a key.
    private Answer add(Call call) {
        App app = manage(call);
        var wanted = AccessRepresentations.newCollaborator(call.fields());
        Optional<Account> known = accounts.find(wanted.user());
        if (known.isEmpty() && wanted.user().indexOf('@') < 0) {
            throw UserError.notFound("user");
        }
        Account user = known.orElseGet(() -> accounts.invite(wanted.user()));
        return Answer.created(
                json.collaborator(app, collaborators.add(app, user, wanted.permissions())));
    }

    private Answer change(Call call) {
        App app = manage(call);
        Collaborator one = find(call, app);
        Set<Permission> permissions = AccessRepresentations.permissions(call.fields());
        return Answer.ok(json.collaborator(app, collaborators.change(app, one, permissions)));
    }

    /// Everybody may leave by themselves.
    private Answer remove(Call call) {
        App app = view(call);
        Collaborator one = find(call, app);
        if (!one.user().id().equals(call.account().id())) {
            apps.require(call.account(), app, Set.of(Permission.MANAGE));
        }
        collaborators.remove(one);
        accounts.find(one.user().id().toString()).ifPresent(accounts::uninvite);
        return Answer.ok(json.collaborator(app, one));
    }

    private App view(Call call) {
        return apps.get(call.account(), call.path("app"));
    }

    private App manage(Call call) {
        return apps.get(call.account(), call.path("app"), Set.of(Permission.MANAGE));
    }

    private Collaborator find(Call call, App app) {
        return collaborators.get(app, call.path("collaborator"));
    }

    private Answer permissions(Call call) {
        return Answer.list(Stream.of(Permission.values()).map(json::permission).toList());
    }

    private Answer teams(Call call) {
        return Answer.list(List.of());
    }

    private Answer noTeam(Call call) {
        throw UserError.notFound("team");
    }

    private Answer offer(Call call) {
        var wanted = AccessRepresentations.newTransfer(call.fields());
        App app = apps.get(call.account(), wanted.app());
        if (!app.owner().id().equals(call.account().id())) {
            throw new UserError("forbidden", "Only the owner of an app can transfer it.", "app");
        }
        Account recipient =
                accounts.find(wanted.recipient()).orElseThrow(() -> UserError.notFound("user"));
        return Answer.created(json.transfer(transfers.offer(app, call.account(), recipient)));
    }

    private Answer transfers(Call call) {
        return Answer.page(
                Page.of(transfers.list(call.account()), call.range(), TRANSFER_KEYS)
                        .map(json::transfer));
    }

    private Answer transfer(Call call) {
        return Answer.ok(json.transfer(findTransfer(call)));
    }

    private Answer answer(Call call) {
        AppTransfer offered = findTransfer(call);
        boolean accepted = AccessRepresentations.accepts(call.fields());
        return Answer.ok(json.transfer(transfers.answer(offered, call.account(), accepted)));
    }

    private Answer withdraw(Call call) {
        AppTransfer offered = findTransfer(call);
        transfers.withdraw(offered, call.account());
        return Answer.ok(json.transfer(offered));
    }

    private AppTransfer findTransfer(Call call) {
        return transfers.get(call.account(), call.path("transfer"));
    }
}
