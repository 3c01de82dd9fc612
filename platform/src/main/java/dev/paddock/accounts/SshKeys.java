package dev.paddock.accounts;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.statement.StatementContext;

/// The SSH keys of accounts; their sole writer. Safe for any thread.
public final class SshKeys {
    private static final int MAX_KEYS = 100;

    private final Database database;
    private final InstantSource clock;

    public SshKeys(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Throws UserError for what is no good key, and for one that an account has already.
    public SshKey add(Account account, String publicKey) {
        SshPublicKey parsed = SshPublicKey.parse(publicKey);
        if (list(account).size() >= MAX_KEYS) {
            throw UserError.invalid(
                    "An account may have " + MAX_KEYS + " SSH keys; remove one first.");
        }
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        SshKey key =
                new SshKey(
                        UUID.randomUUID(),
                        parsed.text(),
                        parsed.comment(),
                        parsed.fingerprint(),
                        now);
        int added =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into ssh_keys values (:id, :account, :key,
                                                  :comment, :fingerprint, :now)
                                                on conflict (fingerprint) do nothing
                                                """)
                                        .bind("id", key.id())
                                        .bind("account", account.id())
                                        .bind("key", key.publicKey())
                                        .bind("comment", key.comment())
                                        .bind("fingerprint", key.fingerprint())
                                        .bind("now", now)
                                        .execute());
        if (added == 0) {
            throw UserError.invalid("Fingerprint is already taken: this key is in use.");
        }
        return key;
    }

    /// Oldest first.
    public List<SshKey> list(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from ssh_keys where account = :account
                                        order by created_at, id
                                        """)
                                .bind("account", account.id())
                                .map(SshKeys::key)
                                .list());
    }

    /// By id or fingerprint; throws UserError.notFound for a key that is not the account's.
    public SshKey get(Account account, String idOrFingerprint) {
        return list(account).stream()
                .filter(key ->
                        key.id().toString().equalsIgnoreCase(idOrFingerprint)
                                || key.fingerprint().equalsIgnoreCase(idOrFingerprint))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("key"));
    }

    public void remove(SshKey key) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from ssh_keys where id = :id")
                                .bind("id", key.id())
                                .execute());
    }

    private static SshKey key(ResultSet row, StatementContext context) throws SQLException {
        return new SshKey(
                row.getObject("id", UUID.class),
                row.getString("public_key"),
                row.getString("comment"),
                row.getString("fingerprint"),
                row.getTimestamp("created_at").toInstant());
    }
}
