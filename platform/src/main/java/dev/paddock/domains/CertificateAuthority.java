package dev.paddock.domains;

import dev.paddock.routes.Certificate;
import java.nio.file.Path;
import java.time.InstantSource;

/// This platform's own certificate authority, limited by name constraints to localhost, 127.0.0.1 and the domain;
/// its key lies 0600 in the data directory. Safe for any thread.
public final class CertificateAuthority {
    /// Reads it from the directory, or makes it there.
    public static CertificateAuthority open(Path directory, String domain, InstantSource clock) {
        throw new UnsupportedOperationException();
    }

    /// The certificate users trust.
    public Path file() {
        throw new UnsupportedOperationException();
    }

    /// A short-lived leaf for exactly these names (host names or IP literals), with its chain; made anew when it is
    /// no longer good for some days, else the one made before.
    public Certificate leaf(String... names) {
        throw new UnsupportedOperationException();
    }
}
