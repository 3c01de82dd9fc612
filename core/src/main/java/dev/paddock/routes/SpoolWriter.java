package dev.paddock.routes;

import java.io.IOException;
import java.nio.file.Path;

/// The router's end of the request-line spool: memory-mapped files in one directory, rotated at 64 MB, at most 1 GB
/// kept. What was appended survives the death of the router. For one thread.
public final class SpoolWriter implements AutoCloseable {
    /// Continues behind what the newest file of the directory holds.
    public SpoolWriter(Path directory) throws IOException {
        throw new UnsupportedOperationException();
    }

    /// Appends one request line of an app. `app` is the UUID of the app from its [AppRoute#id()].
    public void append(String app, long epochMicros, byte[] line, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
