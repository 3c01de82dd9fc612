package dev.paddock.store;

import java.nio.file.Path;

/// The PostgreSQL server of this platform: unpacked, initialised, started or adopted, and stopped by us.
public final class PostgresServer {
    /// Unpacks the binaries below `data`, makes the cluster on first use, and starts the server in its own session;
    /// a live postmaster of the same binaries and boot is adopted.
    public static PostgresServer start(Path data, Path runtime) {
        throw new UnsupportedOperationException();
    }

    public String jdbcUrl() {
        throw new UnsupportedOperationException();
    }

    public String user() {
        throw new UnsupportedOperationException();
    }

    public String password() {
        throw new UnsupportedOperationException();
    }

    public long pid() {
        throw new UnsupportedOperationException();
    }

    /// Fast shutdown; returns when the server is gone.
    public void stop() {
        throw new UnsupportedOperationException();
    }
}
