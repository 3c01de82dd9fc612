package dev.paddock.domains;

import dev.paddock.log.LogSink;
import dev.paddock.store.Database;
import java.nio.file.Path;

/// Carries request lines from a router's spool into the apps' logs; remembers how far in the database.
public final class RouterLogs implements AutoCloseable {
    public RouterLogs(Path spool, Database database, LogSink log) {
        throw new UnsupportedOperationException();
    }

    public void start() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
