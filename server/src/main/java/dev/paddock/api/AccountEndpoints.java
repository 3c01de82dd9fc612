package dev.paddock.api;

import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.RateLimits;
import dev.paddock.apps.Collaborators;
import dev.paddock.core.UserError;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// The account that asks.
final class AccountEndpoints {
    static final String RATE_LIMITS = "/account/rate-limits";

    private final Accounts accounts;
    private final Collaborators collaborators;
    private final RateLimits limits;
    private final InstantSource clock;

    AccountEndpoints(
            Accounts accounts,
            Collaborators collaborators,
            RateLimits limits,
            InstantSource clock) {
        this.accounts = accounts;
        this.collaborators = collaborators;
        this.limits = limits;
        this.clock = clock;
    }

    List<Route> routes() {
        return List.of(
                get("/account", this::self),
                patch("/account", this::update),
                Route.delete("/account", this::delete),
                get(RATE_LIMITS, this::rateLimits),
                get("/users/{user}", this::user),
                patch("/users/{user}", this::update),
                Route.delete("/users/{user}", this::delete));
    }

    private Answer self(Call call) {
        return Answer.ok(AccountRepresentations.account(call.account()));
    }

    private Answer user(Call call) {
        Optional<Account> other =
                accounts.find(call.path("user"))
                        .filter(found -> collaborators.acquainted(call.account().id(), found.id()));
        return Answer.ok(AccountRepresentations.account(other.orElseGet(() -> requireSelf(call))));
    }

    private Answer update(Call call) {
        Account account = requireSelf(call);
        Optional<String> name = AccountRepresentations.accountName(call.fields(), account);
        return Answer.ok(
                AccountRepresentations.account(
                        name.isPresent() ? accounts.rename(account, name.get()) : account));
    }

    private Answer delete(Call call) {
        Account account = requireSelf(call);
        accounts.delete(account);
        return Answer.ok(AccountRepresentations.account(account));
    }

    /// Others who share no app are as good as not there: who may use this platform is its operator's business.
    private static Account requireSelf(Call call, String nameOrId) {
        Account self = call.account();
        if (nameOrId.equals("~")
                || nameOrId.equalsIgnoreCase(self.email())
                || nameOrId.equals(self.id().toString())) {
            return self;
        }
        throw UserError.notFound("user");
    }

    static Account requireSelf(Call call) {
        return requireSelf(call, call.pathIfAny("user").orElse("~"));
    }

    private Answer rateLimits(Call call) {
        return Answer.ok(
                AccountRepresentations.rateLimit(
                        limits.remaining(
                                call.authenticated().authorization().id(), clock.instant())));
    }
}
