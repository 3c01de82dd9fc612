package dev.paddock.accounts;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jdbi.v3.core.statement.StatementContext;

/// Accounts and keys; the sole writer of both. Keys are 160 random bits, stored as SHA-256. Safe for any thread.
public final class Accounts {
    private static final int KEY_BYTES = 20;

    /// Tells a person (and a secret scanner) what the string is good for.
    private static final String KEY_PREFIX = "paddock-";

    private static final int MAX_NAME = 100;
    private static final int MAX_DESCRIPTION = 200;
    private static final Pattern EMAIL =
            Pattern.compile("[^@\\s\\p{Cntrl}]{1,64}@[^@\\s\\p{Cntrl}]{1,189}");
    private static final List<String> GLOBAL_SCOPE = List.of("global");

    private final Database database;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final KeyCache cache = new KeyCache();

    public Accounts(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Makes an account; e-mail addresses are unique without regard to case.
    public Account create(String email, String name) {
        if (!EMAIL.matcher(email).matches()) {
            throw UserError.invalid("Email is not valid: give an address like you@example.com.");
        }
        check(name);
        Instant now = now();
        Account account = new Account(UUID.randomUUID(), email, name, now, now);
        int made =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into accounts
                                                values (:id, :email, :name, :now, :now)
                                                on conflict do nothing
                                                """)
                                        .bind("id", account.id())
                                        .bind("email", email)
                                        .bind("name", name)
                                        .bind("now", now)
                                        .execute());
        if (made == 0) {
            throw UserError.invalid("Email " + email + " is already taken.");
        }
        return account;
    }

    /// Changes the name a person is shown by; the e-mail address stays.
    public Account rename(Account account, String name) {
        check(name);
        Instant now = now();
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update accounts set name = :name, updated_at = :now
                                        where id = :id
                                        """)
                                .bind("name", name)
                                .bind("now", now)
                                .bind("id", account.id())
                                .execute());
        cache.clear();
        return new Account(account.id(), account.email(), name, account.createdAt(), now);
    }

    public List<Account> all() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from accounts order by email")
                                .map(Accounts::account)
                                .list());
    }

    /// The account that the first start made; empty before it did.
    public Optional<Account> operator() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from accounts order by created_at, id limit 1")
                                .map(Accounts::account)
                                .findOne());
    }

    /// By id, e-mail or `~` (which is `self`).
    public Optional<Account> find(String idOrEmail, Account self) {
        if (idOrEmail.equals("~")) {
            return Optional.of(self);
        }
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from accounts
                                        where id::text = lower(:key) or lower(email) = lower(:key)
                                        """)
                                .bind("key", idOrEmail.replace("\0", ""))
                                .map(Accounts::account)
                                .findOne());
    }

    /// The key's account; empty for unknown, revoked and expired keys.
    public Optional<Authenticated> authenticate(String token) {
        byte[] hash = hash(token);
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
                                                  k.scope, k.created_at key_created_at,
                                                  k.updated_at key_updated_at, k.expires_at
                                                from authorizations k join accounts a on a.id = k.account
                                                where k.token_sha256 = :hash
                                                """)
                                        .bind("hash", hash)
                                        .map((row, context) ->
                                                new Authenticated(
                                                        account(row, context),
                                                        authorization(row, "key_")))
                                        .findOne());
        found.ifPresent(value -> cache.put(cacheKey, value, now, generation));
        return found.filter(value -> valid(value, now));
    }

    public Authorization.Issued issue(
            Account account, String description, Optional<Duration> life) {
        if (description.length() > MAX_DESCRIPTION || description.indexOf('\0') >= 0) {
            throw UserError.invalid(
                    "Description must have at most " + MAX_DESCRIPTION + " characters.");
        }
        if (life.isPresent() && (life.get().isNegative() || life.get().isZero())) {
            throw UserError.invalid("Expires in must be a positive number of seconds.");
        }
        Instant now = now();
        String token = newToken();
        Authorization authorization =
                new Authorization(
                        UUID.randomUUID(),
                        account.id(),
                        description,
                        GLOBAL_SCOPE,
                        now,
                        now,
                        life.map(now::plus));
        database.jdbi()
                .useHandle(handle -> {
                    handle.createUpdate(
                                    """
                                    delete from authorizations
                                    where account = :account and expires_at <= :now
                                    """)
                            .bind("account", account.id())
                            .bind("now", now)
                            .execute();
                    handle.createUpdate(
                                    """
                                    insert into authorizations values (:id, :account, :description,
                                      :scope, :hash, :now, :now, :expires)
                                    """)
                            .bind("id", authorization.id())
                            .bind("account", account.id())
                            .bind("description", description)
                            .bindArray("scope", String.class, GLOBAL_SCOPE)
                            .bind("hash", hash(token))
                            .bind("now", now)
                            .bind("expires", authorization.expiresAt())
                            .execute();
                });
        return new Authorization.Issued(authorization, token);
    }

    /// The account's keys that are still good, newest first.
    public List<Authorization> authorizations(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from authorizations
                                        where account = :account
                                          and (expires_at is null or expires_at > :now)
                                        order by created_at desc, id
                                        """)
                                .bind("account", account.id())
                                .bind("now", clock.instant())
                                .map((row, _) -> authorization(row, ""))
                                .list());
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

    private static void check(String name) {
        if (name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw UserError.invalid(
                    "Name must have at most "
                            + MAX_NAME
                            + " characters and no control characters.");
        }
    }

    private Instant now() {
        // What the database keeps, so that a value read back equals the one given out.
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private String newToken() {
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        return KEY_PREFIX + HexFormat.of().formatHex(key);
    }

    private static boolean valid(Authenticated found, Instant now) {
        return found.authorization().expiresAt().map(now::isBefore).orElse(true);
    }

    private static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    private static Account account(ResultSet row, StatementContext context) throws SQLException {
        return new Account(
                row.getObject("id", UUID.class),
                row.getString("email"),
                row.getString("name"),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    private static Authorization authorization(ResultSet row, String prefix) throws SQLException {
        return new Authorization(
                row.getObject(prefix + "id", UUID.class),
                row.getObject("account", UUID.class),
                row.getString("description"),
                List.of((String[]) row.getArray("scope").getArray()),
                row.getTimestamp(prefix + "created_at").toInstant(),
                row.getTimestamp(prefix + "updated_at").toInstant(),
                Optional.ofNullable(row.getTimestamp("expires_at"))
                        .map(java.sql.Timestamp::toInstant));
    }

    /// Who a key belongs to, and which key it was.
    public record Authenticated(Account account, Authorization authorization) {}
}
