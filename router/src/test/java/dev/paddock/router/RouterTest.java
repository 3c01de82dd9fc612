package dev.paddock.router;

import static dev.paddock.router.RawClient.request;
import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.RawClient.Response;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Raw bytes through a started router over loopback.
class RouterTest {
    private static final int LONGER_THAN_LINGERING_MILLIS = 2500;

    @Test
    void requestsAreRelayedOverKeptConnections() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("hello"));
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            for (int i = 0; i < 5; i++) {
                Response answer = client.get("/" + i).response();

                assertThat(answer.status()).isEqualTo(200);
                assertThat(answer.body()).isEqualTo("hello");
                assertThat(answer.says("Via: 1.1 paddock")).isTrue();
            }
            assertThat(dyno.heads()).hasSize(5);
            assertThat(router.logLine("path=\"/4\""))
                    .contains(
                            "heroku[router]: at=info method=GET path=\"/4\" host=a.localhost request_id=")
                    .contains(" fwd=\"127.0.0.1\" dyno=web.1 connect=")
                    .endsWith(" protocol=http1.1 tls=false tls_version=unknown");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.send(request("GET", "/1") + request("GET", "/2") + request("GET", "/3"));

            for (int i = 0; i < 3; i++) {
                assertThat(client.response().body()).isEqualTo("x");
            }
            assertThat(dyno.heads())
                    .extracting(head -> head.substring(0, 6))
                    .containsExactly("GET /1", "GET /2", "GET /3");
        }
    }

    @Test
    void thousandsOfPipelinedErrorsDoNotExhaustTheStack() throws IOException {
        try (TestRouter router = new TestRouter();
                RawClient client = router.connect()) {
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            client.send(request("GET", "/").repeat(3000));
                        } catch (IOException _) {
                            // Seen by the reader.
                        }
                    });
            for (int i = 0; i < 3000; i++) {
                assertThat(client.response().status()).isEqualTo(404);
            }
        }
    }

    @Test
    void chunkedBodiesAndTrailersPassBothWays() throws IOException {
        FakeDyno.Script echo =
                connection -> {
                    connection.readHead();
                    String body = connection.read("3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n".length());
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
                };
        try (FakeDyno dyno = new FakeDyno(echo);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.send(
                    request("POST", "/", "Transfer-Encoding: chunked")
                            + "3;ext=1\r\nabc\r\n0\r\nx-t: 1\r\n\r\n");
            client.readHead();

            assertThat(client.read(21))
                    .isEqualTo("3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n".substring(0, 21));
        }
    }

    @Test
    void badChunkReachesNoDynoAsTheEndOfABody() throws IOException {
        CountDownLatch ended = new CountDownLatch(1);
        AtomicReference<String> seen = new AtomicReference<>("");
        FakeDyno.Script reading =
                connection -> {
                    connection.readHead();
                    seen.set(connection.readToEnd());
                    ended.countDown();
                };
        try (FakeDyno dyno = new FakeDyno(reading);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.send(request("POST", "/", "Transfer-Encoding: chunked") + "3\r\nabc\r\nzz\r\n");

            Response answer = client.response();
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.says("Connection: close")).isTrue();
            TestRouter.await("an end at the dyno", () -> ended.getCount() == 0);
            assertThat(seen.get()).doesNotContain("0\r\n");
            router.logLine("code=H26", "cause=\"bad chunk\"", "status=400");
        }
    }

    @Test
    void refusedRequestsEndTheConnectionAndReachNoDyno() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(app(dyno))) {
            for (String bad :
                    List.of(
                            request("GET", "/", "X : y"),
                            request("GET", "/", "Content-Length: 1", "Content-Length: 2"),
                            request("GET", "/", "Host: b"),
                            "GET / HTTP/1.1\r\n\r\n",
                            "GET / HTTP/1.1\nHost: a.localhost\n\n")) {
                try (RawClient client = router.connect()) {
                    client.send(bad + request("GET", "/evil"));
                    assertThat(client.response().status()).as(bad).isEqualTo(400);
                    assertThat(client.readToEnd()).isEmpty();
                }
            }
            assertThat(dyno.heads()).isEmpty();
            router.logLine("code=H26", "cause=\"bad header\"");
        }
    }

    @Test
    void tunnelPassesBytesAndHalfCloses() throws IOException {
        FakeDyno.Script socket =
                connection -> {
                    connection.readHead();
                    connection.send(
                            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nfirst");
                    assertThat(connection.read(4)).isEqualTo("ping");
                    connection.send("pong");
                    connection.endOutput();
                    assertThat(connection.readToEnd()).isEqualTo("after");
                };
        try (FakeDyno dyno = new FakeDyno(socket);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.get("/ws", "Connection: upgrade", "Upgrade: x");

            assertThat(client.readHead()).startsWith("HTTP/1.1 101 ");
            assertThat(client.read(5)).isEqualTo("first");
            client.send("ping");
            assertThat(client.readToEnd()).isEqualTo("pong");
            client.send("after");
            client.endOutput();
            router.logLine("path=\"/ws\"", "status=101", "bytes=");
        }
    }

    @Test
    void failuresHaveTheirCodes() throws IOException {
        DynoRoute refusing = new DynoRoute("web.1", closedPort(), DynoRoute.State.UP);
        try (FakeDyno dyno = new FakeDyno(FakeDyno.Connection::readHead);
                TestRouter router = new TestRouter(app(dyno))) {
            expect(router, 503, "H13");

            dyno.script(connection -> connection.readToEnd());
            expect(router, 503, "H12");

            dyno.script(connection -> {
                connection.readHead();
                connection.send("NONSENSE\r\n\r\n");
                connection.readToEnd();
            });
            expect(router, 503, "H17");

            dyno.script(connection -> {
                connection.readHead();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n");
                connection.readToEnd();
            });
            expect(router, 502, "H25");

            router.use(withDynos(refusing));
            expect(router, 503, "H21");
            router.use(withDynos());
            expect(router, 503, "H14");
            router.use(withDynos(new DynoRoute("web.1", "", DynoRoute.State.CRASHED)));
            expect(router, 503, "H10");
            router.use(withDynos(new DynoRoute("web.1", "", DynoRoute.State.STARTING)));
            expect(router, 503, "H20");
        }
    }

    @Test
    void truncatedAnswerIsSeenByTheClient() throws IOException {
        FakeDyno.Script dying =
                connection -> {
                    connection.readHead();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                };
        try (FakeDyno dyno = new FakeDyno(dying);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.get("/");

            assertThat(client.readToEnd()).contains("abc").doesNotContain("0\r\n\r\n");
            router.logLine("sock=backend at=error code=H18", "status=503");
        }
    }

    @Test
    void waitingRequestGetsTheDynoThatStarts() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("up"));
                TestRouter router =
                        new TestRouter(
                                withDynos(new DynoRoute("web.1", "", DynoRoute.State.STARTING)));
                RawClient client = router.connect()) {
            client.get("/");
            TestRouter.await(
                    "a waiting request",
                    () -> router.router().loads(1).stream().anyMatch(load -> load.queued() == 1));

            router.use(app(dyno));

            assertThat(client.response().body()).isEqualTo("up");
        }
    }

    @Test
    void requestThatWaitsForADynoIsToldThatNoneWillCome() throws IOException {
        AppRoute starting = withDynos(new DynoRoute("web.1", "", DynoRoute.State.STARTING));
        try (TestRouter router = new TestRouter(starting)) {
            expectWhileWaiting(
                    router,
                    TestRouter.withStatus(starting, AppRoute.Status.QUOTA_EXHAUSTED),
                    "H82");
            router.use(starting);
            expectWhileWaiting(router, TestRouter.inMaintenance(starting), "H80");
        }
    }

    @Test
    void requestInTheQueueIsToldOfMaintenance() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        try (FakeDyno dyno = new FakeDyno(answeringAfter(go))) {
            AppRoute limited = TestRouter.limited(app(dyno), 1);
            try (TestRouter router = new TestRouter(limited);
                    RawClient first = router.connect()) {
                first.get("/1");
                TestRouter.await("a busy dyno", () -> inFlight(router) == 1);

                expectWhileWaiting(router, TestRouter.inMaintenance(limited), "H80");
                go.countDown();

                assertThat(first.response().body()).isEqualTo("ok");
                assertThat(dyno.heads()).hasSize(1);
            }
        }
    }

    /// One answer, once that is allowed.
    private static FakeDyno.Script answeringAfter(CountDownLatch go) {
        return connection -> {
            connection.readHead();
            go.await();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        };
    }

    private static void expectWhileWaiting(TestRouter router, AppRoute changed, String code)
            throws IOException {
        try (RawClient client = router.connect()) {
            client.get("/waits");
            TestRouter.await("a waiting request", () -> queued(router) == 1);

            router.use(changed);

            assertThat(client.response().status()).isEqualTo(503);
            router.logLine("at=info code=" + code, "path=\"/waits\"");
        }
    }

    @Test
    void closedKeptConnectionIsReplacedInvisibly() throws IOException {
        FakeDyno.Script twice =
                connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
                    // The next request finds the connection closed over it.
                    connection.read(1);
                    connection.reset();
                };
        try (FakeDyno dyno = new FakeDyno(twice);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            for (int i = 0; i < 5; i++) {
                client.send(request("POST", "/" + i, "Content-Length: 4") + "body");
                assertThat(client.response().status()).isEqualTo(200);
                client.get("/get" + i);
                assertThat(client.response().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void queuedRequestsAreServedInOrderAndTheirPlacesFreed() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        FakeDyno.Script slow =
                connection -> {
                    while (!connection.readHead().isEmpty()) {
                        go.await();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    }
                };
        try (FakeDyno dyno = new FakeDyno(slow);
                TestRouter router = new TestRouter(TestRouter.limited(app(dyno), 1));
                RawClient first = router.connect();
                RawClient second = router.connect();
                RawClient leaving = router.connect()) {
            first.get("/1");
            TestRouter.await("a busy dyno", () -> inFlight(router) == 1);
            leaving.get("/2");
            TestRouter.await("one in the queue", () -> queued(router) == 1);
            second.get("/3");
            TestRouter.await("two in the queue", () -> queued(router) == 2);

            leaving.leave();
            TestRouter.await("a place left", () -> queued(router) == 1);
            go.countDown();

            assertThat(first.response().status()).isEqualTo(200);
            assertThat(second.response().status()).isEqualTo(200);
            assertThat(dyno.heads()).hasSize(2);
            router.logLine("sock=client at=warning code=H27", "path=\"/2\"", "status=499");
        }
    }

    @Test
    void clientThatHalfClosesStillGetsItsAnswer() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        try (FakeDyno dyno = new FakeDyno(answeringAfter(go));
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.get("/");
            client.endOutput();
            TestRouter.await("a request at the dyno", () -> dyno.heads().size() == 1);
            go.countDown();

            assertThat(client.readToEnd()).endsWith("\r\n\r\nok");
        }
    }

    @Test
    void lastAnswerWaitsForAClientThatPauses() throws Exception {
        int bytes = 3_000_000;
        String answer =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + ("186a0\r\n" + "x".repeat(100_000) + "\r\n").repeat(bytes / 100_000)
                        + "0\r\n\r\n";
        CountDownLatch given = new CountDownLatch(1);
        FakeDyno.Script large =
                connection -> {
                    connection.readHead();
                    connection.send(answer);
                    given.countDown();
                };
        try (FakeDyno dyno = new FakeDyno(large);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = new RawClient(router.http(), 4096)) {
            client.get("/", "Connection: close").readHead();
            StringBuilder read = new StringBuilder();
            while (!given.await(0, TimeUnit.SECONDS)) {
                read.append(client.read(10_000));
            }
            Thread.sleep(LONGER_THAN_LINGERING_MILLIS);

            assertThat(read + client.readToEnd()).hasSizeGreaterThan(bytes).endsWith("0\r\n\r\n");
        }
    }

    @Test
    void slowClientDoesNotMakeTheRouterReadEverything() throws IOException {
        long wanted = 200L << 20;
        long[] sent = {0};
        FakeDyno.Script big =
                connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + wanted + "\r\n\r\n");
                    String block = "z".repeat(1 << 18);
                    while (sent[0] < wanted) {
                        connection.send(block);
                        sent[0] += block.length();
                    }
                };
        try (FakeDyno dyno = new FakeDyno(big);
                TestRouter router = new TestRouter(app(dyno));
                RawClient client = router.connect()) {
            client.get("/");
            client.readHead();
            long[] before = {-1};
            TestRouter.await(
                    "back pressure",
                    () -> {
                        boolean still = sent[0] > 0 && sent[0] == before[0];
                        before[0] = sent[0];
                        java.util.concurrent.locks.LockSupport.parkNanos(200_000_000);
                        return still;
                    });

            assertThat(sent[0]).isLessThan(32L << 20);
            assertThat(router.router().pinnedBytes()).isLessThan(2L << 20);
        }
    }

    @Test
    void drainingLetsAnswersEndAndCutsTheRest() throws Exception {
        CountDownLatch arrived = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        FakeDyno.Script script =
                connection -> {
                    boolean ends = connection.readHead().contains("/ends");
                    arrived.countDown();
                    if (ends) {
                        go.await();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                    connection.readToEnd();
                };
        try (FakeDyno dyno = new FakeDyno(script);
                TestRouter router = new TestRouter(app(dyno));
                IdleClients idle = new IdleClients(router);
                RawClient ending = router.connect();
                RawClient hanging = router.connect()) {
            ending.get("/ends");
            hanging.get("/hangs");
            arrived.await();

            Thread drain = Thread.ofVirtual().start(() -> router.router().drain(true));
            idle.awaitEnd();
            go.countDown();

            Response answer = ending.response();
            assertThat(answer.body()).isEqualTo("ok");
            assertThat(answer.says("Connection: close")).isTrue();
            assertThat(hanging.readToEnd()).isEmpty();
            drain.join();
            assertThat(router.logLine("code=H24", "path=\"/hangs\"")).contains(" status= ");
        }
    }

    /// So many that each event loop has one of them: when all are sent away, every loop knows that it drains.
    private static final class IdleClients implements AutoCloseable {
        private final List<RawClient> clients = new ArrayList<>();

        IdleClients(TestRouter router) throws IOException {
            for (int i = 0; i < 20; i++) {
                clients.add(router.connect());
            }
        }

        void awaitEnd() {
            assertThat(clients).allMatch(client -> client.readToEnd().isEmpty());
        }

        @Override
        public void close() throws IOException {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void logFieldsCannotBeForged() throws IOException {
        try (TestRouter router = new TestRouter();
                RawClient client = router.connect()) {
            client.get("/\"&dyno=web.9\\", "X-Forwarded-For: \"\tat=info");
            assertThat(client.response().status()).isEqualTo(404);

            assertThat(router.logLine("status=404"))
                    .contains("path=\"/\\\"&dyno=web.9\\\\\" host=")
                    .contains("fwd=\"\\\"\\x09at=info, 127.0.0.1\" dyno= ");
        }
    }

    private static void expect(TestRouter router, int status, String code) throws IOException {
        try (RawClient client = router.connect()) {
            client.get("/" + code);
            Response answer = client.response();
            assertThat(answer.status()).as(code).isEqualTo(status);
            assertThat(answer.says("Content-Type: text/html; charset=utf-8")).isTrue();
            assertThat(answer.body()).contains(code);
        }
        router.logLine("code=" + code, "path=\"/" + code + "\"", "status=" + status);
    }

    private static AppRoute withDynos(DynoRoute... dynos) {
        return AppRoute.of("", "a", List.of("a.localhost"), List.of(dynos));
    }

    private static String closedPort() throws IOException {
        try (FakeDyno gone = new FakeDyno(FakeDyno.answering(""))) {
            return gone.address();
        }
    }

    private static int queued(TestRouter router) {
        return router.router().loads(1).stream().mapToInt(load -> load.queued()).sum();
    }

    private static int inFlight(TestRouter router) {
        return router.router().loads(1).stream()
                .flatMap(load -> load.dynos().stream())
                .mapToInt(dyno -> dyno.inFlight())
                .sum();
    }
}
