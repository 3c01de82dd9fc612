package dev.paddock.logs;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.Engine;
import java.time.Duration;

/// Carries what dynos write into the app's log: one follower per dyno, whose position survives the platform, so that
/// no line is lost or doubled. Safe for any thread.
public final class DynoLogs implements AutoCloseable {
    public DynoLogs(Engine engine, LogHub hub) {
        throw new UnsupportedOperationException();
    }

    /// Begins (or, after a restart of the platform, goes on) to follow a dyno; ignored when it already is.
    public void follow(AppId app, DynoId dyno, DynoName name) {
        throw new UnsupportedOperationException();
    }

    /// Waits until all output of an ended dyno is in the log, at most `limit`; then stops following it.
    public void finish(DynoId dyno, Duration limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
