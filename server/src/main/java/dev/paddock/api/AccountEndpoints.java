package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.RateLimits;
import dev.paddock.apps.Collaborators;
import dev.paddock.core.UserError;
import java.time.InstantSource;
import java.util.Optional;

/// The account that asks.
final class AccountEndpoints {
    private final Accounts accounts;
    private final Collaborators collaborators;
    private final RateLimits limits;
    private final Representations representations;
    private final InstantSource clock;

    AccountEndpoints(
            Accounts accounts,
            Collaborators collaborators,
            RateLimits limits,
            Representations representations,
            InstantSource clock) {
        this.accounts = accounts;
        this.collaborators = collaborators;
        this.limits = limits;
        this.representations = representations;
        this.clock = clock;
    }

    Answer self(Call call) {
        return Answer.ok(representations.account(call.account()));
    }

    Answer user(Call call) {
        Optional<Account> other =
                accounts.find(call.path("user"))
                        .filter(found -> collaborators.acquainted(call.account().id(), found.id()));
        return Answer.ok(representations.account(other.orElseGet(() -> requireSelf(call))));
    }

    Answer update(Call call) {
        Account account = requireSelf(call);
        Optional<String> name = Representations.accountName(call.fields());
        return Answer.ok(
                representations.account(
                        name.isPresent() ? accounts.rename(account, name.get()) : account));
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

    Answer rateLimits(Call call) {
        return Answer.ok(
                Representations.rateLimit(
                        limits.remaining(
                                call.authenticated().authorization().id(), clock.instant())));
    }
}
