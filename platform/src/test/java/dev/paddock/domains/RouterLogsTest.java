package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.AppId;
import dev.paddock.logs.LogFilter;
import dev.paddock.logs.LogHub;
import dev.paddock.routes.SpoolWriter;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RouterLogsTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Instant TIME = Instant.parse("2026-11-24T08:00:00.123456Z");

    @TempDir Path directory;
    private final AppId app = AppId.random();
    private Database database;
    private SpoolWriter router;
    private LogHub hub;
    private RouterLogs logs;

    @BeforeEach
    void start() throws IOException {
        database = TestDatabase.fresh();
        router = new SpoolWriter(directory.resolve("spool"));
        startPlatform();
    }

    private void startPlatform() {
        hub = new LogHub(directory.resolve("logs"));
        logs = new RouterLogs(directory.resolve("spool"), database, hub);
        logs.start();
    }

    @AfterEach
    void stop() {
        logs.close();
        hub.close();
        router.close();
    }

    private void request(int number) {
        append(app.toString(), "at=info number=" + number);
    }

    private void append(String to, String text) {
        byte[] line = text.getBytes(StandardCharsets.ISO_8859_1);
        router.append(to, TIME.getEpochSecond() * 1_000_000 + 123_456, line, line.length);
    }

    private List<String> history() {
        return hub.last(app, LogFilter.ALL, LogHub.HISTORY_LINES).stream()
                .map(entry -> entry.line().text())
                .toList();
    }

    private static List<String> requests(int count) {
        return IntStream.range(0, count).mapToObj(i -> "at=info number=" + i).toList();
    }

    @Test
    void requestLinesArriveInTheLogOfTheirAppSoon() {
        long begin = System.nanoTime();
        request(0);

        await().pollInterval(Duration.ofMillis(2)).atMost(LONG).until(() -> history().size() == 1);

        System.out.printf(
                "RouterLogs: a line is in the log after %d ms%n",
                (System.nanoTime() - begin) / 1_000_000);
        assertThat(hub.last(app, LogFilter.ALL, 1).getFirst().format())
                .isEqualTo("2026-11-24T08:00:00.123456+00:00 heroku[router]: at=info number=0");
    }

    @Test
    void linesWrittenWhileThePlatformIsDeadAreReadByTheNext() {
        IntStream.range(0, 5).forEach(this::request);
        await().atMost(LONG).until(() -> history().size() == 5);
        stopPlatform();

        IntStream.range(5, 2_500).forEach(this::request);
        startPlatform();

        await().atMost(LONG).until(() -> history().size() == LogHub.HISTORY_LINES);
        await().atMost(LONG).until(() -> history().getLast().equals("at=info number=2499"));
        assertThat(history()).isEqualTo(requests(2_500).subList(1_000, 2_500));
    }

    private void stopPlatform() {
        logs.close();
        hub.close();
    }

    @Test
    void linesReadAgainAfterACrashAreNotDoubled() {
        IntStream.range(0, 5).forEach(this::request);
        await().atMost(LONG).until(() -> history().size() == 5);
        stopPlatform();
        // As if the platform had died before it stored how far it was.
        database.jdbi()
                .useHandle(handle -> handle.execute("update router_spools set file_offset = 2"));

        request(5);
        startPlatform();

        await().atMost(LONG).until(() -> history().contains("at=info number=5"));
        assertThat(history()).isEqualTo(requests(6));
    }

    @Test
    void databaseThatIsAwayDelaysNoLine() {
        request(0);
        await().atMost(LONG).until(() -> history().size() == 1);
        database.close();
        request(1);
        await().atMost(LONG).until(() -> history().size() == 2);
        stopPlatform();

        database = TestDatabase.fresh();
        request(2);
        // Another database knows neither position nor stream; the lines of before are new to it.
        startPlatform();

        await().atMost(LONG).until(() -> history().size() == 5);
    }

    @Test
    void lineOfNoAppIsLeftOut() {
        append("", "at=info");
        append("no uuid", "at=info");
        request(0);

        await().atMost(LONG).until(() -> history().size() == 1);
    }
}
