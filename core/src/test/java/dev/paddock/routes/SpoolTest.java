package dev.paddock.routes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.SpoolReader.Entry;
import dev.paddock.routes.SpoolReader.Position;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
    private static final String APP = "01234567-89ab-cdef-0123-456789abcdef";
    private static final long SMALL_FILE = 1024;

    @TempDir Path directory;

    @Test
    void linesArriveInOrderAsWritten() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory);
                SpoolReader reader = new SpoolReader(directory, Position.START)) {
            assertThat(read(reader)).isEmpty();

            append(writer, "at=info path=\"/caf\u00e9\"", "second");

            assertThat(read(reader))
                    .containsExactly(
                            new Entry(1, APP, 42, "at=info path=\"/caf\u00e9\""),
                            new Entry(2, APP, 42, "second"));
            append(writer, "third");
            assertThat(read(reader)).extracting(Entry::line).containsExactly("third");
            assertThat(reader.lost()).isZero();
        }
    }

    @Test
    void limitIsKeptAndTheRestComesLater() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory);
                SpoolReader reader = new SpoolReader(directory, Position.START)) {
            append(writer, "a", "b", "c");
            List<Entry> entries = new ArrayList<>();

            assertThat(reader.read(2, entries::add)).isEqualTo(2);
            assertThat(reader.read(2, entries::add)).isEqualTo(1);

            assertThat(entries).extracting(Entry::line).containsExactly("a", "b", "c");
        }
    }

    @Test
    void readerGoesOnBehindItsStoredPosition() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory, SMALL_FILE, 100)) {
            List<String> seen = new ArrayList<>();
            Position position = Position.START;
            for (int round = 0; round < 40; round++) {
                append(writer, "line " + round + " a", "line " + round + " b");
                try (SpoolReader reader = new SpoolReader(directory, position)) {
                    reader.read(2, entry -> seen.add(entry.line()));
                    position = reader.position();
                    assertThat(reader.lost()).isZero();
                }
            }
            assertThat(seen).hasSize(80).doesNotHaveDuplicates().endsWith("line 39 b");
            assertThat(SpoolFormat.files(directory)).hasSizeGreaterThan(3);
        }
    }

    @Test
    void writerThatDiedLosesNothingAndNumbersGoOn() throws IOException {
        // The first writer is never closed, as when its process is killed.
        SpoolWriter died = new SpoolWriter(directory, SMALL_FILE, 100);
        append(died, "a", "b");

        try (SpoolWriter writer = new SpoolWriter(directory, SMALL_FILE, 100);
                SpoolReader reader = new SpoolReader(directory, Position.START)) {
            append(writer, "c");

            assertThat(read(reader)).extracting(Entry::sequence).containsExactly(1L, 2L, 3L);
            assertThat(reader.lost()).isZero();
        }
        died.close();
    }

    @Test
    void tornRecordIsCutAway() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory, SMALL_FILE, 100)) {
            append(writer, "whole", "torn by a power failure", "behind it");
        }
        try (RandomAccessFile file =
                new RandomAccessFile(SpoolFormat.file(directory, 1).toFile(), "rw")) {
            int firstRecord = SpoolFormat.padded(SpoolFormat.RECORD_HEAD + 20 + 36 + 5);
            file.seek(firstRecord + SpoolFormat.RECORD_HEAD + 20 + 36);
            file.write(0);
        }

        try (SpoolWriter writer = new SpoolWriter(directory, SMALL_FILE, 100);
                SpoolReader reader = new SpoolReader(directory, Position.START)) {
            append(writer, "new");

            assertThat(read(reader)).extracting(Entry::line).containsExactly("whole", "new");
        }
    }

    @Test
    void laggingReaderIsToldHowManyLinesAreGone() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory, SMALL_FILE, 2)) {
            append(writer, "seen");
            SpoolReader reader = new SpoolReader(directory, Position.START);
            assertThat(read(reader)).hasSize(1);
            Position position = reader.position();
            reader.close();

            for (int i = 0; i < 100; i++) {
                append(writer, "line " + i);
            }

            assertThat(SpoolFormat.files(directory)).hasSize(2);
            try (SpoolReader late = new SpoolReader(directory, position)) {
                List<Entry> rest = read(late);
                assertThat(rest.getLast().line()).isEqualTo("line 99");
                assertThat(late.lost()).isPositive().isEqualTo(100 - rest.size());
            }
        }
    }

    @Test
    void openFileIsReadToItsEndThoughTheWriterDeletedIt() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory, SMALL_FILE, 2);
                SpoolReader reader = new SpoolReader(directory, Position.START)) {
            append(writer, "first");
            assertThat(read(reader)).hasSize(1);
            for (int i = 0; i < 100; i++) {
                append(writer, "line " + i);
            }

            List<Entry> rest = read(reader);

            assertThat(rest.getFirst().sequence()).isEqualTo(2);
            assertThat(rest.size() + reader.lost()).isEqualTo(100);
        }
    }

    @Test
    void spoolBegunAnewIsReadFromItsStart() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory);
                SpoolReader reader = new SpoolReader(directory, new Position(1000, 50))) {
            append(writer, "new life");

            assertThat(read(reader)).extracting(Entry::line).containsExactly("new life");
            assertThat(reader.lost()).isZero();
        }
    }

    @Test
    void longLineIsCut() throws IOException {
        try (SpoolWriter writer = new SpoolWriter(directory);
                SpoolReader reader = new SpoolReader(directory, Position.START)) {
            byte[] line = "x".repeat(100_000).getBytes(StandardCharsets.ISO_8859_1);
            writer.append(APP, 1, line, line.length);
            append(writer, "next");

            assertThat(read(reader))
                    .extracting(entry -> entry.line().length())
                    .containsExactly(SpoolFormat.MAX_LINE_BYTES, 4);
        }
    }

    @Test
    void filesAreForTheirOwnerOnly() throws IOException {
        new SpoolWriter(directory).close();

        assertThat(Files.getPosixFilePermissions(SpoolFormat.file(directory, 1)))
                .allMatch(permission -> permission.name().startsWith("OWNER"));
    }

    @Test
    void anyInterleavingOfWritesReadsAndRestartsLosesAndDoublesNothing() throws IOException {
        long seed = 4711;
        Random random = new Random(seed);
        SpoolWriter writer = new SpoolWriter(directory, 4096, 1000);
        SpoolReader reader = new SpoolReader(directory, Position.START);
        List<Long> seen = new ArrayList<>();
        int written = 0;
        for (int step = 0; step < 3000; step++) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    writer.close();
                    writer = new SpoolWriter(directory, 4096, 1000);
                }
                case 1 -> {
                    Position position = reader.position();
                    reader.close();
                    reader = new SpoolReader(directory, position);
                }
                case 2, 3 -> reader.read(random.nextInt(5), entry -> seen.add(entry.sequence()));
                default -> {
                    append(writer, "x".repeat(random.nextInt(700)));
                    written++;
                }
            }
        }
        reader.read(Integer.MAX_VALUE, entry -> seen.add(entry.sequence()));

        assertThat(seen).as("seed %d", seed).hasSize(written).isSorted().doesNotHaveDuplicates();
        assertThat(reader.lost()).isZero();
        reader.close();
        writer.close();
    }

    private static void append(SpoolWriter writer, String... lines) {
        for (String line : lines) {
            byte[] bytes = line.getBytes(StandardCharsets.ISO_8859_1);
            writer.append(APP, 42, bytes, bytes.length);
        }
    }

    private static List<Entry> read(SpoolReader reader) throws IOException {
        List<Entry> entries = new ArrayList<>();
        reader.read(Integer.MAX_VALUE, entries::add);
        return entries;
    }
}
