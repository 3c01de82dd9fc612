package dev.paddock.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.paddock.core.UserError;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import org.jdbi.v3.core.Jdbi;

/// The connection pool to PostgreSQL, migrated to the newest schema. Safe for any thread.
public final class Database implements AutoCloseable {
    /// The platform's transactions are short; more connections would only queue inside PostgreSQL.
    private static final int MAX_CONNECTIONS = 10;

    private static final Duration CONNECTION_LIMIT = Duration.ofSeconds(5);
    private static final Duration OPEN_LIMIT = Duration.ofSeconds(15);
    private static final int STATEMENT_LIMIT_SECONDS = 60;

    private final HikariDataSource pool;
    private final Jdbi jdbi;

    private Database(HikariDataSource pool) {
        this.pool = pool;
        this.jdbi = Jdbi.create(this::connection);
        jdbi.installPlugin(new Values());
    }

    /// Connects, waiting up to a few seconds for the server, and migrates.
    public static Database open(String jdbcUrl, String user, String password) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("database");
        config.setJdbcUrl(jdbcUrl);
        config.setUsername(user);
        config.setPassword(password);
        config.setMaximumPoolSize(MAX_CONNECTIONS);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(CONNECTION_LIMIT.toMillis());
        config.setInitializationFailTimeout(OPEN_LIMIT.toMillis());
        config.addDataSourceProperty("ApplicationName", "paddock");
        config.addDataSourceProperty("connectTimeout", CONNECTION_LIMIT.toSeconds());
        config.addDataSourceProperty("socketTimeout", STATEMENT_LIMIT_SECONDS);
        config.addDataSourceProperty("tcpKeepAlive", true);
        Database database = new Database(new HikariDataSource(config));
        try {
            Migrations.apply(database.pool);
            return database;
        } catch (RuntimeException e) {
            database.close();
            throw e;
        }
    }

    public Jdbi jdbi() {
        return jdbi;
    }

    @Override
    public void close() {
        pool.close();
    }

    private Connection connection() throws SQLException {
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
