package dev.paddock.logs;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// The segment files of one app's log. A file is named after the cursor of its first byte, and begins with
/// checkpoints: the number of its first line and the positions of all dynos, so that the newest file alone tells
/// where to go on. Owned by its [AppLog].
final class Segments {
    /// With [#KEPT], 3 to 4 MB of history: 1,500 lines of 2 KB each.
    static final int BYTES = 1 << 20;

    private static final int KEPT = 4;
    private static final String SUFFIX = ".log";

    private final Path directory;
    private final List<Long> bases = new ArrayList<>();

    Segments(Path directory) {
        this.directory = directory;
    }

    boolean isEmpty() {
        return bases.isEmpty();
    }

    long newest() {
        return bases.getLast();
    }

    Path file(long base) {
        return file(directory, base);
    }

    private static Path file(Path directory, long base) {
        return directory.resolve(String.format(Locale.ROOT, "%020d" + SUFFIX, base));
    }

    Snapshot snapshot() {
        return new Snapshot(directory, List.copyOf(bases));
    }

    void list() throws IOException {
        bases.clear();
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.matches("\\d{20}\\" + SUFFIX))
                    .map(name -> Long.valueOf(name.substring(0, 20)))
                    .sorted()
                    .forEach(bases::add);
        }
    }

    /// Begins the segment at `base` and deletes the oldest; returns the length of its checkpoints. The file appears
    /// under its name with all of them or not at all.
    long begin(long base, long sequence, List<DynoPosition> positions) throws IOException {
        ByteBuffer head = ByteBuffer.allocate((positions.size() + 1) * LogRecord.MAX_OVERHEAD);
        LogRecord.checkpoint(sequence, Optional.empty()).encode(head);
        positions.forEach(
                position -> LogRecord.checkpoint(sequence, Optional.of(position)).encode(head));
        Files.createDirectories(directory);
        Path temporary = directory.resolve("next");
        try (RandomAccessFile out = new RandomAccessFile(temporary.toFile(), "rw")) {
            out.setLength(0);
            out.write(head.array(), 0, head.position());
        }
        Files.move(temporary, file(base), StandardCopyOption.ATOMIC_MOVE);
        bases.add(base);
        while (bases.size() > KEPT) {
            Files.deleteIfExists(file(bases.removeFirst()));
        }
        return head.position();
    }

    Scan scan(long base) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file(base)));
        int read = 0;
        int whole = 0;
        long nextSequence = 0;
        List<DynoPosition> positions = new ArrayList<>();
        for (LogRecord record : LogRecord.decodeAll(bytes)) {
            read += record.bytes();
            record.position().ifPresent(positions::add);
            if (!record.unfinished()) {
                whole = read;
                nextSequence = record.checkpoint() ? record.sequence() : record.sequence() + 1;
            }
        }
        return new Scan(whole, nextSequence, positions);
    }

    void cut(long base, int length) throws IOException {
        if (Files.size(file(base)) > length) {
            try (RandomAccessFile file = new RandomAccessFile(file(base).toFile(), "rw")) {
                file.setLength(length);
            }
        }
    }

    void dropNewest() throws IOException {
        Files.deleteIfExists(file(bases.removeLast()));
    }

    void delete() {
        bases.clear();
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Could not delete the log in " + directory, e);
        }
    }

    /// What a segment holds.
    ///
    /// @param whole bytes up to the end of the last whole line
    record Scan(int whole, long nextSequence, List<DynoPosition> positions) {}

    /// Which segments there were at some moment, oldest first; any but the newest may be deleted since.
    record Snapshot(Path directory, List<Long> bases) {
        Path file(int index) {
            return Segments.file(directory, bases.get(index));
        }
    }
}
