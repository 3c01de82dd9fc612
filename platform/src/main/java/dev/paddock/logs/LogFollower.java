package dev.paddock.logs;

import java.time.Duration;
import java.util.List;

/// Follows one app's log; a slow reader loses lines and is told how many by an L11 line. For one thread.
public interface LogFollower extends AutoCloseable {
    /// The next lines, waiting up to `wait` for the first; empty when none came.
    List<LogHub.Entry> read(Duration wait) throws InterruptedException;

    /// How many lines were missed so far.
    long lost();

    /// Whether the log is gone (the app was destroyed or the hub closed).
    boolean ended();

    @Override
    void close();
}
