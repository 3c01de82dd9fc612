package dev.paddock.dyno;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Reads what a dyno writes to its standard output and error, line by line, from a position on. One reader, one
/// thread.
public interface DynoOutput extends AutoCloseable {
    /// The next lines, waiting up to `wait` for the first one; an empty list when there is none yet or no more.
    List<Line> read(Duration wait);

    /// Whether the dyno has ended and every line has been read.
    boolean ended();

    /// Lines that were overwritten before they could be read, since the last call.
    long lost();

    @Override
    void close();

    /// One line without its line end.
    ///
    /// @param cursor the position behind this line
    /// @param text the bytes of the line as ISO-8859-1, one char per byte, so that nothing is changed
    record Line(long cursor, Instant time, String text) {}
}
