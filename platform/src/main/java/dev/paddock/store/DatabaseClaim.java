package dev.paddock.store;

import dev.paddock.core.Timers;
import dev.paddock.core.UserError;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// That this platform and no other uses a database: a lock in it, held by a connection of its own.
///
/// The server lets go of the lock when it has heard nothing for a while, so a machine that lost its power keeps nobody
/// out. Whoever was cut off for longer takes the lock again when it can.
final class DatabaseClaim implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseClaim.class);

    /// "paddock", as a number.
    private static final long LOCK = 0x70_61_64_64_6f_63_6bL;

    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    /// A dead holder's lease, and a little.
    static final Duration PATIENCE = LEASE.plusSeconds(5);

    /// What PostgreSQL keeps of an application's name.
    private static final int NAME_BYTES = 63;

    private final DatabaseAddress address;
    private final String holder;
    private volatile @Nullable Connection connection;
    private volatile boolean closed;

    private DatabaseClaim(DatabaseAddress address, String holder) {
        this.address = address;
        this.holder = holder;
    }

    /// Takes the lock, waiting as long as `patience` for one who may be dead. Throws UserError when it is taken.
    ///
    /// @param holder tells others who it is
    static DatabaseClaim take(DatabaseAddress address, String holder, Duration patience)
            throws SQLException {
        DatabaseClaim claim = new DatabaseClaim(address, holder);
        long deadline = System.nanoTime() + patience.toNanos();
        boolean told = false;
        while (!claim.attempt()) {
            String other = claim.holderNow();
            if (System.nanoTime() - deadline >= 0) {
                claim.close();
                throw new UserError(
                        "conflict",
                        "%s: %s is used by another platform, %s. End that one, or name another database: one database is for one platform."
                                .formatted(DatabaseAddress.VARIABLE, address, other));
            }
            if (!told) {
                LOG.info(
                        "The database {} is held by {}; waiting up to {} s in case it died",
                        address,
                        other,
                        patience.toSeconds());
                told = true;
            }
            pause();
        }
        return claim;
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK_AGAIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while waiting for the database.");
        }
    }

    private boolean attempt() throws SQLException {
        try (Statement statement = connected().createStatement();
                ResultSet row =
                        statement.executeQuery("select pg_try_advisory_lock(%d)".formatted(LOCK))) {
            return row.next() && row.getBoolean(1);
        }
    }

    private Connection connected() throws SQLException {
        Connection known = connection;
        if (known != null) {
            return known;
        }
        Properties properties = address.properties(ANSWER_LIMIT);
        properties.setProperty(
                "ApplicationName", holder.substring(0, Math.min(holder.length(), NAME_BYTES)));
        Connection made = DriverManager.getConnection(address.jdbcUrl(), properties);
        try (Statement statement = made.createStatement()) {
            statement.execute("set idle_session_timeout = '%ds'".formatted(LEASE.toSeconds()));
        } catch (SQLException e) {
            made.close();
            throw e;
        }
        connection = made;
        return made;
    }

    private String holderNow() throws SQLException {
        try (Statement statement = connected().createStatement();
                ResultSet row =
                        statement.executeQuery(
                                """
                                select coalesce(nullif(a.application_name, ''), 'whose name is hidden')
                                from pg_locks l join pg_stat_activity a on a.pid = l.pid
                                where l.locktype = 'advisory' and l.granted
                                  and l.database = (select oid from pg_database where datname = current_database())
                                  and (l.classid::bigint << 32) + l.objid::bigint = %d
                                """
                                        .formatted(LOCK))) {
            return row.next() ? row.getString(1) : "which has just ended";
        }
    }

    /// Goes on telling the server that this platform lives, until closed.
    void keep(Timers timers, Executor executor) {
        timers.schedule(
                SIGN_OF_LIFE,
                () ->
                        executor.execute(() -> {
                            if (!closed) {
                                renew();
                                keep(timers, executor);
                            }
                        }));
    }

    /// Locks of one session are counted, so what is held is asked for before it is taken again.
    void renew() {
        try {
            if (!holds() && !attempt()) {
                LOG.error(
                        "Another platform, {}, took the database {} while this one was cut off from it. End one of the two.",
                        holderNow(),
                        address);
            }
        } catch (SQLException away) {
            // The next time: meanwhile, whoever asks for anything is told that the database is
            // away.
            disconnect();
        }
        if (closed) {
            disconnect();
        }
    }

    private boolean holds() throws SQLException {
        try (Statement statement = connected().createStatement();
                ResultSet row =
                        statement.executeQuery(
                                """
                                select exists (select from pg_locks
                                  where pid = pg_backend_pid() and locktype = 'advisory' and granted)
                                """)) {
            return row.next() && row.getBoolean(1);
        }
    }

    private void disconnect() {
        Connection known = connection;
        connection = null;
        if (known != null) {
            try {
                known.close();
            } catch (SQLException e) {
                LOG.debug("Closing a broken connection", e);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        disconnect();
    }
}
