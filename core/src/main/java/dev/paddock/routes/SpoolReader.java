package dev.paddock.routes;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/// The platform's end of the request-line spool. For one thread.
public final class SpoolReader implements AutoCloseable {
    /// Starts behind `from`, or at the oldest line kept when `from` is [Position#START].
    public SpoolReader(Path directory, Position from) throws IOException {
        throw new UnsupportedOperationException();
    }

    /// Hands over at most `limit` records that are there now and returns their number. Does not wait.
    public int read(int limit, Consumer<Entry> records) throws IOException {
        throw new UnsupportedOperationException();
    }

    /// Behind the last record that was handed over; stored by the platform.
    public Position position() {
        throw new UnsupportedOperationException();
    }

    /// Records that were deleted before they could be read, since the reader was made.
    public long lost() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    /// A place in the spool: number of the file and offset in it.
    public record Position(long file, long offset) {
        public static final Position START = new Position(0, 0);
    }

    /// One request line. `sequence` grows by one per record.
    public record Entry(long sequence, String app, long epochMicros, String line) {}
}
