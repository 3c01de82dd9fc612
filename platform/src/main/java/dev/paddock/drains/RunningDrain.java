package dev.paddock.drains;

import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.LogFollower;
import dev.paddock.logs.LogHub;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A drain at work: a thread that follows the app's log and one that sends. Both end with the log or when it is closed.
final class RunningDrain implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunningDrain.class);

    /// How long one look at the log waits for lines; nothing depends on it.
    private static final Duration READ_WAIT = Duration.ofMinutes(1);

    /// After a read of the log that failed.
    private static final Duration READ_PAUSE = Duration.ofSeconds(1);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final LogDrain drain;
    private final LogHub hub;
    private final String host;
    private final DrainBuffer buffer;
    private final DrainSender sender;
    private final Runnable ended;
    private final Thread reading;
    private final Thread sending;
    private long cursor;
    private volatile boolean closed;

    /// @param cursor where in the app's log it begins
    /// @param ended called when the app's log is gone
    RunningDrain(
            LogDrain drain,
            LogHub hub,
            long cursor,
            DrainSocket.Parts parts,
            DrainLimits limits,
            InstantSource clock,
            Runnable ended) {
        this.drain = drain;
        this.hub = hub;
        this.cursor = cursor;
        this.ended = ended;
        DrainTarget target = DrainTarget.of(URI.create(drain.url()));
        Consumer<String> complaints =
                text ->
                        hub.write(
                                LogLine.of(
                                        drain.app(),
                                        clock.instant(),
                                        LogSource.HEROKU,
                                        "logplex",
                                        text));
        buffer = new DrainBuffer(limits);
        boolean syslog = target.protocol().isSyslog();
        host = syslog ? drain.token() : HttpSender.HOST;
        sender =
                syslog
                        ? new SyslogSender(target, drain.token(), buffer, parts, limits, complaints)
                        : new HttpSender(target, drain.token(), buffer, parts, limits, complaints);
        reading = Thread.ofVirtual().name("drain-read/" + drain).unstarted(this::read);
        sending = Thread.ofVirtual().name("drain-send/" + drain).unstarted(this::send);
    }

    void start() {
        reading.start();
        sending.start();
    }

    private void read() {
        try {
            while (!closed) {
                try (LogFollower follower = hub.followForDrain(drain.app(), cursor)) {
                    follow(follower);
                    closed = true;
                    sending.interrupt();
                    ended.run();
                } catch (RuntimeException e) {
                    log.warn("Drain {} could not read its app's log; trying again", drain, e);
                }
                TimeUnit.NANOSECONDS.sleep(READ_PAUSE.toNanos());
            }
        } catch (InterruptedException _) {
            // Closed.
        }
    }

    /// Returns when the log is gone.
    private void follow(LogFollower follower) throws InterruptedException {
        long told = 0;
        while (!closed && !follower.ended()) {
            List<LogHub.Entry> entries = follower.read(READ_WAIT);
            if (follower.lost() > told && !entries.isEmpty()) {
                Instant since = entries.getFirst().line().time();
                buffer.missed(follower.lost() - told, since);
                told = follower.lost();
            }
            if (!entries.isEmpty()) {
                buffer.add(
                        entries.stream()
                                .map(LogHub.Entry::line)
                                .map(line ->
                                        new DrainBuffer.Message(
                                                line.time(), SyslogFrame.of(host, line)))
                                .toList());
                cursor = entries.getLast().cursor();
            }
        }
    }

    private void send() {
        while (!closed) {
            try {
                sender.run();
            } catch (InterruptedException _) {
                return;
            } catch (RuntimeException e) {
                log.error("Drain {} failed; it goes on with what comes", drain, e);
            }
        }
    }

    /// Returns when nothing more is sent.
    @Override
    public void close() {
        closed = true;
        reading.interrupt();
        sending.interrupt();
        try {
            if (!sending.join(CLOSE_LIMIT)) {
                log.warn("Drain {} is still sending", drain);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
