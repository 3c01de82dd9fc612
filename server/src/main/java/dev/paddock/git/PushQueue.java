package dev.paddock.git;

import dev.paddock.core.AppId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Lets one push at a time deploy an app, in the order they came. Safe for any thread.
final class PushQueue {
    private final Object lock = new Object();
    private final Map<AppId, Line> lines = new HashMap<>();

    /// Waits for the app's turn, at most `limit`; calls `waiting` first when it is not free at once.
    Optional<Turn> enter(AppId app, Duration limit, Runnable waiting) throws InterruptedException {
        Line line;
        synchronized (lock) {
            line = lines.computeIfAbsent(app, _ -> new Line());
            line.members++;
        }
        boolean entered = false;
        try {
            entered = line.turn.tryAcquire();
            if (!entered) {
                waiting.run();
                entered = line.turn.tryAcquire(limit.toMillis(), TimeUnit.MILLISECONDS);
            }
        } finally {
            if (!entered) {
                leave(app, line);
            }
        }
        return entered ? Optional.of(new Turn(app, line)) : Optional.empty();
    }

    private void leave(AppId app, Line line) {
        synchronized (lock) {
            line.members--;
            if (line.members == 0) {
                lines.remove(app);
            }
        }
    }

    private static final class Line {
        private final Semaphore turn = new Semaphore(1, true);
        private int members;
    }

    /// The right to deploy an app, until closed.
    final class Turn implements AutoCloseable {
        private final AppId app;
        private final Line line;

        private Turn(AppId app, Line line) {
            this.app = app;
            this.line = line;
        }

        @Override
        public void close() {
            line.turn.release();
            leave(app, line);
        }
    }
}
