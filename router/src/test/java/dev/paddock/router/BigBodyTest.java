package dev.paddock.router;

import static dev.paddock.router.RawClient.request;
import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.RawClient.Response;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Bodies so big that they go from socket to socket inside the kernel, where that is possible.
class BigBodyTest {
    private static final int BYTES = 3_000_000;

    @Test
    void bigAnswersArriveWholeOverKeptConnections() throws IOException {
        String body = text(BYTES);
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering(body));
                TestRouter router = TestRouter.onRing(app(dyno));
                RawClient client = router.connect()) {
            for (int i = 0; i < 4; i++) {
                Response answer = client.get("/" + i).response();

                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo(body);
            }
            assertThat(dyno.connections()).isEqualTo(1);
            assertThat(router.logLine("path=\"/3\"")).contains(" status=200 bytes=300");
        }
    }

    @Test
    void bigUploadsArriveWholeOverKeptConnections() throws IOException {
        String body = text(BYTES);
        FakeDyno.Script comparing =
                connection -> {
                    while (!connection.readHead().isEmpty()) {
                        String same = "" + connection.read(BYTES).equals(body);
                        connection.send(
                                "HTTP/1.1 200 OK\r\nContent-Length: "
                                        + same.length()
                                        + "\r\n\r\n"
                                        + same);
                    }
                };
        try (FakeDyno dyno = new FakeDyno(comparing);
                TestRouter router = TestRouter.onRing(app(dyno));
                RawClient client = router.connect()) {
            for (int i = 0; i < 4; i++) {
                client.send(request("POST", "/" + i, "Content-Length: " + BYTES)).send(body);

                assertThat(client.response().body()).isEqualTo("true");
            }
            assertThat(dyno.connections()).isEqualTo(1);
        }
    }

    @Test
    void bigAnswerThatBreaksOffIsSeenByTheClientToTheLastByte() throws IOException {
        String part = text(BYTES / 2);
        FakeDyno.Script breaking =
                connection -> {
                    connection.readHead();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Length: " + BYTES + "\r\n\r\n" + part);
                };
        try (FakeDyno dyno = new FakeDyno(breaking);
                TestRouter router = TestRouter.onRing(app(dyno));
                RawClient client = router.connect()) {
            client.get("/").readHead();

            assertThat(client.readToEnd()).isEqualTo(part);
            assertThat(router.logLine("path=\"/\"")).contains("code=H18");
        }
    }

    @Test
    void answerDuringBigUploadIsGivenAndEndsTheConnection() throws IOException {
        FakeDyno.Script refusing =
                connection -> {
                    connection.readHead();
                    connection.read(500_000);
                    connection.send("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
                    connection.readToEnd();
                };
        try (FakeDyno dyno = new FakeDyno(refusing);
                TestRouter router = TestRouter.onRing(app(dyno));
                RawClient client = router.connect()) {
            client.send(request("POST", "/", "Content-Length: " + BYTES)).send(text(600_000));

            Response answer = client.response();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.says("Connection: close")).isTrue();
        }
    }

    @Test
    void clientsThatLeaveInTheMiddleLeaveNothingOpen() throws IOException {
        FakeDyno.Script stalling =
                connection -> {
                    connection.readHead();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Length: 99000000\r\n\r\n" + text(300_000));
                    connection.readToEnd();
                };
        try (FakeDyno dyno = new FakeDyno(stalling);
                TestRouter router = TestRouter.onRing(app(dyno))) {
            for (int i = 0; i < 20; i++) {
                leave(router, request("GET", "/"), 200_000);
                leave(
                        router,
                        request("POST", "/", "Content-Length: 99000000") + text(200_000),
                        200_000);
            }
            TestRouter.await("an end of all connections", () -> dyno.connections() == 0);
            int spare = pipes();
            for (int i = 0; i < 20; i++) {
                leave(router, request("GET", "/"), 200_000);
            }
            TestRouter.await("an end of all connections", () -> dyno.connections() == 0);
            // A few ends overlap with the next begin, and each such pipe is kept as a spare one;
            // what leaks is 40.
            TestRouter.await("an end of all pipes but spare ones", () -> pipes() < spare + 20);
        }
    }

    private static void leave(TestRouter router, String request, int read) throws IOException {
        try (RawClient client = router.connect()) {
            client.send(request).readHead();
            client.read(read);
        }
    }

    private static int pipes() {
        File[] all = new File("/proc/self/fd").listFiles();
        int pipes = 0;
        for (File descriptor : all == null ? new File[0] : all) {
            try {
                String target = Files.readSymbolicLink(descriptor.toPath()).toString();
                pipes += target.startsWith("pipe:") ? 1 : 0;
            } catch (IOException _) {
                // Closed since it was listed.
            }
        }
        return pipes;
    }

    private static String text(int length) {
        Random random = new Random(length);
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }
}
