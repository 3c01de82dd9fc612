package dev.paddock.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogHubTest {
    private static final Instant TIME = Instant.parse("2010-09-16T15:13:46.677020Z");
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir Path directory;
    private final AppId app = AppId.random();
    private LogHub hub;

    @BeforeEach
    void open() {
        hub = new LogHub(directory.resolve("logs"));
    }

    @AfterEach
    void close() {
        hub.close();
    }

    /// What kill -9 leaves is what lies in the files at any moment: nothing is flushed by closing.
    private void reopen() {
        hub = new LogHub(directory.resolve("logs"));
    }

    private LogLine line(String process, String text) {
        LogSource source = process.equals("router") ? LogSource.HEROKU : LogSource.APP;
        return new LogLine(app, TIME, source, process, text);
    }

    private void write(String... texts) {
        for (String text : texts) {
            hub.write(line("web.1", text));
        }
    }

    private List<String> history() {
        return texts(hub.last(app, LogFilter.ALL, LogHub.HISTORY_LINES));
    }

    private static List<String> texts(List<LogHub.Entry> entries) {
        return entries.stream().map(entry -> entry.line().text()).toList();
    }

    @Test
    void lineIsShownWithSixDigitsOfASecond() {
        write("Hello");
        hub.write(
                new LogLine(
                        app,
                        Instant.parse("2026-01-01T00:00:00Z"),
                        LogSource.HEROKU,
                        "router",
                        "at=info"));

        assertThat(hub.last(app, LogFilter.ALL, 10))
                .extracting(LogHub.Entry::format)
                .containsExactly(
                        "2010-09-16T15:13:46.677020+00:00 app[web.1]: Hello",
                        "2026-01-01T00:00:00.000000+00:00 heroku[router]: at=info");
    }

    @Test
    void lastGivesTheNewestThatMatchOldestFirst() {
        for (int i = 0; i < 50; i++) {
            hub.write(line("web.1", "web " + i));
            hub.write(line("web.2", "web too " + i));
            hub.write(line("worker.1", "worker " + i));
            hub.write(line("router", "router " + i));
        }

        assertThat(texts(hub.last(app, filter(null, "web.1"), 2)))
                .containsExactly("web 48", "web 49");
        assertThat(texts(hub.last(app, filter(null, "web"), 3)))
                .containsExactly("web too 48", "web 49", "web too 49");
        assertThat(texts(hub.last(app, filter(LogSource.HEROKU, null), 1)))
                .containsExactly("router 49");
        assertThat(texts(hub.last(app, filter(LogSource.APP, "router"), 1))).isEmpty();
        assertThat(hub.last(app, LogFilter.ALL, 0)).isEmpty();
        assertThat(hub.last(AppId.random(), LogFilter.ALL, 10)).isEmpty();
    }

    private static LogFilter filter(
            @org.jspecify.annotations.Nullable LogSource source,
            @org.jspecify.annotations.Nullable String process) {
        return new LogFilter(Optional.ofNullable(source), Optional.ofNullable(process));
    }

    @Test
    void historyIsBoundedByBytesAndKeepsAtLeast1500UsualLines() throws IOException {
        String text = "x".repeat(1_000);
        long cursor = 0;
        for (int i = 0; i < 20_000; i++) {
            write(i + text);
            if (i % 1_000 == 0) {
                assertThat(hub.end(app)).isGreaterThan(cursor);
                cursor = hub.end(app);
            }
        }

        List<String> history = history();
        assertThat(history).hasSize(1500);
        assertThat(history.getFirst()).isEqualTo(18_500 + text);
        assertThat(history.getLast()).isEqualTo(19_999 + text);
        assertThat(bytesBelow(directory)).isLessThan(5L << 20);
    }

    private static long bytesBelow(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    @Test
    void linesAndCursorsSurviveTheProcess() {
        write("one", "", "two");
        long end = hub.end(app);

        reopen();

        assertThat(history()).containsExactly("one", "", "two");
        assertThat(hub.end(app)).isEqualTo(end);
        write("three");
        assertThat(hub.end(app)).isGreaterThan(end);
        assertThat(history()).containsExactly("one", "", "two", "three");
    }

    @Test
    void recordTornAtAnyByteIsDroppedAndWritingGoesOn() throws Exception {
        write("one");
        long whole = hub.end(app);
        // Torn lines of several pieces leave no piece behind.
        write("two" + "x".repeat(2 * LogLine.MAX_BYTES));
        Path segment = segment();
        byte[] bytes = Files.readAllBytes(segment);

        for (int length = (int) whole; length < bytes.length; length += 1 + length / 60) {
            Files.write(segment, java.util.Arrays.copyOf(bytes, length));
            reopen();

            assertThat(history()).as("torn at " + length).containsExactly("one");
            try (LogFollower follower = hub.follow(app, LogFilter.ALL, whole)) {
                write("three");
                assertThat(texts(follower.read(LONG))).containsExactly("three");
            }
            assertThat(history()).containsExactly("one", "three");
            hub.close();
        }
        reopen();
    }

    private Path segment() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("logs").resolve(app.toString()))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .sorted()
                    .toList()
                    .getLast();
        }
    }

    @Test
    void damagedBytesCostTheirLinesOnly() throws Exception {
        String text = "x".repeat(10_000);
        for (int i = 0; i < 250; i++) {
            write(i + "" + text.substring(3));
        }
        Path oldest =
                directory.resolve("logs").resolve(app.toString()).resolve("0".repeat(20) + ".log");
        byte[] bytes = Files.readAllBytes(oldest);
        bytes[500_000] ^= 1;
        Files.write(oldest, bytes);

        try (LogFollower follower = hub.follow(app, LogFilter.ALL, 0)) {
            List<String> seen = new ArrayList<>();
            while (seen.isEmpty() || !seen.getLast().startsWith("249")) {
                seen.addAll(texts(follower.read(LONG)));
            }
            assertThat(seen).filteredOn(line -> line.contains("Error L11")).hasSize(1);
            assertThat(seen).hasSizeBetween(190, 250);
        }
    }

    @Test
    void followerGetsWhatComesAndWaitsForIt() throws Exception {
        write("before");
        try (LogFollower follower = hub.follow(app, LogFilter.ALL, hub.end(app));
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(follower.read(Duration.ZERO)).isEmpty();

            Future<List<LogHub.Entry>> next = executor.submit(() -> follower.read(LONG));
            write("after");

            assertThat(texts(next.get())).containsExactly("after");
        }
    }

    @Test
    void followerGoesOnBehindAnyCursor() throws Exception {
        write("one", "two", "three");
        List<LogHub.Entry> entries = hub.last(app, LogFilter.ALL, 3);

        assertThat(follow(0)).containsExactly("one", "two", "three");
        assertThat(follow(-7)).containsExactly("one", "two", "three");
        assertThat(follow(entries.get(0).cursor())).containsExactly("two", "three");
        assertThat(follow(entries.get(0).cursor() + 1)).containsExactly("three");
        assertThat(follow(entries.get(2).cursor())).isEmpty();
        assertThat(follow(Long.MAX_VALUE)).isEmpty();
        assertThat(hub.follow(AppId.random(), LogFilter.ALL, -1).read(Duration.ZERO)).isEmpty();
    }

    private List<String> follow(long cursor) throws InterruptedException {
        try (LogFollower follower = hub.follow(app, LogFilter.ALL, cursor)) {
            return texts(follower.read(Duration.ZERO));
        }
    }

    @Test
    void filteredFollowerSkipsTheOthers() throws Exception {
        LogFilter filter = filter(LogSource.HEROKU, null);
        try (LogFollower follower = hub.follow(app, filter, hub.end(app))) {
            IntStream.range(0, 5_000).forEach(i -> write("noise " + i));
            hub.write(line("router", "at=info"));

            assertThat(texts(follower.read(LONG))).containsExactly("at=info");
        }
    }

    @Test
    void slowFollowerIsToldHowManyLinesItMissed() throws Exception {
        String text = "x".repeat(1_000);
        write("first");
        try (LogFollower follower = hub.follow(app, LogFilter.ALL, 0)) {
            assertThat(texts(follower.read(LONG))).containsExactly("first");
            int count = 10_000;
            IntStream.range(0, count).forEach(i -> write(i + text));

            List<LogHub.Entry> entries = new ArrayList<>(follower.read(LONG));
            while (!entries.getLast().line().text().equals(count - 1 + text)) {
                entries.addAll(follower.read(LONG));
            }

            assertThat(entries.getFirst().format())
                    .contains(
                            " heroku[logplex]: Error L11 (Tail buffer overflow) -> This tail session dropped "
                                    + (count - (entries.size() - 1))
                                    + " messages since 2010-09-16T15:13:46+00:00");
            assertThat(entries).filteredOn(entry -> entry.line().text().contains("L11")).hasSize(1);
            assertThat(follow(entries.getFirst().cursor()).getFirst())
                    .isEqualTo(entries.get(1).line().text());
        }
    }

    @Test
    void removedLogLeavesNothingAndTakesNothing() throws Exception {
        write("one");
        try (LogFollower follower = hub.follow(app, LogFilter.ALL, hub.end(app));
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<LogHub.Entry>> waiting = executor.submit(() -> follower.read(LONG));

            hub.remove(app);
            write("late");

            assertThat(waiting.get()).isEmpty();
            assertThat(follower.ended()).isTrue();
        }
        assertThat(history()).isEmpty();
        assertThat(directory.resolve("logs")).isEmptyDirectory();
    }

    @Test
    void logsOfUnknownAppsAreSweptAtStart() {
        write("one");
        AppId gone = AppId.random();
        hub.write(LogLine.of(gone, TIME, LogSource.APP, "web.1", "two"));

        reopen();
        hub.keepOnly(Set.of(app));

        assertThat(directory.resolve("logs").resolve(gone.toString())).doesNotExist();
        assertThat(history()).containsExactly("one");
    }

    @Test
    void closedHubEndsFollowers() throws Exception {
        try (LogFollower follower = hub.follow(app, LogFilter.ALL, 0)) {
            hub.close();

            assertThat(follower.read(LONG)).isEmpty();
            assertThat(follower.ended()).isTrue();
        }
    }

    @Test
    void whatTheDiskDoesNotTakeIsCountedAndTold() throws IOException {
        Path inTheWay = directory.resolve("logs").resolve(app.toString());
        Files.writeString(inTheWay, "");
        write("one", "two");

        Files.delete(inTheWay);
        write("three", "four");

        assertThat(history())
                .containsExactly(
                        "Error L12 (Local buffer overflow) -> dropped 2 messages since"
                                + " 2010-09-16T15:13:46+00:00",
                        "three",
                        "four");
    }

    @Test
    void linesOfOneWriterStayInOrder() throws Exception {
        int writers = 8;
        int lines = 2_000;
        CountDownLatch start = new CountDownLatch(1);
        List<Future<?>> done = new ArrayList<>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor();
                LogFollower follower = hub.follow(app, LogFilter.ALL, 0)) {
            for (int writer = 1; writer <= writers; writer++) {
                String process = "web." + writer;
                done.add(
                        executor.submit(() -> {
                            start.await();
                            for (int i = 0; i < lines; i++) {
                                hub.write(line(process, String.valueOf(i)));
                            }
                            return null;
                        }));
            }
            start.countDown();

            for (Future<?> writer : done) {
                writer.get();
            }
            List<LogHub.Entry> seen = new ArrayList<>();
            while (seen.size() < writers * lines) {
                seen.addAll(follower.read(LONG));
            }
            List<String> expected = IntStream.range(0, lines).mapToObj(String::valueOf).toList();
            for (int writer = 1; writer <= writers; writer++) {
                String process = "web." + writer;
                assertThat(seen)
                        .filteredOn(entry -> entry.line().process().equals(process))
                        .extracting(entry -> entry.line().text())
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void openFilesStayBounded() throws IOException {
        List<AppId> apps = Stream.generate(AppId::random).limit(400).toList();
        for (int round = 0; round < 2; round++) {
            for (AppId each : apps) {
                hub.write(LogLine.of(each, TIME, LogSource.APP, "web.1", "round " + round));
            }
        }

        assertThat(openFiles()).isLessThan(300);
        assertThat(apps)
                .allMatch(each ->
                        texts(hub.last(each, LogFilter.ALL, 9))
                                .equals(List.of("round 0", "round 1")));
    }

    private long openFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(file -> file.toFile().exists()).count();
        }
    }

    @Test
    void manyWritersTogetherStoreManyLines() throws Exception {
        int writers = 8;
        int lines = 50_000;
        List<AppId> apps = Stream.generate(AppId::random).limit(100).toList();
        String text = "at=info method=GET path=/ status=200 " + "x".repeat(60);
        long begin = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            int first = writer;
            Runnable writing =
                    () ->
                            IntStream.range(first, first + lines)
                                    .mapToObj(i -> apps.get(i % apps.size()))
                                    .map(to ->
                                            new LogLine(to, TIME, LogSource.HEROKU, "router", text))
                                    .forEach(hub::write);
            threads.add(Thread.ofVirtual().start(writing));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        long before = System.nanoTime();
        int shown = hub.last(apps.getFirst(), LogFilter.ALL, LogHub.HISTORY_LINES).size();

        System.out.printf(
                "LogHub: %,.0f lines/s; %d lines of history read in %.1f ms%n",
                writers * lines / seconds, shown, (System.nanoTime() - before) / 1e6);
        assertThat(shown).isEqualTo(LogHub.HISTORY_LINES);
    }
}
