package dev.paddock.drains;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends messages over a syslog connection, plain or TLS, that is kept open (logs.md section 3).
final class SyslogSender implements DrainSender {
    private static final Logger log = LoggerFactory.getLogger(SyslogSender.class);

    private final DrainTarget target;
    private final String token;
    private final DrainBuffer buffer;
    private final DrainSocket.Parts parts;
    private final DrainLimits limits;
    private final Consumer<String> complaints;
    private @Nullable Connection connection;
    private int failures;

    SyslogSender(
            DrainTarget target,
            String token,
            DrainBuffer buffer,
            DrainSocket.Parts parts,
            DrainLimits limits,
            Consumer<String> complaints) {
        this.target = target;
        this.token = token;
        this.buffer = buffer;
        this.parts = parts;
        this.limits = limits;
        this.complaints = complaints;
    }

    @Override
    public void run() throws InterruptedException {
        try {
            while (true) {
                Optional<DrainBuffer.Batch> batch =
                        buffer.take(limits.sendBytes(), limits.syslogIdle());
                if (batch.isPresent()) {
                    send(batch.get());
                } else {
                    disconnect();
                }
            }
        } finally {
            disconnect();
        }
    }

    private void send(DrainBuffer.Batch batch) throws InterruptedException {
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
            log.debug("Drain {} to {}: {}", token, target, DrainSender.reason(e));
            DrainSender.complaint(target, e).ifPresent(complaints);
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

    private void disconnect() {
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
