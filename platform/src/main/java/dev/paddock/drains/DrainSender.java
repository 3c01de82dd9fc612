package dev.paddock.drains;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Brings what is in a drain's buffer to its target, in one of two protocols. For one thread.
interface DrainSender {
    /// Goes on until the thread is interrupted.
    void run() throws InterruptedException;

    /// What the app's log says about a failure that its owner alone can mend: a certificate that is not trusted.
    static Optional<String> complaint(DrainTarget target, Exception failure) {
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

    /// For the platform's log.
    static String reason(Exception failure) {
        return failure instanceof IOException ? failure.toString() : "" + failure.getMessage();
    }
}
