package dev.paddock.accounts;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/// Accounts; their sole writer. The first one is the operator's. Safe for any thread.
public final class Accounts {
    private static final int MAX_NAME = 100;
    private static final Pattern EMAIL =
            Pattern.compile("[^@\\s\\p{Cntrl}]{1,64}@[^@\\s\\p{Cntrl}]{1,189}");

    private final Database database;
    private final InstantSource clock;
    private final KeyCache cache = new KeyCache();

    public Accounts(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Makes an account; e-mail addresses are unique without regard to case. Somebody who was invited gets the account
    /// that waits for them.
    public Account create(String email, String name) {
        check(email, name);
        if (insert(email, name, false) == 0 && accept(email, name) == 0) {
            throw UserError.invalid("Email " + email + " is already taken.");
        }
        return find(email).orElseThrow();
    }

    /// The account of this address; one that waits for the operator to give it a key where there is none.
    public Account invite(String email) {
        check(email, "");
        insert(email, "", true);
        return find(email).orElseThrow();
    }

    /// Takes an invitation back unless somebody uses the account or something is left that names it.
    public void uninvite(Account account) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        delete from accounts a where id = :id and invited
                                          and not exists (
                                            select 1 from collaborators where account = a.id)
                                          and not exists (select 1 from apps where owner = a.id)
                                        """)
                                .bind("id", account.id())
                                .execute());
    }

    private int insert(String email, String name, boolean invited) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createUpdate(
                                        """
                                        insert into accounts (id, email, name, operator, invited,
                                          created_at, updated_at)
                                        values (:id, :email, :name,
                                          not exists (select 1 from accounts), :invited, :now, :now)
                                        on conflict do nothing
                                        """)
                                .bind("id", UUID.randomUUID())
                                .bind("email", email)
                                .bind("name", name)
                                .bind("invited", invited)
                                .bind("now", now())
                                .execute());
    }

    private int accept(String email, String name) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update accounts set invited = false, name = :name,
                                          updated_at = :now
                                        where lower(email) = lower(:email) and invited
                                        """)
                                .bind("email", email)
                                .bind("name", name)
                                .bind("now", now())
                                .execute());
    }

    /// Changes the name a person is shown by; the e-mail address stays.
    public Account rename(Account account, String name) {
        check(account.email(), name);
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update accounts set name = :name, updated_at = :now
                                        where id = :id
                                        """)
                                .bind("name", name)
                                .bind("now", now())
                                .bind("id", account.id())
                                .execute());
        cache.clear();
        return find(account.id().toString()).orElseThrow(() -> UserError.notFound("user"));
    }

    /// Deletes an account that nothing is left of but itself, with its keys and its access to apps of others. Throws
    /// UserError while it owns something, and for the operator's.
    public void delete(Account account) {
        int deleted =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                delete from accounts a where id = :id and not operator
                                                  and not exists (select 1 from apps where owner = a.id)
                                                  and not exists (
                                                    select 1 from pipelines where owner = a.id)
                                                """)
                                        .bind("id", account.id())
                                        .execute());
        cache.clear();
        if (deleted == 0) {
            throw UserError.invalid(
                    account.operator()
                            ? "The operator's account cannot be deleted."
                            : "An account that owns apps or pipelines cannot be deleted: destroy or transfer them first.");
        }
    }

    public List<Account> all() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from accounts order by email")
                                .map((row, _) -> account(row))
                                .list());
    }

    /// The account that the first start made; empty before it did.
    public Optional<Account> operator() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select * from accounts where operator order by created_at, id limit 1")
                                .map((row, _) -> account(row))
                                .findOne());
    }

    /// By id or e-mail.
    public Optional<Account> find(String idOrEmail) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from accounts
                                        where id::text = lower(:key) or lower(email) = lower(:key)
                                        """)
                                .bind("key", idOrEmail.replace("\0", ""))
                                .map((row, _) -> account(row))
                                .findOne());
    }

    private static void check(String email, String name) {
        if (!EMAIL.matcher(email).matches()) {
            throw UserError.invalid("Email is not valid: give an address like you@example.com.");
        }
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

    KeyCache cache() {
        return cache;
    }

    static Account account(ResultSet row) throws SQLException {
        return new Account(
                row.getObject("id", UUID.class),
                row.getString("email"),
                row.getString("name"),
                row.getBoolean("operator"),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
