package dev.paddock.drains;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Sends messages over a syslog connection, plain or TLS, that is kept open (logs.md section 3).
final class SyslogSender extends DrainSender {
    private @Nullable Connection connection;
    private int failures;

    SyslogSender(
            DrainTarget target,
            String token,
            DrainBuffer buffer,
            DrainSocket.Parts parts,
            DrainLimits limits,
            Consumer<String> complaints) {
        super(target, token, buffer, parts, limits, complaints);
    }

    @Override
    int batchBytes() {
        return limits.sendBytes();
    }

    @Override
    Duration idle() {
        return limits.syslogIdle();
    }

    @Override
    void deliver(DrainBuffer.Batch batch) throws InterruptedException {
        try {
            DrainSocket socket = connected();
            socket.within(
                    limits.write(),
                    () -> {
                        socket.write(batch.bytes(token));
                        return true;
                    });
            failures = 0;
            buffer.targetIsAway(false);
        } catch (IOException | UserError e) {
            disconnect();
            report(e);
            buffer.putBack(batch);
            failures++;
            if (failures >= limits.syslogAway()) {
                buffer.targetIsAway(true);
            }
            TimeUnit.NANOSECONDS.sleep(pause().toNanos());
        }
    }

    /// At once after the first failure, then longer and longer.
    private Duration pause() {
        if (failures < 2) {
            return Duration.ZERO;
        }
        Duration grown = limits.syslogPause().multipliedBy(1L << Math.min(failures - 2, 10));
        return grown.compareTo(limits.longestPause()) < 0 ? grown : limits.longestPause();
    }

    private DrainSocket connected() throws IOException {
        Connection open = connection;
        if (open != null && !open.ended && !open.socket.isOlderThan(limits.life())) {
            return open.socket;
        }
        disconnect();
        Connection fresh = new Connection(DrainSocket.open(target, parts, limits.connect()));
        connection = fresh;
        Thread.ofVirtual().name("drain-watch/" + token).start(fresh::watch);
        return fresh.socket;
    }

    @Override
    void disconnect() {
        Connection open = connection;
        if (open != null) {
            open.socket.close();
            connection = null;
        }
    }

    /// An open connection, and whether the other side has ended it: writing alone would tell too late.
    private static final class Connection {
        final DrainSocket socket;
        volatile boolean ended;

        Connection(DrainSocket socket) {
            this.socket = socket;
        }

        void watch() {
            byte[] ignored = new byte[512];
            try {
                while (socket.in().read(ignored) >= 0) {
                    // Syslog has no answers.
                }
            } catch (IOException _) {
                // Ended all the same.
            }
            ended = true;
        }
    }
}
