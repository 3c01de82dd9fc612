package dev.paddock.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.paddock.core.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;

/// The connection pool to PostgreSQL, migrated to the newest schema, and the vault for the secrets in it. Safe for any
/// thread.
public final class Database implements AutoCloseable {
    /// The platform's transactions are short; more connections would only queue inside PostgreSQL.
    private static final int MAX_CONNECTIONS = 10;

    private static final Duration CONNECTION_LIMIT = Duration.ofSeconds(5);
    private static final Duration OPEN_LIMIT = Duration.ofSeconds(15);
    private static final Duration STATEMENT_LIMIT = Duration.ofSeconds(60);

    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final Vault vault;

    private Database(HikariDataSource pool, Path key) {
        this.pool = pool;
        this.jdbi = Jdbi.create(() -> connection(pool));
        jdbi.installPlugin(new Values());
        this.vault = vault(jdbi, key);
    }

    /// Connects, waiting up to a few seconds for the server, and migrates.
    ///
    /// @param key the file with the vault's key; made for a database in which nothing was sealed yet
    public static Database open(DatabaseAddress address, Path key) {
        HikariDataSource pool = migrated(address);
        try {
            return new Database(pool, key);
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
    }

    /// Brings a database that others will open to the newest schema.
    public static void migrate(DatabaseAddress address) {
        migrated(address).close();
    }

    /// Gives an empty database the schema that an earlier version had.
    static void migrate(DatabaseAddress address, int version) {
        try (HikariDataSource pool = pool(address)) {
            Migrations.applyUpTo(pool, version);
        }
    }

    private static HikariDataSource migrated(DatabaseAddress address) {
        HikariDataSource pool = pool(address);
        try {
            Migrations.apply(pool);
            return pool;
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
    }

    private static HikariDataSource pool(DatabaseAddress address) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("database");
        config.setJdbcUrl(address.jdbcUrl());
        config.setDataSourceProperties(address.properties(STATEMENT_LIMIT));
        config.setMaximumPoolSize(MAX_CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECTION_LIMIT.toMillis());
        config.setInitializationFailTimeout(OPEN_LIMIT.toMillis());
        return new HikariDataSource(config);
    }

    /// A key is never made anew for a database that has had one: what it sealed would be lost without a word.
    private static Vault vault(Jdbi jdbi, Path file) {
        return jdbi.inTransaction(handle -> {
            Optional<byte[]> known =
                    handle.createQuery("select key_fingerprint from vault")
                            .mapTo(byte[].class)
                            .findOne();
            Vault opened =
                    known.isEmpty() && !Files.exists(file) ? Vault.create(file) : Vault.read(file);
            if (known.isEmpty()) {
                handle.execute("insert into vault values (?)", opened.fingerprint());
            } else if (!Arrays.equals(known.get(), opened.fingerprint())) {
                throw new UserError(
                        "unavailable",
                        "The key in %s is not the one that sealed the config vars in this database. Put back the file that belongs to this data."
                                .formatted(file));
            }
            return opened;
        });
    }

    public Jdbi jdbi() {
        return jdbi;
    }

    /// Names what is committed at this moment: while the name is the same, so is the answer to every query. Transactions
    /// of others on the same server may change it too.
    public String moment() {
        return jdbi.withHandle(handle ->
                handle.createQuery("select pg_current_snapshot()::text").mapTo(String.class).one());
    }

    /// Seals what must not be readable in the database.
    public Vault vault() {
        return vault;
    }

    @Override
    public void close() {
        pool.close();
    }

    private static Connection connection(HikariDataSource pool) throws SQLException {
        try {
            return pool.getConnection();
        } catch (SQLTransientConnectionException e) {
            UserError unavailable =
                    new UserError(
                            "unavailable",
                            "The platform's database did not answer within "
                                    + CONNECTION_LIMIT.toSeconds()
                                    + " seconds. Apps go on running; try again shortly.");
            unavailable.initCause(e);
            throw unavailable;
        }
    }
}
