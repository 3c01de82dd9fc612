package dev.paddock.store;

import org.jdbi.v3.core.Jdbi;

/// The connection pool to PostgreSQL, migrated to the newest schema. Safe for any thread.
public final class Database implements AutoCloseable {
    /// Connects, waiting up to a few seconds for the server, and migrates.
    public static Database open(String jdbcUrl, String user, String password) {
        throw new UnsupportedOperationException();
    }

    public Jdbi jdbi() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
