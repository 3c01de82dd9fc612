package dev.paddock.routes;

import java.io.IOException;
import java.nio.file.Path;

/// The routing table as JSON: the routes file of `paddock router` (router.md section 1).
public final class RoutesJson {
    private RoutesJson() {}

    /// Parses a routes file. Certificates are given as paths (relative to `directory`) or inline as PEM text.
    ///
    /// @throws IllegalArgumentException when the text is no JSON or does not fit, naming the place
    /// @throws IOException when a certificate file cannot be read
    public static RoutingTable parse(byte[] json, Path directory) throws IOException {
        throw new UnsupportedOperationException();
    }

    /// Writes the table with certificates inline.
    public static byte[] write(RoutingTable table) {
        throw new UnsupportedOperationException();
    }
}
