package dev.paddock.engine.local;

import dev.paddock.dyno.DynoOutput.Line;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;

/// Takes conmon's log apart: `2026-11-23T14:04:52.148267217+00:00 stdout F text`, where P instead of F marks a part of
/// a line that goes on. For one thread.
final class LogParser implements LineParser {
    private static final int SECONDS = 19;

    private final ByteArrayOutputStream record = new ByteArrayOutputStream();
    private final Pending stdout = new Pending();
    private final Pending stderr = new Pending();
    private String knownSecond = "";
    private Instant known = Instant.EPOCH;
    private long lines;

    @Override
    public void parse(ByteBuffer buffer, long cursor, List<Line> into) {
        long at = cursor;
        while (buffer.hasRemaining()) {
            byte next = buffer.get();
            at++;
            if (next == '\n') {
                accept(record.toString(StandardCharsets.ISO_8859_1), at, into);
                record.reset();
            } else {
                record.write(next);
            }
        }
    }

    @Override
    public void end(long cursor, List<Line> into) {
        stdout.flush(cursor, into);
        stderr.flush(cursor, into);
    }

    @Override
    public void reset() {
        record.reset();
        stdout.text.setLength(0);
        stderr.text.setLength(0);
    }

    @Override
    public long lines() {
        return lines;
    }

    private void accept(String line, long cursor, List<Line> into) {
        int stream = line.indexOf(' ');
        int tag = line.indexOf(' ', stream + 1);
        int text = line.indexOf(' ', tag + 1);
        if (stream < SECONDS || tag < 0 || text < 0) {
            // The torn end of a file, from a machine that went down.
            return;
        }
        lines++;
        Pending pending = line.startsWith("stderr", stream + 1) ? stderr : stdout;
        boolean whole = line.charAt(tag + 1) == 'F';
        pending.append(time(line.substring(0, stream)), line.substring(text + 1));
        if (whole || pending.text.length() >= JOINED_BYTES) {
            pending.emit(cursor, into);
        }
    }

    /// The time conmon read the bytes, always in UTC. The whole seconds are parsed once each: a flood has many lines
    /// in one.
    private Instant time(String stamp) {
        String second = stamp.substring(0, SECONDS);
        try {
            if (!second.equals(knownSecond)) {
                known = Instant.parse(second + "Z");
                knownSecond = second;
            }
            int end = SECONDS + 1;
            long nanos = 0;
            long unit = 100_000_000;
            while (end < stamp.length() && Character.isDigit(stamp.charAt(end))) {
                nanos += unit * (stamp.charAt(end) - '0');
                unit /= 10;
                end++;
            }
            return known.plusNanos(nanos);
        } catch (DateTimeException e) {
            return known;
        }
    }

    /// A line of one stream as far as it has come.
    private static final class Pending {
        private final StringBuilder text = new StringBuilder();
        private Instant time = Instant.EPOCH;

        private void append(Instant when, String part) {
            time = when;
            text.append(part);
        }

        private void emit(long cursor, List<Line> into) {
            into.add(new Line(cursor, time, text.toString()));
            text.setLength(0);
        }

        private void flush(long cursor, List<Line> into) {
            if (!text.isEmpty()) {
                emit(cursor, into);
            }
        }
    }
}
