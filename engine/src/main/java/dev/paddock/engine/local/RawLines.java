package dev.paddock.engine.local;

import dev.paddock.dyno.DynoOutput.Line;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/// Takes a log apart that holds nothing but what the dyno wrote. A line's time is that of its reading. For one thread.
final class RawLines implements LineParser {
    private final Supplier<Instant> clock;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long lines;

    RawLines(Supplier<Instant> clock) {
        this.clock = clock;
    }

    @Override
    public void parse(ByteBuffer buffer, long cursor, List<Line> into) {
        long at = cursor;
        while (buffer.hasRemaining()) {
            byte next = buffer.get();
            at++;
            if (next == '\n') {
                emit(at, into);
            } else {
                line.write(next);
                if (line.size() >= JOINED_BYTES) {
                    emit(at, into);
                }
            }
        }
    }

    private void emit(long cursor, List<Line> into) {
        lines++;
        into.add(new Line(cursor, clock.get(), line.toString(StandardCharsets.ISO_8859_1)));
        line.reset();
    }

    @Override
    public void end(long cursor, List<Line> into) {
        if (line.size() > 0) {
            emit(cursor, into);
        }
    }

    @Override
    public void reset() {
        line.reset();
    }

    @Override
    public long lines() {
        return lines;
    }
}
