package dev.paddock.accounts;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Keys of accounts; their writer, with [OAuthGrants] for those of clients. Safe for any thread.
public final class Authorizations {
    private static final int MAX_DESCRIPTION = 200;

    /// Scripts that make a key per run and forget it are stopped here, not by the disk.
    private static final int MAX_KEYS = 1000;

    private final Database database;
    private final InstantSource clock;
    private final Secrets secrets = new Secrets();
    private final KeyCache cache;

    /// @param accounts forget, with every change of an account, what is known of its keys
    public Authorizations(Database database, InstantSource clock, Accounts accounts) {
        this.database = database;
        this.clock = clock;
        this.cache = accounts.cache();
    }

    /// The key's account; empty for unknown, revoked and expired keys.
    public Optional<Authenticated> authenticate(String token) {
        byte[] hash = Secrets.hash(token);
        String cacheKey = HexFormat.of().formatHex(hash);
        Instant now = clock.instant();
        Optional<Authenticated> known = cache.find(cacheKey, now);
        if (known.isPresent()) {
            return known.filter(found -> valid(found, now));
        }
        long generation = cache.generation();
        Optional<Authenticated> found =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                """
                                                select a.*, k.id key_id, k.account, k.description,
                                                  k.scope, k.session, k.created_at key_created_at,
                                                  k.updated_at key_updated_at, k.expires_at,
                                                  k.client, c.name client_name, c.redirect_uri
                                                from authorizations k join accounts a on a.id = k.account
                                                  left join oauth_clients c on c.id = k.client
                                                where k.token_sha256 = :hash
                                                """)
                                        .bind("hash", hash)
                                        .map((row, _) ->
                                                new Authenticated(
                                                        Accounts.account(row),
                                                        authorization(row, "key_")))
                                        .findOne());
        found.ifPresent(value -> cache.put(cacheKey, value, now, generation));
        return found.filter(value -> valid(value, now));
    }

    /// A key for everything.
    public Authorization.Issued issue(
            Account account, String description, Optional<Duration> life) {
        return issue(account, new Wanted(description, List.of(Scope.GLOBAL), life, false));
    }

    public Authorization.Issued issue(Account account, Wanted wanted) {
        Instant now = now();
        String token = secrets.fresh();
        Authorization authorization =
                new Authorization(
                        UUID.randomUUID(),
                        account.id(),
                        wanted.description(),
                        wanted.scope(),
                        wanted.session(),
                        Optional.empty(),
                        now,
                        now,
                        wanted.life().map(now::plus));
        database.jdbi()
                .useTransaction(handle -> {
                    handle.createUpdate(
                                    """
                                    delete from authorizations
                                    where account = :account and (grant_expires_at <= :now
                                      or (expires_at <= :now and client is null))
                                    """)
                            .bind("account", account.id())
                            .bind("now", now)
                            .execute();
                    handle.createUpdate(
                                    "update accounts set invited = false where id = :id and invited")
                            .bind("id", account.id())
                            .execute();
                    int made =
                            handle.createUpdate(
                                            """
                                            insert into authorizations (id, account, description, scope,
                                              session, token_sha256, created_at, updated_at, expires_at)
                                            select :id, :account, :description, :scope, :session, :hash,
                                              :now, :now, :expires
                                            where (select count(*) from authorizations
                                              where account = :account) < :most
                                            """)
                                    .bind("id", authorization.id())
                                    .bind("account", account.id())
                                    .bind("description", wanted.description())
                                    .bindArray("scope", String.class, words(wanted.scope()))
                                    .bind("session", wanted.session())
                                    .bind("hash", Secrets.hash(token))
                                    .bind("now", now)
                                    .bind("expires", authorization.expiresAt())
                                    .bind("most", MAX_KEYS)
                                    .execute();
                    if (made == 0) {
                        throw UserError.invalid(
                                "An account may have " + MAX_KEYS + " keys; revoke some first.");
                    }
                });
        return new Authorization.Issued(authorization, token);
    }

    /// The account's keys that are still good, newest first.
    public List<Authorization> list(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select k.*, c.name client_name, c.redirect_uri
                                        from authorizations k
                                          left join oauth_clients c on c.id = k.client
                                        where k.account = :account and (k.expires_at is null
                                          or k.expires_at > :now or k.client is not null)
                                        order by k.created_at desc, k.id
                                        """)
                                .bind("account", account.id())
                                .bind("now", clock.instant())
                                .map((row, _) -> authorization(row, ""))
                                .list());
    }

    /// Throws UserError.notFound for a key that is not the account's.
    public Authorization describe(Account account, UUID authorization, String description) {
        check(description);
        change(account, authorization, "description = :value", description);
        return get(account, authorization);
    }

    /// Throws UserError.notFound for a key that is not the account's.
    Authorization get(Account account, UUID authorization) {
        return list(account).stream()
                .filter(key -> key.id().equals(authorization))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("authorization"));
    }

    /// The same authorization with another secret; the one before is worth nothing from now on.
    public Authorization.Issued regenerate(Account account, UUID authorization) {
        String token = secrets.fresh();
        change(account, authorization, "token_sha256 = :value", Secrets.hash(token));
        return new Authorization.Issued(get(account, authorization), token);
    }

    /// Acts at once. Throws UserError.notFound for a key that is not the account's.
    public void revoke(Account account, UUID authorization) {
        int revoked =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                delete from authorizations
                                                where id = :id and account = :account
                                                """)
                                        .bind("id", authorization)
                                        .bind("account", account.id())
                                        .execute());
        cache.clear();
        if (revoked == 0) {
            throw UserError.notFound("authorization");
        }
    }

    /// All keys and sessions of the account.
    public void revokeAll(Account account) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from authorizations where account = :account")
                                .bind("account", account.id())
                                .execute());
        cache.clear();
    }

    private void change(Account account, UUID authorization, String change, Object value) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        "update authorizations set "
                                                + change
                                                + ", updated_at = :now where id = :id and account = :account")
                                .bind("now", now())
                                .bind("value", value)
                                .bind("id", authorization)
                                .bind("account", account.id())
                                .execute());
        cache.clear();
    }

    private static void check(String description) {
        if (description.length() > MAX_DESCRIPTION
                || description.chars().anyMatch(Character::isISOControl)) {
            throw UserError.invalid(
                    "Description must have at most "
                            + MAX_DESCRIPTION
                            + " characters and no control characters.");
        }
    }

    private Instant now() {
        // What the database keeps, so that a value read back equals the one given out.
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static boolean valid(Authenticated found, Instant now) {
        return found.authorization().expiresAt().map(now::isBefore).orElse(true);
    }

    private static List<String> words(List<Scope> scope) {
        return scope.stream().map(Scope::toString).toList();
    }

    private static Authorization authorization(ResultSet row, String prefix) throws SQLException {
        return new Authorization(
                row.getObject(prefix + "id", UUID.class),
                row.getObject("account", UUID.class),
                row.getString("description"),
                Scope.parse(Arrays.asList((String[]) row.getArray("scope").getArray())),
                row.getBoolean("session"),
                client(row),
                row.getTimestamp(prefix + "created_at").toInstant(),
                row.getTimestamp(prefix + "updated_at").toInstant(),
                Optional.ofNullable(row.getTimestamp("expires_at")).map(Timestamp::toInstant));
    }

    private static Optional<Authorization.Client> client(ResultSet row) throws SQLException {
        @Nullable UUID id = row.getObject("client", UUID.class);
        return id == null
                ? Optional.empty()
                : Optional.of(
                        new Authorization.Client(
                                id, row.getString("client_name"), row.getString("redirect_uri")));
    }

    /// Who a key belongs to, and which key it was.
    public record Authenticated(Account account, Authorization authorization) {}

    /// A key to be made.
    ///
    /// @param session whether a login in the browser makes it
    public record Wanted(
            String description, List<Scope> scope, Optional<Duration> life, boolean session) {
        public Wanted {
            check(description);
            if (life.isPresent() && (life.get().isNegative() || life.get().isZero())) {
                throw UserError.invalid("Expires in must be a positive number of seconds.");
            }
            scope = List.copyOf(scope);
        }
    }
}
