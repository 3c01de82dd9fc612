package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoOutput.Line;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The reading of conmon's log files, without conmon.
class LogTest {
    private static final String STAMP = "2026-11-23T14:04:52.148267217+00:00 ";

    @TempDir Path directory;

    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicLong written = new AtomicLong();

    @Test
    void partsAreJoinedPerStream() {
        List<Line> lines = new ArrayList<>();

        parse(lines, "stdout P one ", "stderr P bad ", "stdout F two", "stderr F news");

        assertThat(lines).extracting(Line::text).containsExactly("one two", "bad news");
        assertThat(lines.getFirst().time())
                .isEqualTo(Instant.parse("2026-11-23T14:04:52.148267217Z"));
    }

    @Test
    void tornRecordsAreSkipped() {
        List<Line> lines = new ArrayList<>();

        parse(lines, "stdout F whole", "std");

        assertThat(lines).extracting(Line::text).containsExactly("whole");
    }

    @Test
    void plainOutputIsLinesWithTheTimeOfTheirReading() {
        Instant now = Instant.parse("2026-11-26T10:00:00Z");
        RawLines parser = new RawLines(() -> now);
        List<Line> lines = new ArrayList<>();

        parser.parse(plain("one\ntw"), 0, lines);
        parser.parse(plain("o\nthr"), 6, lines);
        parser.end(11, lines);

        assertThat(lines)
                .containsExactly(
                        new Line(4, now, "one"), new Line(8, now, "two"), new Line(11, now, "thr"));
    }

    @Test
    void plainLineWithoutEndIsCutBeforeItFillsTheMemory() {
        RawLines parser = new RawLines(() -> Instant.EPOCH);
        List<Line> lines = new ArrayList<>();

        parser.parse(plain("x".repeat(100_000)), 0, lines);

        assertThat(lines)
                .singleElement()
                .satisfies(line -> assertThat(line.text()).hasSize(65_536));
    }

    private static ByteBuffer plain(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void parse(List<Line> into, String... records) {
        LogParser parser = new LogParser();
        StringBuilder text = new StringBuilder();
        for (String record : records) {
            text.append(STAMP).append(record).append('\n');
        }
        parser.parse(
                ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.ISO_8859_1)), 0, into);
    }

    @Test
    void cursorLeadsToTheNextLine() throws IOException {
        write("stdout F one", "stdout F two", "stdout F three");
        Line first = log(0).read(Duration.ZERO).getFirst();

        assertThat(log(first.cursor()).read(Duration.ZERO))
                .extracting(Line::text)
                .containsExactly("two", "three");
    }

    @Test
    void fileThatConmonLeftIsReadToItsEnd() throws IOException {
        ConmonLog log = log(0);
        write("stdout F one");
        assertThat(texts(log)).containsExactly("one");
        append("stdout F two");
        rotate("stdout F three");

        assertThat(texts(log)).containsExactly("two", "three");
        assertThat(log.lost()).isZero();
    }

    @Test
    void whatConmonThrewAwayIsCounted() throws IOException {
        LogFiles files =
                new LogFiles(directory.resolve("log"), 0, () -> OptionalLong.of(written.get()));
        ConmonLog log = new ConmonLog(files, 0, new LogParser(), ended::get);
        write("stdout F one");
        assertThat(texts(log)).containsExactly("one");
        rotate("stdout F lost");
        written.addAndGet(Conmon.LOG_BYTES);
        rotate("stdout F three");

        assertThat(texts(log)).containsExactly("three");
        assertThat(log.lost()).isGreaterThan(Conmon.LOG_BYTES / 100);
    }

    @Test
    void whatASlowReaderCameTooLateForIsCountedToo() throws IOException {
        LogFiles files =
                new LogFiles(directory.resolve("log"), 0, () -> OptionalLong.of(written.get()));
        ConmonLog log = new ConmonLog(files, 0, new LogParser(), ended::get);
        write("stdout F 0");
        assertThat(texts(log)).containsExactly("0");
        for (int i = 1; i <= 4; i++) {
            written.addAndGet(Conmon.LOG_BYTES);
            rotate("stdout F " + i);
            files.keep();
        }

        assertThat(texts(log)).containsExactly("3", "4");

        long line = (STAMP + "stdout F 0\n").length();
        assertThat(log.lost()).isEqualTo((4 * Conmon.LOG_BYTES + 2 * line) / line);
        assertThat(log.lost()).isZero();
    }

    @Test
    void lastLineNeedsNoEnd() throws IOException {
        ConmonLog log = log(0);
        write("stdout F one", "stdout P unfinished");
        assertThat(texts(log)).containsExactly("one");
        assertThat(log.ended()).isFalse();
        ended.set(true);

        assertThat(texts(log)).containsExactly("unfinished");
        assertThat(log.ended()).isTrue();
    }

    private ConmonLog log(long cursor) {
        return new ConmonLog(
                new LogFiles(directory.resolve("log"), 0, OptionalLong::empty),
                cursor,
                new LogParser(),
                ended::get);
    }

    private static List<String> texts(ConmonLog log) {
        return log.read(Duration.ZERO).stream().map(Line::text).toList();
    }

    private void write(String... records) throws IOException {
        for (String record : records) {
            append(record);
        }
    }

    private void append(String record) throws IOException {
        String line = STAMP + record + "\n";
        Path file = directory.resolve("log");
        Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        written.addAndGet(line.length());
    }

    /// As conmon does: the new file takes the name of the old one.
    private void rotate(String record) throws IOException {
        String line = STAMP + record + "\n";
        Path fresh = Files.writeString(directory.resolve("log.tmp"), line);
        Files.move(fresh, directory.resolve("log"), StandardCopyOption.REPLACE_EXISTING);
        written.addAndGet(line.length());
    }
}
