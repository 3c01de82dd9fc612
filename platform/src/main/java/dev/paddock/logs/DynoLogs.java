package dev.paddock.logs;

import dev.paddock.core.AppId;
import dev.paddock.core.ErrorCode;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.Engine;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries what dynos write into the app's log: one follower per dyno, whose position survives the platform, so that
/// no line is lost or doubled. Safe for any thread.
///
/// The position is stored in the log itself, in the record of each line: whatever moment the platform dies at, line
/// and position are there together or not at all.
public final class DynoLogs implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DynoLogs.class);

    /// How long one read of the engine waits; only shutdown waits for it.
    private static final Duration READ_WAIT = Duration.ofSeconds(5);

    /// After a failed read; the output stays with the engine meanwhile.
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final Engine engine;
    private final LogHub hub;
    private final Map<DynoId, Following> followings = new ConcurrentHashMap<>();
    private volatile boolean closed;

    public DynoLogs(Engine engine, LogHub hub) {
        this.engine = engine;
        this.hub = hub;
    }

    /// Begins (or, after a restart of the platform, goes on) to follow a dyno; ignored when it already is.
    public void follow(AppId app, DynoId dyno, DynoName name) {
        Following following = new Following(app, dyno, name.toString());
        if (!closed && followings.putIfAbsent(dyno, following) == null) {
            following.start();
        }
    }

    /// Waits until all output of an ended dyno is in the log, at most `limit`; then stops following it.
    public void finish(DynoId dyno, Duration limit) {
        Following following = followings.get(dyno);
        if (following == null) {
            return;
        }
        if (!following.await(limit)) {
            log.warn("Output of dyno {} was still coming {} after its end", dyno, limit);
        }
        following.stop();
        followings.remove(dyno);
        hub.finished(following.app, dyno);
    }

    @Override
    public void close() {
        closed = true;
        followings.values().forEach(Following::stop);
        long deadline = System.nanoTime() + CLOSE_LIMIT.toNanos();
        for (Following following : followings.values()) {
            following.await(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        }
    }

    /// One dyno's output on its way into the log; a virtual thread of its own.
    private final class Following {
        private final AppId app;
        private final DynoId dyno;
        private final String process;
        private final CountDownLatch done = new CountDownLatch(1);
        private final Thread thread;
        private Instant lastLine = Instant.now();

        Following(AppId app, DynoId dyno, String process) {
            this.app = app;
            this.dyno = dyno;
            this.process = process;
            this.thread = Thread.ofVirtual().name("dyno-log/" + dyno).unstarted(this::run);
        }

        void start() {
            thread.start();
        }

        /// The engine's wait ends at an interrupt; the log's files do not mind one.
        void stop() {
            thread.interrupt();
        }

        boolean await(Duration limit) {
            try {
                return done.await(limit.toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        private void run() {
            try {
                Duration pause = FIRST_PAUSE;
                while (!thread.isInterrupted() && !closed) {
                    try (DynoOutput output = engine.output(dyno, hub.position(app, dyno))) {
                        carry(output);
                        return;
                    } catch (RuntimeException e) {
                        log.warn("Reading the output of dyno {} failed; trying again", dyno, e);
                    }
                    TimeUnit.NANOSECONDS.sleep(pause.toNanos());
                    Duration doubled = pause.multipliedBy(2);
                    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
                }
            } catch (InterruptedException _) {
                // Stopped in the pause between two tries: nothing was read that is not stored.
            } finally {
                done.countDown();
            }
        }

        /// Returns when all is carried or nothing more is wanted.
        private void carry(DynoOutput output) {
            while (!thread.isInterrupted() && !closed) {
                List<DynoOutput.Line> lines = output.read(READ_WAIT);
                store(lines, output.lost());
                if (lines.isEmpty() && output.ended()) {
                    return;
                }
            }
        }

        private void store(List<DynoOutput.Line> lines, long lost) {
            List<PendingLine> pending = new ArrayList<>(lines.size() + 1);
            if (lost > 0) {
                pending.add(PendingLine.of(loss(lost), null));
            }
            for (DynoOutput.Line line : lines) {
                pending.add(
                        PendingLine.of(
                                new LogLine(app, line.time(), LogSource.APP, process, line.text()),
                                new DynoPosition(dyno, line.cursor())));
            }
            hub.append(app, pending);
            if (!lines.isEmpty()) {
                lastLine = lines.getLast().time();
            }
        }

        private LogLine loss(long lost) {
            String text =
                    ErrorCode.L12.line()
                            + " -> dropped "
                            + lost
                            + " messages since "
                            + LogHub.seconds(lastLine);
            return LogLine.of(app, Instant.now(), LogSource.HEROKU, "logplex", text);
        }
    }
}
