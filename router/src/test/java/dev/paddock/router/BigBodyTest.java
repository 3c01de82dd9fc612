package dev.paddock.router;

import static dev.paddock.router.RawClient.request;
import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.RawClient.Response;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// Bodies so big that they go from socket to socket inside the kernel, where that is possible.
class BigBodyTest {
    private static final int BYTES = 3_000_000;

    /// More than all sockets between take.
    private static final int UNTAKEN = 20 * BYTES;

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

    /// Whoever takes nothing is waited for, not for so long that the event loop stands still: it did once.
    @Test
    void clientsThatTakeNothingKeepNobodyWaiting() throws IOException {
        FakeDyno.Script big =
                connection -> {
                    while (true) {
                        String head = connection.readHead();
                        if (head.isEmpty()) {
                            return;
                        }
                        boolean small = head.startsWith("GET /small");
                        connection.send(
                                "HTTP/1.1 200 OK\r\nContent-Length: "
                                        + (small ? 2 : UNTAKEN)
                                        + "\r\n\r\n"
                                        + (small ? "ok" : ""));
                        for (int i = 0; i < UNTAKEN / BYTES && !small; i++) {
                            connection.send(text(BYTES));
                        }
                    }
                };
        try (FakeDyno dyno = new FakeDyno(big);
                TestRouter router = TestRouter.onRing(app(dyno))) {
            List<RawClient> still = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                still.add(router.connect().get("/big"));
                still.getLast().readHead();
            }
            // One for each event loop, while the others' sockets fill.
            for (int i = 0; i < 50; i++) {
                try (RawClient client = router.connect()) {
                    assertThat(client.get("/small").response().body()).isEqualTo("ok");
                }
                LockSupport.parkNanos(10_000_000);
            }
            for (RawClient client : still) {
                client.close();
            }
        }
    }

    @Test
    void dynosThatTakeNothingKeepNobodyWaiting() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        FakeDyno.Script idle =
                connection -> {
                    while (true) {
                        String head = connection.readHead();
                        if (head.startsWith("POST")) {
                            awaitQuietly(over);
                        }
                        if (head.isEmpty() || head.startsWith("POST")) {
                            return;
                        }
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                };
        try (FakeDyno dyno = new FakeDyno(idle);
                TestRouter router = TestRouter.onRing(app(dyno))) {
            List<Thread> uploads = new ArrayList<>();
            String part = text(BYTES);
            for (int i = 0; i < 8; i++) {
                uploads.add(Thread.ofVirtual().start(() -> uploadInto(router, part)));
            }
            for (int i = 0; i < 50; i++) {
                try (RawClient client = router.connect()) {
                    assertThat(client.get("/").response().body()).isEqualTo("ok");
                }
                LockSupport.parkNanos(10_000_000);
            }
            over.countDown();
            for (Thread upload : uploads) {
                upload.join();
            }
        }
    }

    private static void uploadInto(TestRouter router, String part) {
        try (RawClient client = router.connect()) {
            client.send(request("POST", "/", "Content-Length: " + UNTAKEN));
            for (int i = 0; i < UNTAKEN / BYTES; i++) {
                client.send(part);
            }
        } catch (IOException | RuntimeException _) {
            // The dyno leaves in the end.
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
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
