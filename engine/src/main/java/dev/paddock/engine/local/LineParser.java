package dev.paddock.engine.local;

import dev.paddock.dyno.DynoOutput.Line;
import java.nio.ByteBuffer;
import java.util.List;

/// Makes lines of the bytes of a log. For one thread.
interface LineParser {
    /// Parts are joined up to this; a program that never ends its line does not fill our memory.
    int JOINED_BYTES = 64 * 1024;

    /// Parses what the buffer holds and adds the lines that it ends.
    ///
    /// @param cursor of the buffer's first byte
    void parse(ByteBuffer buffer, long cursor, List<Line> into);

    /// Adds the lines whose ends were never written.
    void end(long cursor, List<Line> into);

    /// Forgets unfinished lines: their beginnings and their ends do not belong together.
    void reset();

    /// How many records were parsed.
    long lines();
}
