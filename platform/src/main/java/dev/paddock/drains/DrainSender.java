package dev.paddock.drains;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings what is in a drain's buffer to its target, in one of two protocols. For one thread.
abstract class DrainSender {
    private static final Logger log = LoggerFactory.getLogger(DrainSender.class);

    final DrainTarget target;
    final String token;
    final DrainBuffer buffer;
    final DrainSocket.Parts parts;
    final DrainLimits limits;
    private final Consumer<String> complaints;

    DrainSender(
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

    /// Goes on until the thread is interrupted.
    final void run() throws InterruptedException {
        try {
            while (true) {
                Optional<DrainBuffer.Batch> batch = buffer.take(batchBytes(), idle());
                if (batch.isPresent()) {
                    deliver(batch.get());
                } else {
                    disconnect();
                }
            }
        } finally {
            disconnect();
        }
    }

    /// How much is sent at once.
    abstract int batchBytes();

    /// After so long without a message the connection is closed.
    abstract Duration idle();

    /// Sends it, puts it back or drops it, and waits as long as it takes before the next may be tried.
    abstract void deliver(DrainBuffer.Batch batch) throws InterruptedException;

    abstract void disconnect();

    /// Tells whom it concerns that a batch did not get through.
    final void report(Exception failure) {
        log.debug("Drain {} to {}: {}", token, target, reason(failure));
        complaint(failure).ifPresent(complaints);
    }

    /// What the app's log says about a failure that its owner alone can mend: a certificate that is not trusted.
    private Optional<String> complaint(Exception failure) {
        @Nullable Throwable cause = failure instanceof SSLException ? failure : null;
        while (cause != null) {
            if (cause instanceof CertificateException) {
                return Optional.of(
                        "Error L14 (certificate validation): error=\"bad certificate\" uri=\""
                                + target
                                + "\"");
            }
            cause = cause.getCause();
        }
        return Optional.empty();
    }

    private static String reason(Exception failure) {
        return failure instanceof IOException ? failure.toString() : "" + failure.getMessage();
    }
}
