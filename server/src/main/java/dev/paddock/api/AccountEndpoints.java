package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.Authorization;
import dev.paddock.core.UserError;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The account that asks, and its keys.
final class AccountEndpoints {
    /// Requests an account may make per hour; told to clients, and far above what a person does.
    static final int RATE_LIMIT = 4500;

    private static final List<Page.Key<Authorization>> KEYS =
            List.of(Page.Key.text("id", key -> key.id().toString()));

    private final Accounts accounts;
    private final Representations representations;
    private final InstantSource clock;

    AccountEndpoints(Accounts accounts, Representations representations, InstantSource clock) {
        this.accounts = accounts;
        this.representations = representations;
        this.clock = clock;
    }

    Answer self(Call call) {
        return Answer.ok(representations.account(call.account()));
    }

    Answer user(Call call) {
        return Answer.ok(representations.account(requireSelf(call)));
    }

    Answer update(Call call) {
        Account account = requireSelf(call);
        Optional<String> name = Representations.accountName(call.fields());
        return Answer.ok(
                representations.account(
                        name.isPresent() ? accounts.rename(account, name.get()) : account));
    }

    /// Others are as good as not there: who may use this platform is nobody's business but its operator's.
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
        return Answer.ok(Representations.rateLimit(RATE_LIMIT));
    }

    Answer keys(Call call) {
        return Answer.page(
                Page.of(accounts.authorizations(call.account()), call.range(), KEYS)
                        .map(key -> represent(call, key)));
    }

    Answer key(Call call) {
        return Answer.ok(represent(call, find(call)));
    }

    Answer issue(Call call) {
        Representations.NewKey wanted = Representations.newKey(call.fields());
        Authorization.Issued issued =
                accounts.issue(call.account(), wanted.description(), wanted.life());
        return Answer.created(
                representations.authorization(
                        call.account(),
                        issued.authorization(),
                        Optional.of(issued.token()),
                        clock.instant()));
    }

    Answer revoke(Call call) {
        Authorization key = find(call);
        accounts.revoke(call.account(), key.id());
        return Answer.ok(represent(call, key));
    }

    /// Sessions are of browsers; the CLI asks for them when it logs out, and accepts that there is none.
    Answer noSession(Call call) {
        throw UserError.notFound("session");
    }

    /// `~` is the account's first key, the one that is there from the beginning, not the one in use: logging out
    /// revokes the key in use unless it is `~`.
    private Authorization find(Call call) {
        List<Authorization> keys = accounts.authorizations(call.account());
        String id = call.path("authorization");
        Optional<Authorization> found =
                id.equals("~")
                        ? keys.stream().min(Comparator.comparing(Authorization::createdAt))
                        : keys.stream().filter(key -> key.id().toString().equals(id)).findFirst();
        return found.orElseThrow(() -> UserError.notFound("authorization"));
    }

    /// Keys are stored hashed: only the key that came with the request can be shown.
    private ObjectNode represent(Call call, Authorization key) {
        boolean inUse = key.id().equals(call.authenticated().authorization().id());
        return representations.authorization(
                call.account(),
                key,
                inUse ? Optional.of(call.key()) : Optional.empty(),
                clock.instant());
    }
}
