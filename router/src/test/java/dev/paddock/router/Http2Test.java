package dev.paddock.router;

import static dev.paddock.router.FrameClient.DATA;
import static dev.paddock.router.FrameClient.END_HEADERS;
import static dev.paddock.router.FrameClient.END_STREAM;
import static dev.paddock.router.FrameClient.GOAWAY;
import static dev.paddock.router.FrameClient.HEADERS;
import static dev.paddock.router.FrameClient.INTERNAL_ERROR;
import static dev.paddock.router.FrameClient.PING;
import static dev.paddock.router.FrameClient.PROTOCOL_ERROR;
import static dev.paddock.router.FrameClient.REFUSED_STREAM;
import static dev.paddock.router.FrameClient.RST_STREAM;
import static dev.paddock.router.FrameClient.SETTINGS;
import static dev.paddock.router.FrameClient.WINDOW_UPDATE;
import static dev.paddock.router.TestRouter.app;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// HTTP/2 over TLS through a started router: a real client, and frames made by hand.
class Http2Test {
    private static final int INITIAL_WINDOW = 4;
    private static final int PRIORITIZED = 32;
    private static final FakeDyno.Script ECHO =
            connection -> {
                while (true) {
                    String head = connection.readHead();
                    if (head.isEmpty()) {
                        return;
                    }
                    String body = head.contains("chunked") ? connection.readChunks() : "";
                    int at = head.toLowerCase(java.util.Locale.ROOT).indexOf("content-length: ");
                    if (at >= 0) {
                        body =
                                connection.read(
                                        Integer.parseInt(
                                                head.substring(at + 16, head.indexOf("\r\n", at))));
                    }
                    connection.send(
                            "HTTP/1.1 200 OK\r\nX-Case: Kept\r\nContent-Length: "
                                    + body.length()
                                    + "\r\n\r\n"
                                    + body);
                }
            };

    @Test
    void realClientIsServedOverOneConnection() throws Exception {
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(named("localhost", dyno));
                HttpClient client =
                        HttpClient.newBuilder()
                                .version(HttpClient.Version.HTTP_2)
                                .sslContext(FrameClient.trusting())
                                .build()) {
            URI uri = URI.create("https://localhost:" + router.listenTls().getPort() + "/x?y=1");
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            String body = "0123456789".repeat(30_000);
            for (int i = 0; i < 20; i++) {
                answers.add(
                        client.sendAsync(
                                HttpRequest.newBuilder(uri)
                                        .POST(BodyPublishers.ofString(body))
                                        .build(),
                                BodyHandlers.ofString()));
            }
            for (CompletableFuture<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().version()).isEqualTo(HttpClient.Version.HTTP_2);
                assertThat(answer.get().statusCode()).isEqualTo(200);
                assertThat(answer.get().body()).isEqualTo(body);
                assertThat(answer.get().headers().firstValue("via")).contains("1.1 paddock");
            }
            router.logLine(
                    "method=POST",
                    "path=\"/x?y=1\"",
                    "protocol=http2.0 tls=true tls_version=tls1.3");
        }
    }

    @Test
    void dynoGetsTheRequestInHttp11() throws IOException {
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.request(
                            1,
                            true,
                            "GET",
                            "/a//b?c=%20",
                            "x-a",
                            "1",
                            "cookie",
                            "a=1",
                            "te",
                            "trailers",
                            "cookie",
                            "b=2",
                            "x-a",
                            "2")
                    .send();

            assertThat(client.answer(1)).isEqualTo("200 ");
            assertThat(client.seen().getLast().fields())
                    .containsEntry("x-case", "Kept")
                    .containsEntry("via", "1.1 paddock")
                    .containsEntry("content-length", "0");
            assertThat(dyno.heads().getFirst())
                    .startsWith(
                            "GET /a//b?c=%20 HTTP/1.1\r\nhost: a.localhost\r\nx-a: 1\r\nx-a: 2\r\ncookie: a=1; b=2\r\n")
                    .contains("\r\nX-Forwarded-For: 127.0.0.1\r\n")
                    .contains("\r\nX-Forwarded-Proto: https\r\n")
                    .contains("\r\nVia: 1.1 paddock\r\n")
                    .doesNotContain("trailers")
                    .doesNotContain("ransfer-");
        }
    }

    @Test
    void bodiesWithAndWithoutLengthArriveWhole() throws IOException {
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.request(1, false, "POST", "/")
                    .data(1, false, "abc")
                    .data(1, false, "")
                    .data(1, true, "def")
                    .send();
            assertThat(client.answer(1)).isEqualTo("200 abcdef");

            client.request(3, false, "POST", "/", "content-length", "6")
                    .data(3, false, "abc")
                    .data(3, true, "def")
                    .send();
            assertThat(client.answer(3)).isEqualTo("200 abcdef");

            client.request(5, false, "POST", "/").data(5, true, "").send();
            assertThat(client.answer(5)).isEqualTo("200 ");
        }
    }

    @Test
    void trailersPassBothWays() throws IOException {
        FakeDyno.Script script =
                connection -> {
                    connection.readHead();
                    String rest = connection.read("3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n".length());
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest);
                };
        try (FakeDyno dyno = new FakeDyno(script);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.request(1, false, "POST", "/")
                    .data(1, false, "abc")
                    .headers(1, true, "x-t", "1")
                    .send();

            assertThat(client.answer(1)).isEqualTo("200 abc {x-t=1}");
        }
    }

    @Test
    void malformedRequestsAreResetAndReachNoDyno() throws IOException {
        String[][] malformed = {
            {":method", "GET", ":scheme", "https", ":path", "/"},
            {":scheme", "https", ":path", "/", ":authority", "a.localhost"},
            {":method", "GET", ":path", "/", ":authority", "a.localhost"},
            {":method", "GET", ":scheme", "https", ":authority", "a.localhost"},
            {":method", "GET", ":scheme", "ftp", ":path", "/", ":authority", "a.localhost"},
            usual("x", "1", ":method", "GET"),
            usual(":path", "/"),
            usual(":status", "200"),
            usual(":x", "1"),
            usual("host", "b.localhost"),
            usual("X-Upper", "1"),
            usual("", "1"),
            usual("x y", "1"),
            usual("x:y", "1"),
            usual("x\r\nevil", "1"),
            usual("x", "1\r\nevil: 1"),
            usual("x", "1\nevil: 1"),
            usual("x", "1\0"),
            usual("x", " 1"),
            usual("x", "1\t"),
            usual("connection", "close"),
            usual("keep-alive", "1"),
            usual("proxy-connection", "close"),
            usual("transfer-encoding", "chunked"),
            usual("upgrade", "websocket"),
            usual("te", "gzip"),
            usual("content-length", "3"),
            path("/a b"),
            path("/ HTTP/1.1\r\nevil: 1"),
            path("http://evil/"),
            path("a"),
            path("")
        };
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            int stream = 1;
            for (String[] fields : malformed) {
                client.headers(stream, true, fields).send();
                assertThat(client.await(frame -> frame.type() == RST_STREAM).code())
                        .as(List.of(fields).toString())
                        .isEqualTo(PROTOCOL_ERROR);
                stream += 2;
            }
            client.get(stream, "/after");

            assertThat(client.answer(stream)).isEqualTo("200 ");
            assertThat(dyno.heads()).hasSize(1);
            router.logLine("code=H26", "cause=\"bad header\"", "status=400", "protocol=http2.0");
        }
    }

    @Test
    void whatHttp11RefusesIsRefusedWithItsPage() throws IOException {
        String[][] refused = {
            {"400", "x", "1\u0001"},
            {"400", "x".repeat(1001), "1"},
            {"400", "x", "1".repeat(9000)},
            {"400", "content-length", "1,1"},
            {"417", "expect", "magic"},
        };
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            int stream = 1;
            for (String[] one : refused) {
                client.request(stream, true, "GET", "/", one[1], one[2]).send();
                assertThat(client.answer(stream))
                        .as(one[1])
                        .startsWith(one[0] + " <!DOCTYPE html>");
                stream += 2;
            }
            client.headers(stream, true, ":method", "CONNECT", ":authority", "a.localhost:80")
                    .send();
            assertThat(client.answer(stream)).startsWith("405 ");
            stream += 2;
            client.request(stream, true, "CONNECT", "/chat", ":protocol", "websocket").send();
            assertThat(client.answer(stream)).startsWith("405 ");
            stream += 2;
            client.request(stream, true, "GET", "/" + "x".repeat(8200)).send();
            assertThat(client.answer(stream)).startsWith("414 ");
            stream += 2;
            client.headers(
                            stream,
                            true,
                            ":method",
                            "GET",
                            ":scheme",
                            "https",
                            ":path",
                            "/",
                            ":authority",
                            "nobody.test")
                    .send();
            assertThat(client.answer(stream)).startsWith("404 ");

            assertThat(dyno.heads()).isEmpty();
        }
    }

    @Test
    void bodyThatIsNotAsLongAsAnnouncedIsNoBody() throws IOException {
        CountDownLatch ended = new CountDownLatch(2);
        FakeDyno.Script reading =
                connection -> {
                    connection.readHead();
                    connection.readToEnd();
                    ended.countDown();
                };
        try (FakeDyno dyno = new FakeDyno(reading);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.request(1, false, "POST", "/", "content-length", "5")
                    .data(1, true, "abc")
                    .send();
            assertThat(client.await(RST_STREAM, 1).code()).isEqualTo(PROTOCOL_ERROR);
            client.request(3, false, "POST", "/", "content-length", "2")
                    .data(3, false, "abc")
                    .send();
            assertThat(client.await(RST_STREAM, 3).code()).isEqualTo(PROTOCOL_ERROR);

            router.logLine("code=H26", "cause=\"bad chunk\"", "status=400");
        }
    }

    @Test
    void truncatedAnswerIsResetBehindWhatCame() throws IOException {
        FakeDyno.Script dying =
                connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                };
        try (FakeDyno dyno = new FakeDyno(dying);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.get(1, "/");

            assertThat(client.answer(1)).isEqualTo("200 half RST " + INTERNAL_ERROR);
            router.logLine("code=H18", "sock=backend");
        }
    }

    @Test
    void earlyAnswerEndsTheUpload() throws IOException {
        FakeDyno.Script early =
                connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
                };
        try (FakeDyno dyno = new FakeDyno(early);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.request(1, false, "POST", "/").data(1, false, "abc").send();

            assertThat(client.answer(1)).isEqualTo("413 no");
            assertThat(client.await(RST_STREAM, 1).code()).isZero();
            client.data(1, true, "late").get(3, "/");
            assertThat(client.answer(3)).isEqualTo("413 no");
        }
    }

    @Test
    void expectationIsAnsweredAndHeadsHaveNoBody() throws IOException {
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.request(1, false, "POST", "/", "expect", "100-continue").send();
            assertThat(client.await(HEADERS, 1).fields()).containsEntry(":status", "100");
            client.data(1, true, "x").send();
            assertThat(client.answer(1)).isEqualTo("100 200 x");

            dyno.script(FakeDyno.answering(""));
            client.request(3, true, "HEAD", "/").send();
            assertThat(client.answer(3)).isEqualTo("200 ");
            assertThat(client.seen().getLast().type()).isEqualTo(HEADERS);
        }
    }

    @Test
    void slowDynoIsAnsweredForAndLeftAlone() throws IOException {
        FakeDyno.Script silent =
                connection -> {
                    connection.readHead();
                    connection.readToEnd();
                };
        try (FakeDyno dyno = new FakeDyno(silent);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.get(1, "/");
            assertThat(client.answer(1)).startsWith("503 <!DOCTYPE html>");
            router.logLine("code=H12", "protocol=http2.0");

            client.get(3, "/gone").number(RST_STREAM, 0, 3, 8).send();
            router.logLine("sock=client", "code=H27", "path=\"/gone\"", "status=499");

            client.request(5, false, "POST", "/idle").send();
            assertThat(client.await(RST_STREAM, 5).code()).isEqualTo(INTERNAL_ERROR);
            router.logLine("code=H28", "path=\"/idle\"", "status=499");
        }
    }

    @Test
    void streamsBeyondTheLimitAreRefused() throws IOException {
        FakeDyno.Script silent = connection -> connection.readToEnd();
        try (FakeDyno dyno = new FakeDyno(silent);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            for (int i = 0; i < Http2ClientConnection.MOST_STREAMS + 1; i++) {
                client.request(2 * i + 1, true, "GET", "/");
            }
            client.send();

            assertThat(client.await(frame -> frame.type() == RST_STREAM).code())
                    .isEqualTo(REFUSED_STREAM);
        }
    }

    @Test
    void drainLetsStreamsEndAndServesThoseOnTheWay() throws IOException, InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        FakeDyno.Script waiting =
                connection -> {
                    connection.readHead();
                    go.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
                };
        try (FakeDyno dyno = new FakeDyno(waiting);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            client.get(1, "/1");
            TestRouter.await("a request", () -> !dyno.heads().isEmpty());
            Thread draining = Thread.ofVirtual().start(() -> router.router().drain(true));
            assertThat(client.await(GOAWAY, 0).payload()[0]).isEqualTo((byte) 0x7f);
            byte[] ping = client.await(PING, 0).payload();
            client.get(3, "/on-its-way").frame(PING, FrameClient.ACK, 0, ping).send();
            assertThat(client.await(GOAWAY, 0).payload()).startsWith(0, 0, 0, 3, 0, 0, 0, 0);
            go.countDown();

            assertThat(client.await(frame -> frame.stream() == 1 && frame.ends()).text())
                    .isEqualTo("done");
            assertThat(client.goAway()).isZero();
            assertThat(client.seen()).anyMatch(frame -> frame.stream() == 3 && frame.ends());
            draining.join();
        }
    }

    @Test
    void nothingOfAStreamFollowsItsReset() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = new FrameClient(router.listenTls(), INITIAL_WINDOW, 0)) {
            client.get(1, "/").await(HEADERS, 1);

            // The first window is none, which is an error of the stream; the second would do for
            // the answer.
            client.number(WINDOW_UPDATE, 0, 1, 0)
                    .frame(
                            SETTINGS,
                            0,
                            0,
                            (byte) 0,
                            (byte) INITIAL_WINDOW,
                            (byte) 0,
                            (byte) 1,
                            (byte) 0,
                            (byte) 0)
                    .frame(PING, 0, 0, new byte[8])
                    .send();

            assertThat(client.await(RST_STREAM, 1).code()).isEqualTo(PROTOCOL_ERROR);
            client.await(PING, 0);
            client.get(3, "/");
            assertThat(client.answer(3)).isEqualTo("200 ok");
            assertThat(client.seen())
                    .noneMatch(frame -> frame.type() == DATA && frame.stream() == 1);
        }
    }

    @Test
    void streamThatNobodyOpenedIsNotReset() throws IOException {
        try (TestRouter router = new TestRouter();
                FrameClient client = connect(router)) {
            client.number(WINDOW_UPDATE, 0, 15, 0).send();

            assertThat(client.goAway()).isEqualTo(PROTOCOL_ERROR);
            assertThat(client.seen()).noneMatch(frame -> frame.type() == RST_STREAM);
        }
    }

    /// The codec leaves such a head unread, and with it what its fields would have added to the table.
    @Test
    void headThatDependsOnItselfEndsTheConnection() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(app(dyno));
                FrameClient client = connect(router)) {
            byte[] block = FrameClient.block(":method", "GET");
            byte[] prioritized = new byte[5 + block.length];
            prioritized[3] = 1;
            System.arraycopy(block, 0, prioritized, 5, block.length);
            client.frame(HEADERS, END_STREAM | END_HEADERS | PRIORITIZED, 1, prioritized)
                    .request(3, true, "GET", "/")
                    .send();

            assertThat(client.goAway()).isEqualTo(PROTOCOL_ERROR);
            assertThat(dyno.heads()).isEmpty();
        }
    }

    @Test
    void idleConnectionIsSaidGoodbye() throws IOException {
        try (FakeDyno dyno = new FakeDyno(ECHO);
                TestRouter router = new TestRouter(app(dyno));
                FrameClient used = connect(router);
                FrameClient unused = connect(router)) {
            used.get(1, "/");
            assertThat(used.answer(1)).isEqualTo("200 ");

            assertThat(used.goAway()).isZero();
            assertThat(unused.goAway()).isZero();
        }
    }

    private static FrameClient connect(TestRouter router) throws IOException {
        InetSocketAddress address = router.listenTls();
        return new FrameClient(address);
    }

    private static AppRoute named(String host, FakeDyno dyno) {
        return AppRoute.of(
                "",
                "a",
                List.of(host),
                List.of(new DynoRoute("web.1", dyno.address(), DynoRoute.State.UP)));
    }

    private static String[] usual(String... more) {
        List<String> all = new ArrayList<>(List.of(path("/")));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private static String[] path(String path) {
        return new String[] {
            ":method", "GET", ":scheme", "https", ":path", path, ":authority", "a.localhost"
        };
    }
}
