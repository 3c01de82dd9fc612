package dev.paddock.routes;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The platform's end of the request-line spool. For one thread.
public final class SpoolReader implements AutoCloseable {
    private static final int NONE = -1;

    /// Looks at a file that goes on, between two looks for a newer one: a writer that was killed left its file as it
    /// was.
    private static final int LOOKS_FOR_NEWER = 12;

    private final Path directory;

    /// Two records at least, so that a whole one fits wherever it begins. Read by plain reads, never mapped: the
    /// writer may shorten a file, and a mapping would then be a fault.
    private final ByteBuffer bytes = ByteBuffer.allocate(2 * SpoolFormat.MAX_RECORD_BYTES).flip();

    private @Nullable FileChannel channel;
    private long file;
    private long offset;

    /// The sequence number of the next record if none is lost; [#NONE] when anything may come.
    private long expected;

    private long lost;
    private int looksInVain;

    /// Starts behind `from`, or at the oldest line kept when `from` is [Position#START].
    public SpoolReader(Path directory, Position from) throws IOException {
        this.directory = directory;
        Files.createDirectories(directory);
        if (from.equals(Position.START)) {
            expected = NONE;
            return;
        }
        List<Long> files = SpoolFormat.files(directory);
        // A spool that lies wholly before the position was begun anew: all of it is unread.
        boolean anew = !files.isEmpty() && files.getLast() < from.file();
        expected = anew ? NONE : from.file() + from.offset();
        if (files.contains(from.file())) {
            open(from.file());
        }
    }

    /// Hands over at most `limit` records that are there now and returns their number. Does not wait.
    public int read(int limit, Consumer<Entry> records) throws IOException {
        int handed = 0;
        while (handed < limit && findRecord()) {
            long sequence = SpoolFormat.sequenceAt(bytes);
            int whole = SpoolFormat.recordAt(bytes);
            if (expected == NONE || sequence >= expected) {
                if (expected != NONE) {
                    lost += sequence - expected;
                }
                records.accept(decode());
                expected = sequence + 1;
                handed++;
            }
            bytes.position(bytes.position() + whole);
            offset += whole;
        }
        return handed;
    }

    /// Behind the last record that was handed over; stored by the platform. The offset counts sequence numbers, so
    /// that even a position in a file deleted since tells how many records are gone.
    public Position position() {
        return expected == NONE ? Position.START : new Position(file, expected - file);
    }

    /// Records that were deleted before they could be read, since the reader was made.
    public long lost() {
        return lost;
    }

    @Override
    public void close() {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException _) {
                // It was only read from.
            }
            channel = null;
        }
    }

    /// Whether a whole record stands at the buffer's position; goes on to the next file when this one is done.
    private boolean findRecord() throws IOException {
        while (true) {
            if (channel == null && !openNext()) {
                return false;
            }
            if (SpoolFormat.recordAt(bytes) > 0 || fill()) {
                return true;
            }
            if (!mayBeDone() || !newerExists()) {
                return false;
            }
            // The writer may have appended between our look and its rotation: look once more.
            if (fill()) {
                return true;
            }
            close();
        }
    }

    private boolean fill() throws IOException {
        FileChannel open = channel;
        if (open == null) {
            return false;
        }
        // Most looks find nothing: the length tells.
        bytes.clear().limit(SpoolFormat.RECORD_HEAD);
        open.read(bytes, offset);
        bytes.flip();
        if (bytes.limit() < SpoolFormat.RECORD_HEAD || bytes.getInt(0) == 0) {
            bytes.position(bytes.limit());
            return false;
        }
        bytes.clear();
        open.read(bytes, offset);
        bytes.flip();
        looksInVain = 0;
        return SpoolFormat.recordAt(bytes) > 0;
    }

    /// A writer cuts a file that it is done with behind the last record.
    private boolean mayBeDone() throws IOException {
        FileChannel open = channel;
        return open == null || open.size() <= offset || looksInVain++ % LOOKS_FOR_NEWER == 0;
    }

    private boolean newerExists() throws IOException {
        List<Long> files = SpoolFormat.files(directory);
        return !files.isEmpty() && files.getLast() > file;
    }

    private boolean openNext() throws IOException {
        for (long next : SpoolFormat.files(directory)) {
            if (next > file || file == 0) {
                if (open(next)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean open(long next) throws IOException {
        try {
            channel = FileChannel.open(SpoolFormat.file(directory, next), StandardOpenOption.READ);
        } catch (NoSuchFileException _) {
            // The writer deleted it since it was listed.
            return false;
        }
        file = next;
        offset = 0;
        bytes.clear().flip();
        return true;
    }

    private Entry decode() {
        int at = bytes.position() + SpoolFormat.RECORD_HEAD;
        int end = at + bytes.getInt(bytes.position());
        int appBytes = bytes.getInt(at + 16);
        int app = at + SpoolFormat.FIXED;
        int line = app + appBytes;
        return new Entry(
                bytes.getLong(at),
                new String(bytes.array(), app, appBytes, StandardCharsets.UTF_8),
                bytes.getLong(at + 8),
                new String(bytes.array(), line, end - line, StandardCharsets.ISO_8859_1));
    }

    /// A place in the spool: number of the file and offset in it.
    public record Position(long file, long offset) {
        public static final Position START = new Position(0, 0);
    }

    /// One request line. `sequence` grows by one per record.
    ///
    /// @param line the bytes of the line as ISO-8859-1, one char per byte
    public record Entry(long sequence, String app, long epochMicros, String line) {}
}
