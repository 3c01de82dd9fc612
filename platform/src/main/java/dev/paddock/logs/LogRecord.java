package dev.paddock.logs;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// One record of a segment file: a line, or a checkpoint that says how far a dyno's output has been read.
///
/// As bytes: length of the body and its CRC-32C (4 each), then the body: flags (1), sequence (8), microseconds (8),
/// dyno and cursor (16 + 8, if flagged), length of the process name (1), the name, the text.
///
/// @param bytes its length in the file
/// @param unfinished a further piece of the same line follows; one without its successor is torn
/// @param sequence number of the line within its app; a checkpoint carries that of the next line
record LogRecord(
        int bytes,
        boolean checkpoint,
        boolean unfinished,
        long sequence,
        Instant time,
        LogSource source,
        String process,
        String text,
        Optional<DynoPosition> position) {
    /// What a record takes beyond its text, at most.
    static final int MAX_OVERHEAD = 512;

    /// What claims to be longer is damaged.
    static final int MAX_BYTES = LogLine.MAX_BYTES + MAX_OVERHEAD;

    private static final int HEAD = 8;
    private static final int FIXED = 1 + 8 + 8 + 1;
    private static final int MAX_PROCESS_BYTES = 255;

    private static final byte HEROKU = 1;
    private static final byte CHECKPOINT = 2;
    private static final byte UNFINISHED = 4;
    private static final byte POSITIONED = 8;

    static LogRecord line(
            LogLine line,
            String text,
            long sequence,
            boolean unfinished,
            @Nullable DynoPosition position) {
        return new LogRecord(
                0,
                false,
                unfinished,
                sequence,
                line.time(),
                line.source(),
                line.process(),
                text,
                Optional.ofNullable(position));
    }

    static LogRecord checkpoint(long sequence, Optional<DynoPosition> position) {
        return new LogRecord(
                0, true, false, sequence, Instant.EPOCH, LogSource.HEROKU, "", "", position);
    }

    LogLine line(AppId app) {
        return new LogLine(app, time, source, process, text);
    }

    /// Appends the record; the buffer has [#MAX_BYTES] left.
    void encode(ByteBuffer to) {
        int begin = to.position();
        to.position(begin + HEAD);
        int flags =
                (source == LogSource.HEROKU ? HEROKU : 0)
                        | (checkpoint ? CHECKPOINT : 0)
                        | (unfinished ? UNFINISHED : 0)
                        | (position.isPresent() ? POSITIONED : 0);
        to.put((byte) flags).putLong(sequence);
        to.putLong(
                Math.addExact(
                        Math.multiplyExact(time.getEpochSecond(), 1_000_000L),
                        time.getNano() / 1_000));
        position.ifPresent(place ->
                to.putLong(place.dyno().value().getMostSignificantBits())
                        .putLong(place.dyno().value().getLeastSignificantBits())
                        .putLong(place.cursor()));
        byte[] name = process.getBytes(StandardCharsets.ISO_8859_1);
        int nameBytes = Math.min(name.length, MAX_PROCESS_BYTES);
        to.put((byte) nameBytes).put(name, 0, nameBytes);
        to.put(text.getBytes(StandardCharsets.ISO_8859_1));
        to.putInt(begin, to.position() - begin - HEAD);
        to.putInt(begin + 4, checksum(to, begin + HEAD, to.position()));
    }

    /// The record at the buffer's position, which moves behind it; empty, without moving, when none is whole there.
    static Optional<LogRecord> decode(ByteBuffer from) {
        int begin = from.position();
        int bytes = lengthAt(from, begin);
        int end = begin + bytes;
        if (bytes == 0 || from.getInt(begin + 4) != checksum(from, begin + HEAD, end)) {
            return Optional.empty();
        }
        from.position(begin + HEAD);
        int flags = from.get();
        long sequence = from.getLong();
        long micros = from.getLong();
        Optional<DynoPosition> position =
                (flags & POSITIONED) == 0
                        ? Optional.empty()
                        : Optional.of(
                                new DynoPosition(
                                        new DynoId(new UUID(from.getLong(), from.getLong())),
                                        from.getLong()));
        String process = text(from, from.get() & 0xFF);
        String text = text(from, end - from.position());
        return Optional.of(
                new LogRecord(
                        bytes,
                        (flags & CHECKPOINT) != 0,
                        (flags & UNFINISHED) != 0,
                        sequence,
                        Instant.ofEpochSecond(
                                Math.floorDiv(micros, 1_000_000L),
                                Math.floorMod(micros, 1_000_000L) * 1_000),
                        (flags & HEROKU) != 0 ? LogSource.HEROKU : LogSource.APP,
                        process,
                        text,
                        position));
    }

    /// The records from the buffer's position to its end or to the first damage.
    static List<LogRecord> decodeAll(ByteBuffer from) {
        List<LogRecord> records = new ArrayList<>();
        for (Optional<LogRecord> next = decode(from); next.isPresent(); next = decode(from)) {
            records.add(next.get());
        }
        return records;
    }

    /// The length of the record at this place by its head alone, 0 when none can be there.
    static int lengthAt(ByteBuffer from, int place) {
        if (from.limit() - place < HEAD) {
            return 0;
        }
        int length = from.getInt(place);
        return length < FIXED || length > MAX_BYTES - HEAD || length > from.limit() - place - HEAD
                ? 0
                : HEAD + length;
    }

    private static String text(ByteBuffer from, int length) {
        byte[] bytes = new byte[length];
        from.get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static int checksum(ByteBuffer buffer, int begin, int end) {
        CRC32C checksum = new CRC32C();
        checksum.update(buffer.array(), buffer.arrayOffset() + begin, end - begin);
        return (int) checksum.getValue();
    }
}
