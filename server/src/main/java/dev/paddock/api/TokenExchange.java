package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.AuditLog;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.accounts.RateLimits;
import dev.paddock.core.Actor;
import dev.paddock.core.UserError;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;

/// `POST /oauth/tokens`. A client's secret and what it gives are the authorization there, for it has no key of the
/// platform yet; so tries that fail are counted by the address they come from. Safe for any thread.
final class TokenExchange {
    static final String PATH = "/oauth/tokens";

    /// More than a program with an old secret makes, and nothing to somebody who guesses 128 bits and more.
    static final int FAILED_PER_HOUR = 100;

    private static final Actor NOBODY = new Actor(new UUID(0, 0), "-");

    private final ApiServer.Access access;
    private final OAuthGrants grants;
    private final InstantSource clock;
    private final RateLimits failed = new RateLimits(FAILED_PER_HOUR);

    TokenExchange(ApiServer.Access access, InstantSource clock) {
        this.access = access;
        this.grants = access.grants();
        this.clock = clock;
    }

    /// Throws UserError.
    Answer answer(Context http) {
        Instant now = clock.instant();
        UUID from = UUID.nameUUIDFromBytes(http.ip().getBytes(StandardCharsets.UTF_8));
        if (failed.remaining(from, now) == 0) {
            throw new UserError(
                    "rate_limit",
                    "%d tries from this address have failed within an hour, which is the limit. Go on a few minutes later, with the code and the secret that belong together."
                            .formatted(FAILED_PER_HOUR));
        }
        OAuthRepresentations.Exchange wanted = OAuthRepresentations.exchange(Call.fields(http));
        try {
            OAuthGrants.Tokens tokens =
                    wanted.isRefresh()
                            ? grants.refresh(wanted.given(), wanted.secret())
                            : grants.exchange(wanted.given(), wanted.secret());
            record(http, now, user(tokens.user()), tokens.authorization().toString(), "201");
            return Answer.created(OAuthRepresentations.tokens(tokens, wanted));
        } catch (UserError refused) {
            var _ = failed.take(from, now);
            record(
                    http,
                    now,
                    NOBODY,
                    "-",
                    "%d from %s".formatted(ApiErrors.status(refused.id()), http.ip()));
            throw refused;
        }
    }

    private Actor user(UUID id) {
        return access.accounts().find(id.toString()).map(Account::actor).orElse(NOBODY);
    }

    private void record(Context http, Instant at, Actor user, String key, String outcome) {
        access.audit()
                .record(
                        new AuditLog.Entry(
                                at,
                                user,
                                key,
                                String.valueOf(http.res().getHeader(HttpPort.REQUEST_ID)),
                                "POST %s %s".formatted(PATH, outcome)));
    }
}
