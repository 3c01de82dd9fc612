package dev.paddock.accounts;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/// How a client comes to act for a user: the user grants, the client exchanges the grant's code once for a token and a
/// refresh token, and that one for other tokens. Writes what authorizations of clients have more than others. Safe for
/// any thread.
public final class OAuthGrants {
    /// A code travels from the user's browser to the client at once.
    public static final Duration CODE_LIFE = Duration.ofMinutes(5);

    public static final Duration TOKEN_LIFE = Duration.ofHours(8);

    private final Database database;
    private final InstantSource clock;
    private final Authorizations authorizations;
    private final OAuthClients clients;
    private final KeyCache cache;
    private final Secrets secrets = new Secrets();

    /// @param accounts forget, with every exchange, what is known of keys
    public OAuthGrants(
            Database database,
            InstantSource clock,
            Accounts accounts,
            Authorizations authorizations,
            OAuthClients clients) {
        this.database = database;
        this.clock = clock;
        this.authorizations = authorizations;
        this.clients = clients;
        this.cache = accounts.cache();
    }

    /// An authorization without a token yet.
    public Granted begin(Account user, UUID client, Authorizations.Wanted wanted) {
        if (clients.find(client).isEmpty()) {
            throw OAuthClients.unknown();
        }
        String code = secrets.fresh();
        UUID id = authorizations.issue(user, wanted).authorization().id();
        int granted =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update authorizations
                                                set client = c.id, grant_sha256 = :code,
                                                  grant_expires_at = :until, token_sha256 = :nobodys
                                                from oauth_clients c
                                                where authorizations.id = :id and c.id = :client
                                                """)
                                        .bind("id", id)
                                        .bind("client", client)
                                        .bind("code", Secrets.hash(code))
                                        .bind("until", now().plus(CODE_LIFE))
                                        .bind("nobodys", Secrets.hash(secrets.fresh()))
                                        .execute());
        if (granted == 0) {
            authorizations.revoke(user, id);
            throw OAuthClients.unknown();
        }
        return new Granted(authorizations.get(user, id), code);
    }

    /// What a code is worth, once. Throws UserError for an unknown, used or old code and for a secret of another client.
    public Tokens exchange(String code, String secret) {
        Row row =
                find("grant_sha256", code)
                        .filter(found -> found.secretIs(secret))
                        .orElseThrow(() -> refused("code"));
        String token = secrets.fresh();
        String refresh = secrets.fresh();
        int exchanged =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update authorizations
                                                set grant_sha256 = null, grant_expires_at = null,
                                                  token_sha256 = :token, refresh_sha256 = :refresh,
                                                  expires_at = :expires, updated_at = :now
                                                where id = :id and grant_sha256 = :code
                                                  and grant_expires_at > :now
                                                """)
                                        .bind("id", row.authorization())
                                        .bind("code", Secrets.hash(code))
                                        .bind("token", Secrets.hash(token))
                                        .bind("refresh", Secrets.hash(refresh))
                                        .bind("expires", now().plus(TOKEN_LIFE))
                                        .bind("now", now())
                                        .execute());
        cache.clear();
        if (exchanged == 0) {
            throw refused("code");
        }
        return new Tokens(row.authorization(), row.user(), now(), token, refresh);
    }

    /// Another token; the one before is worth nothing from now on.
    public Tokens refresh(String refresh, String secret) {
        Row row =
                find("refresh_sha256", refresh)
                        .filter(found -> found.secretIs(secret))
                        .orElseThrow(() -> refused("refresh token"));
        String token = secrets.fresh();
        int refreshed =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update authorizations
                                                set token_sha256 = :token, expires_at = :expires,
                                                  updated_at = :now
                                                where id = :id and refresh_sha256 = :refresh
                                                """)
                                        .bind("id", row.authorization())
                                        .bind("refresh", Secrets.hash(refresh))
                                        .bind("token", Secrets.hash(token))
                                        .bind("expires", now().plus(TOKEN_LIFE))
                                        .bind("now", now())
                                        .execute());
        cache.clear();
        if (refreshed == 0) {
            throw refused("refresh token");
        }
        return new Tokens(row.authorization(), row.user(), now(), token, refresh);
    }

    /// Ends the token of a client at once; its refresh token stays good. Throws UserError.notFound for a token of nobody
    /// or of somebody else.
    public Authorization end(Account user, UUID id) {
        int ended =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update authorizations
                                                set token_sha256 = :nobodys, expires_at = :now,
                                                  updated_at = :now
                                                where id = :id and account = :account
                                                  and refresh_sha256 is not null
                                                """)
                                        .bind("id", id)
                                        .bind("account", user.id())
                                        .bind("nobodys", Secrets.hash(secrets.fresh()))
                                        .bind("now", now())
                                        .execute());
        cache.clear();
        if (ended == 0) {
            throw UserError.notFound("token");
        }
        return authorizations.get(user, id);
    }

    private static UserError refused(String what) {
        return new UserError(
                "unauthorized",
                "The "
                        + what
                        + " is unknown, used or expired, or the secret is of another client.");
    }

    private Optional<Row> find(String column, String given) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select id, account, client from authorizations where "
                                                + column
                                                + " = :hash")
                                .bind("hash", Secrets.hash(given))
                                .map((row, _) ->
                                        new Row(
                                                row.getObject("id", UUID.class),
                                                row.getObject("account", UUID.class),
                                                clients.find(row.getObject("client", UUID.class))
                                                        .map(OAuthClient::secret)
                                                        .orElse("")))
                                .findOne());
    }

    private Instant now() {
        // What the database keeps, so that a value read back equals the one given out.
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private record Row(UUID authorization, UUID user, String secret) {
        boolean secretIs(String given) {
            return !secret.isEmpty()
                    && MessageDigest.isEqual(
                            secret.getBytes(StandardCharsets.UTF_8),
                            given.getBytes(StandardCharsets.UTF_8));
        }
    }

    /// A grant just made: the only moment its code is known.
    public record Granted(Authorization authorization, String code) {
        @Override
        public String toString() {
            return "Granted[" + authorization.id() + "]";
        }
    }

    /// What a client has to act for a user.
    public record Tokens(
            UUID authorization, UUID user, Instant at, String token, String refreshToken) {
        @Override
        public String toString() {
            return "Tokens[" + authorization + "]";
        }
    }
}
