package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogStreamTest {
    private static final Instant TIME = Instant.parse("2026-01-01T00:00:00.123456Z");

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void historyComesAsEventsAndTheStreamEnds() throws Exception {
        App app = logging("history", 3);

        var response = get(session(app, "{\"lines\":2}"), "");

        assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
        assertThat(lines(text(response)))
                .containsExactly(
                        "data: 2026-01-01T00:00:00.123456+00:00 app[web.1]: line 2",
                        "data: 2026-01-01T00:00:00.123456+00:00 app[web.1]: line 3");
    }

    @Test
    void tailGoesOnWithWhatComes() throws Exception {
        App app = logging("tailed", 2);

        try (InputStream stream = get(session(app, "{\"tail\":true}"), "").body()) {
            assertThat(untilLine(stream, "line 2")).contains("line 1");
            log(app, "web.1", "line 3");
            assertThat(untilLine(stream, "line 3")).doesNotContain("line 2");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void clientThatComesBackMissesNothingAndSeesNothingTwice(boolean tail) throws Exception {
        App app = logging("resumed-" + tail, 3);
        String url = session(app, "{\"tail\":" + tail + "}");
        String id;
        try (InputStream stream = get(url, "").body()) {
            String seen = untilLine(stream, "line 3");
            id = seen.substring(seen.lastIndexOf("id: ") + 4).lines().findFirst().orElseThrow();
        }
        log(app, "web.1", "while away");

        try (InputStream stream = get(url, id).body()) {
            assertThat(untilLine(stream, "while away")).doesNotContain("line 3");
        }
    }

    @Test
    void filtersChooseSourceAndProcess() throws Exception {
        App app = platform.app("filtered");
        log(app, "web.1", "from web.1");
        log(app, "web.2", "from web.2");
        log(app, "worker.1", "from worker");
        platform.logs.write(LogLine.of(app.id(), TIME, LogSource.HEROKU, "web.1", "State changed"));

        assertThat(shown(app, "{\"dyno\":\"web.1\"}")).contains("from web.1", "State changed");
        assertThat(shown(app, "{\"dyno\":\"web\"}")).contains("web.2").doesNotContain("worker");
        assertThat(shown(app, "{\"source\":\"heroku\"}")).contains("State").doesNotContain("from");
        assertThat(shown(app, "{\"source\":\"app\",\"dyno\":\"web.1\"}"))
                .contains("from web.1")
                .doesNotContain("State", "web.2");
    }

    @Test
    void bytesOfTheDynoPassUnchanged() throws Exception {
        App app = platform.app("bytes");
        platform.logs.write(LogLine.of(app.id(), TIME, LogSource.APP, "web.1", "žluťoučký 🦕"));
        platform.logs.write(
                new LogLine(app.id(), TIME, LogSource.APP, "web.1", "no UTF-8: \u00ff\u00fe"));

        byte[] body = get(session(app, "{}"), "").body().readAllBytes();

        assertThat(new String(body, StandardCharsets.UTF_8)).contains("žluťoučký 🦕");
        assertThat(new String(body, StandardCharsets.ISO_8859_1)).contains("\u00ff\u00fe");
    }

    @Test
    void readerThatStopsReadingDisturbsNobody() throws Exception {
        App app = logging("stuck", 1);
        URI uri = URI.create(session(app, "{\"tail\":true}"));
        try (Socket stuck = new Socket(InetAddress.getLoopbackAddress(), uri.getPort())) {
            stuck.getOutputStream()
                    .write(
                            ("GET " + uri.getPath() + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 2000; i++) {
                log(app, "web.1", "x".repeat(5000));
            }
            log(app, "web.1", "the end");

            assertThat(client.get("/account").status()).isEqualTo(200);
            try (InputStream other = get(session(app, "{\"tail\":true,\"lines\":1}"), "").body()) {
                assertThat(untilLine(other, "the end")).isNotEmpty();
            }
        }
    }

    @Test
    void secretsThatAreUnknownOrWhoseAppIsGoneLeadNowhere() throws Exception {
        var reply = client.without("Authorization").get("/log-streams/nosuch");
        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.errorId()).isEqualTo("not_found");

        App app = logging("gone", 1);
        try (InputStream stream = get(session(app, "{\"tail\":true}"), "").body()) {
            untilLine(stream, "line 1");
            platform.logs.remove(app.id());
            assertThat(stream.readAllBytes()).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"lines\":0}",
                "{\"lines\":\"5\"}",
                "{\"source\":\"x\"}",
                "{\"tail\":1}",
                "{\"dyno\":[]}"
            })
    void sessionsThatMakeNoSenseAreRefused(String body) {
        App app =
                platform.apps.list(platform.owner).stream()
                        .findFirst()
                        .orElseGet(() -> platform.app("any"));

        assertThat(client.post("/apps/" + app.id() + "/log-sessions", body).status())
                .isEqualTo(422);
    }

    @Test
    void stoppingTheServerEndsTails() throws Exception {
        try (TestPlatform other = new TestPlatform(directory.resolve("other"))) {
            App app = other.app("stopped");
            other.logs.write(LogLine.of(app.id(), TIME, LogSource.APP, "web.1", "hello"));
            String url =
                    other.client()
                            .post("/apps/stopped/log-sessions", "{\"tail\":true}")
                            .text("logplex_url");
            InputStream stream = get(url, "").body();
            untilLine(stream, "hello");

            other.server.close();

            await().untilAsserted(() -> assertThat(ended(stream)).isTrue());
        }
    }

    private static boolean ended(InputStream stream) {
        try {
            return stream.read() < 0;
        } catch (IOException e) {
            return true;
        }
    }

    private static App logging(String name, int lines) {
        App app = platform.app(name);
        for (int i = 1; i <= lines; i++) {
            log(app, "web.1", "line " + i);
        }
        return app;
    }

    private static void log(App app, String process, String text) {
        platform.logs.write(LogLine.of(app.id(), TIME, LogSource.APP, process, text));
    }

    private static String session(App app, String body) {
        var reply = client.post("/apps/" + app.id() + "/log-sessions", body);
        assertThat(reply.status()).isEqualTo(201);
        return reply.text("logplex_url");
    }

    private static String shown(App app, String body) throws Exception {
        return text(get(session(app, body), ""));
    }

    private static HttpResponse<InputStream> get(String url, String lastEventId) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).header("Accept", "text/event-stream");
        if (!lastEventId.isEmpty()) {
            request.header("Last-Event-ID", lastEventId);
        }
        return HttpClient.newHttpClient()
                .send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    private static String text(HttpResponse<InputStream> response) throws IOException {
        return new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static List<String> lines(String stream) {
        return stream.lines().filter(line -> line.startsWith("data: ")).toList();
    }

    /// Reads up to and with the event that ends in this text.
    private static String untilLine(InputStream stream, String end) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        String wanted = end + "\n\n";
        while (!read.toString(StandardCharsets.UTF_8).endsWith(wanted)) {
            int next = stream.read();
            if (next < 0) {
                throw new IOException("the stream ended before `" + end + "`: " + read);
            }
            read.write(next);
        }
        return read.toString(StandardCharsets.UTF_8);
    }
}
