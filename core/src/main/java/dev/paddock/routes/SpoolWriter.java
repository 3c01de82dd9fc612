package dev.paddock.routes;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The router's end of the request-line spool: memory-mapped files in one directory, rotated at 64 MB, at most 1 GB
/// kept. What was appended survives the death of the router. For one thread.
public final class SpoolWriter implements AutoCloseable {
    private static final long FILE_BYTES = 64L << 20;
    private static final int FILES_KEPT = 16;

    /// The file's blocks are allocated ahead by ordinary writes: a write to a mapped hole on a full disk would be a
    /// fault in the middle of the data path, this is an exception.
    private static final int ALLOCATION_BYTES = 1 << 20;

    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT_UNALIGNED =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final VarHandle LENGTH = INT.varHandle();

    /// One writes, one drains, one starts anew; a machine that holds more has other troubles.
    private static final int MOST_WRITERS = 8;

    private final @Nullable FileChannel lock;
    private final Path directory;
    private final long fileBytes;
    private final int filesKept;
    private final CRC32C checksum = new CRC32C();
    private long sequence;
    private @Nullable Mapped current;

    /// Continues behind what the newest file of the directory holds.
    public SpoolWriter(Path directory) throws IOException {
        this(directory, FILE_BYTES, FILES_KEPT);
    }

    SpoolWriter(Path directory, long fileBytes, int filesKept) throws IOException {
        this(directory, fileBytes, filesKept, null);
    }

    /// The first spool below this directory (`spool`, `spool-2`, ...) that no living process writes to: a router that
    /// takes over begins before the older one has written its last line.
    ///
    /// @throws IOException when there is none, or it cannot be written
    public static SpoolWriter openFree(Path parent) throws IOException {
        for (int number = 1; number <= MOST_WRITERS; number++) {
            Path directory = parent.resolve(number == 1 ? "spool" : "spool-" + number);
            Files.createDirectories(directory);
            FileChannel lock =
                    FileChannel.open(
                            directory.resolve("lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            if (lock.tryLock() != null) {
                return new SpoolWriter(directory, FILE_BYTES, FILES_KEPT, lock);
            }
            lock.close();
        }
        throw new IOException(
                "all " + MOST_WRITERS + " spools in " + parent + " are in use; stop those routers");
    }

    /// @param lock held until the writer is closed
    private SpoolWriter(Path directory, long fileBytes, int filesKept, @Nullable FileChannel lock)
            throws IOException {
        this.lock = lock;
        this.directory = directory;
        this.fileBytes = fileBytes;
        this.filesKept = filesKept;
        Files.createDirectories(directory);
        List<Long> files = SpoolFormat.files(directory);
        if (files.isEmpty()) {
            sequence = 1;
            rotate();
        } else {
            resume(files.getLast());
        }
    }

    /// Appends one request line of an app. `app` is the UUID of the app from its [AppRoute#id()]. When the disk is
    /// full the line is lost, and its sequence number is skipped, by which the reader counts it.
    public void append(String app, long epochMicros, byte[] line, int length) {
        byte[] appBytes = app.getBytes(StandardCharsets.UTF_8);
        if (appBytes.length > SpoolFormat.MAX_APP_BYTES) {
            throw new IllegalArgumentException("no id of an app: " + app);
        }
        int lineBytes = Math.min(length, SpoolFormat.MAX_LINE_BYTES);
        int body = SpoolFormat.FIXED + appBytes.length + lineBytes;
        int whole = SpoolFormat.padded(SpoolFormat.RECORD_HEAD + body);
        long number = sequence++;
        Mapped file = roomFor(whole, number);
        if (file == null) {
            return;
        }
        MemorySegment memory = file.memory;
        long at = file.end + SpoolFormat.RECORD_HEAD;
        memory.set(LONG, at, number);
        memory.set(LONG, at + 8, epochMicros);
        memory.set(INT, at + 16, appBytes.length);
        at += SpoolFormat.FIXED;
        MemorySegment.copy(appBytes, 0, memory, ValueLayout.JAVA_BYTE, at, appBytes.length);
        MemorySegment.copy(line, 0, memory, ValueLayout.JAVA_BYTE, at + appBytes.length, lineBytes);
        checksum.reset();
        checksum.update(file.bytes.slice((int) file.end + SpoolFormat.RECORD_HEAD, body));
        memory.set(INT_UNALIGNED, file.end + 4, (int) checksum.getValue());
        LENGTH.setRelease(memory, file.end, body);
        file.end += whole;
    }

    @Override
    public void close() {
        closeFile();
        if (lock != null) {
            try {
                lock.close();
            } catch (IOException _) {
                // The lock ends with this process at the latest.
            }
        }
    }

    private void closeFile() {
        if (current != null) {
            current.close();
            current = null;
        }
    }

    private @Nullable Mapped roomFor(int whole, long number) {
        try {
            if (current != null && current.end + whole + SpoolFormat.RECORD_HEAD > fileBytes) {
                closeFile();
            }
            if (current == null) {
                sequence = number;
                rotate();
                sequence = number + 1;
            }
            Mapped file = current;
            return file != null && file.allocate(whole) ? file : null;
        } catch (IOException _) {
            // The disk is full or gone; the next line tries again.
            return null;
        }
    }

    /// Starts a file whose first record is the next one, and deletes the oldest files.
    private void rotate() throws IOException {
        List<Long> files = SpoolFormat.files(directory);
        for (int i = 0; i < files.size() - (filesKept - 1); i++) {
            Files.deleteIfExists(SpoolFormat.file(directory, files.get(i)));
        }
        Path file = SpoolFormat.file(directory, sequence);
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            channel.truncate(0);
        }
        current = new Mapped(file, 0, fileBytes);
    }

    private void resume(long firstSequence) throws IOException {
        Path file = SpoolFormat.file(directory, firstSequence);
        long end = 0;
        sequence = firstSequence;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(SpoolFormat.MAX_RECORD_BYTES);
            while (true) {
                bytes.clear();
                channel.read(bytes, end);
                bytes.flip();
                int whole;
                while ((whole = SpoolFormat.recordAt(bytes)) > 0) {
                    sequence = SpoolFormat.sequenceAt(bytes) + 1;
                    bytes.position(bytes.position() + whole);
                    end += whole;
                }
                if (bytes.position() == 0) {
                    break;
                }
            }
        }
        current = new Mapped(file, end, fileBytes);
    }

    /// One file in memory.
    private static final class Mapped {
        private final Arena arena = Arena.ofShared();
        private final FileChannel channel;
        private final MemorySegment memory;
        private final ByteBuffer bytes;
        private long end;
        private long allocated;

        /// Whatever lies behind `end` is cut away, so that it can never look like records again.
        Mapped(Path file, long end, long fileBytes) throws IOException {
            channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            channel.truncate(end);
            long size = Math.max(fileBytes, end + SpoolFormat.RECORD_HEAD);
            memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
            bytes = memory.asByteBuffer();
            this.end = end;
            this.allocated = end;
        }

        /// Whether the record and the zeros of the next length will have blocks on the disk.
        boolean allocate(int whole) throws IOException {
            long wanted = Math.min(end + whole + SpoolFormat.RECORD_HEAD, memory.byteSize());
            while (allocated < wanted) {
                long step = Math.min(ALLOCATION_BYTES, memory.byteSize() - allocated);
                ByteBuffer zeros = ByteBuffer.allocate((int) step);
                while (zeros.hasRemaining()) {
                    allocated += channel.write(zeros, allocated);
                }
            }
            return end + whole <= allocated;
        }

        void close() {
            arena.close();
            try {
                channel.close();
            } catch (IOException _) {
                // Nothing is buffered in the channel, so nothing is lost.
            }
        }
    }
}
