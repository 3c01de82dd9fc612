package dev.paddock.api;

import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.post;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.Authorizations;
import dev.paddock.core.UserError;
import java.util.List;
import java.util.Optional;

/// Users of the platform, for its operator; what `paddock users` calls.
final class UserEndpoints {
    private static final String FIRST_KEY = "First key";

    private final Accounts accounts;
    private final Authorizations authorizations;
    private final AccessRepresentations json;

    UserEndpoints(Accounts accounts, Authorizations authorizations, AccessRepresentations json) {
        this.accounts = accounts;
        this.authorizations = authorizations;
        this.json = json;
    }

    List<Route> routes() {
        return List.of(
                get("/paddock/users", this::list),
                post("/paddock/users", this::add),
                post("/paddock/users/{user}/actions/reset-key", this::resetKey));
    }

    private Answer list(Call call) {
        requireOperator(call);
        return Answer.list(accounts.all().stream().map(json::user).toList());
    }

    private Answer add(Call call) {
        requireOperator(call);
        var wanted = AccessRepresentations.newUser(call.fields());
        Account account = accounts.create(wanted.email(), wanted.name());
        return Answer.created(json.user(account, newKey(account)));
    }

    /// Every key and session before it is worth nothing from now on.
    private Answer resetKey(Call call) {
        requireOperator(call);
        Account account =
                accounts.find(call.path("user")).orElseThrow(() -> UserError.notFound("user"));
        authorizations.revokeAll(account);
        return Answer.ok(json.user(account, newKey(account)));
    }

    private String newKey(Account account) {
        return authorizations.issue(account, FIRST_KEY, Optional.empty()).token();
    }

    private static void requireOperator(Call call) {
        if (!call.account().operator()) {
            throw new UserError("forbidden", "Only the operator of the platform can do that.");
        }
    }
}
