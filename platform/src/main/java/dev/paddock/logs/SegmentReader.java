package dev.paddock.logs;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the segments of a log as they were at one moment. Opens a file for each read and keeps none, so that any
/// number of followers needs no bound on descriptors.
///
/// @param end the cursor behind the last line
/// @param nextSequence the number of the line that will be written there
record SegmentReader(Segments.Snapshot segments, long end, long nextSequence) {
    /// More than one record, so that a read always gets on.
    private static final int READ_BYTES = 64 * 1024;

    /// Where a reader that asks for `cursor` can begin: at that place or the next record behind it. A cursor may come
    /// from a client, so it need not be a place between two records at all.
    Place align(long cursor) {
        boolean some = cursor < end && !segments.bases().isEmpty();
        long at = some ? segments.bases().get(Math.max(indexOf(cursor), 0)) : end;
        while (true) {
            Batch batch = read(at);
            at = batch.begin();
            for (LogRecord record : batch.records()) {
                if (at >= cursor) {
                    return new Place(at, record.sequence());
                }
                at += record.bytes();
            }
            if (batch.records().isEmpty()) {
                return new Place(end, nextSequence);
            }
        }
    }

    /// Some records from this place on, which is one between two records; from a later place when they are gone or
    /// damaged, none at the end.
    Batch read(long cursor) {
        for (int index = Math.max(indexOf(cursor), 0); index < segments.bases().size(); index++) {
            long base = segments.bases().get(index);
            long begin = Math.max(cursor, base);
            long length = Math.min(endOf(index) - begin, READ_BYTES);
            List<LogRecord> records =
                    length > 0
                            ? LogRecord.decodeAll(bytes(index, begin - base, length))
                            : List.of();
            if (!records.isEmpty()) {
                long next = begin + records.stream().mapToLong(LogRecord::bytes).sum();
                return new Batch(begin, next, records);
            }
        }
        return new Batch(end, end, List.of());
    }

    /// The index of the newest segment that begins at or before the cursor; -1 when all begin behind it.
    private int indexOf(long cursor) {
        int index = segments.bases().size() - 1;
        while (index >= 0 && segments.bases().get(index) > cursor) {
            index--;
        }
        return index;
    }

    private long endOf(int index) {
        return index + 1 < segments.bases().size() ? segments.bases().get(index + 1) : end;
    }

    /// Hands the lines to the visitor, newest first, until it has enough.
    void backwards(Visitor visitor) {
        for (int index = segments.bases().size() - 1; index >= 0; index--) {
            long base = segments.bases().get(index);
            ByteBuffer bytes = bytes(index, 0, endOf(index) - base);
            List<Integer> places = places(bytes);
            for (int i = places.size() - 1; i >= 0; i--) {
                Optional<LogRecord> record = LogRecord.decode(bytes.position(places.get(i)));
                if (record.isPresent()
                        && !record.get().checkpoint()
                        && !visitor.more(base + bytes.position(), record.get())) {
                    return;
                }
            }
        }
    }

    private static List<Integer> places(ByteBuffer bytes) {
        List<Integer> places = new ArrayList<>();
        int length = LogRecord.lengthAt(bytes, 0);
        for (int at = 0; length > 0; length = LogRecord.lengthAt(bytes, at)) {
            places.add(at);
            at += length;
        }
        return places;
    }

    /// Fewer bytes than asked for, or none, when the segment has been deleted.
    private ByteBuffer bytes(int index, long offset, long length) {
        Path file = segments.file(index);
        byte[] bytes = new byte[Math.toIntExact(length)];
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(offset);
            int filled = Math.max(in.read(bytes), 0);
            return ByteBuffer.wrap(bytes, 0, filled);
        } catch (FileNotFoundException _) {
            return ByteBuffer.allocate(0);
        } catch (IOException e) {
            throw new UncheckedIOException("Could not read the log " + file, e);
        }
    }

    /// A place between two records, and the number of the next line there.
    record Place(long cursor, long sequence) {}

    /// @param begin where the records stand; behind the place asked for when something is missing
    record Batch(long begin, long next, List<LogRecord> records) {}

    /// Takes lines and says whether it wants more.
    interface Visitor {
        boolean more(long cursor, LogRecord record);
    }
}
