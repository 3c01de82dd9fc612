package dev.paddock.router;

import static dev.paddock.router.TestRouter.TIMEOUTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.http.Mutations;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/// Throws real messages, mutated and spliced, at a started router from both sides. A failure names the seed; the same
/// seed gives the same bytes. `bench/fuzz.sh SECONDS [SEED]` goes on for longer, or elsewhere.
class HostileBytesTest {
    private static final int PATIENCE_MILLIS = 60;
    private static final int MAX_FAULTS_SHOWN = 5;

    @Test
    void nothingOfWhatIsRefusedReachesDyno() throws Exception {
        try (StrictDyno dyno = new StrictDyno("a\\.localhost");
                TestRouter router = new TestRouter(app("a", dyno.address()));
                FuzzRun run = new FuzzRun(router, () -> getPlain(router))) {
            run.attack(5, random -> send(router.http(), requests(random), random));

            assertThat(dyno.faults().stream().limit(MAX_FAULTS_SHOWN)).isEmpty();
            assertThat(dyno.requests()).isPositive();
            run.leavesNothing(() -> 2 * dyno.connections());
        }
    }

    @Test
    void whateverDynoAnswersTheRouterLives() throws Exception {
        try (FakeDyno good = new FakeDyno(FakeDyno.answering("ok"));
                FakeDyno bad = new FakeDyno(HostileBytesTest::answerBadly);
                TestRouter router =
                        new TestRouter(app("a", good.address()), app("b", bad.address()));
                FuzzRun run = new FuzzRun(router, () -> getPlain(router))) {
            byte[] requests =
                    "GET / HTTP/1.1\r\nHost: b.localhost\r\n\r\n"
                            .repeat(2)
                            .getBytes(StandardCharsets.ISO_8859_1);

            run.attack(3, random -> send(router.http(), requests, random));

            run.leavesNothing(() -> 2 * (good.connections() + bad.connections()));
        }
    }

    @Test
    void brokenTlsHarmsNobody() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(app("a", dyno.address()));
                FuzzRun run = new FuzzRun(router, () -> getPlain(router))) {
            InetSocketAddress tls = router.listenTls();
            byte[] hello = clientHello(tls);

            run.attack(
                    2,
                    random -> {
                        byte[] bytes = hello.clone();
                        for (int changes = random.nextInt(6); changes > 0; changes--) {
                            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                        }
                        int length = 1 + random.nextInt(bytes.length + 200);
                        send(tls, Arrays.copyOf(bytes, length), random);
                    });

            // The listener is new since the run began.
            run.leavesNothing(() -> 1 + 2 * dyno.connections());
        }
    }

    @Test
    void hostileFramesReachNoDynoAndBreakNothing() throws Exception {
        SSLContext tls = FrameClient.trusting();
        try (StrictDyno dyno = new StrictDyno("a\\.localhost");
                TestRouter router = new TestRouter(app("a", dyno.address()))) {
            InetSocketAddress address = router.listenTls();
            try (FuzzRun run = new FuzzRun(router, () -> getOverHttp2(address))) {
                run.attack(
                        5,
                        random ->
                                sendFrames(address, tls, HostileFrames.connection(random), random));

                assertThat(dyno.faults().stream().limit(MAX_FAULTS_SHOWN)).isEmpty();
                assertThat(dyno.requests()).isPositive();
                run.leavesNothing(() -> 2 * dyno.connections());
            }
        }
    }

    @Test
    void whateverDynoAnswersClientsGetFramesByTheBook() throws Exception {
        SSLContext tls = FrameClient.trusting();
        try (FakeDyno good = new FakeDyno(FakeDyno.answering("ok"));
                FakeDyno bad = new FakeDyno(HostileBytesTest::answerBadly);
                TestRouter router =
                        new TestRouter(app("a", good.address()), app("b", bad.address()))) {
            InetSocketAddress address = router.listenTls();
            try (FuzzRun run = new FuzzRun(router, () -> getOverHttp2(address))) {
                run.attack(2, _ -> getFromBad(address, tls));

                run.leavesNothing(() -> 2 * (good.connections() + bad.connections()));
            }
        }
    }

    @Test
    void hostileProxyHeadersNeverMakeAnAddress() throws Exception {
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (StrictDyno dyno =
                        new StrictDyno(
                                "a\\.localhost", "([0-9]{1,3}([.][0-9]{1,3}){3}|[0-9a-f:.]+)");
                TestRouter router = new TestRouter(loopback, true, app("a", dyno.address()));
                FuzzRun run = new FuzzRun(router, () -> getBehindProxy(router))) {
            run.attack(
                    3,
                    random -> {
                        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                        bytes.writeBytes(Mutations.of(Mutations.PROXY_HEADERS, random));
                        bytes.writeBytes(requests(random));
                        send(router.http(), bytes.toByteArray(), random);
                    });

            assertThat(dyno.faults().stream().limit(MAX_FAULTS_SHOWN)).isEmpty();
            assertThat(dyno.requests()).isPositive();
            run.leavesNothing(() -> 2 * dyno.connections());
        }
    }

    /// One to three messages in a row, so that what follows a broken one is seen too.
    private static byte[] requests(SplittableRandom random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<String> messages =
                Mutations.REQUESTS.stream()
                        .map(message -> message.replaceFirst("Host: [^\r]*", "Host: a.localhost"))
                        .toList();
        for (int count = 1 + random.nextInt(3); count > 0; count--) {
            bytes.writeBytes(Mutations.of(messages, random));
        }
        return bytes.toByteArray();
    }

    private static void answerBadly(FakeDyno.Connection connection) throws IOException {
        SplittableRandom random = new SplittableRandom();
        while (!connection.readHead().isEmpty()) {
            byte[] answer = Mutations.of(Mutations.RESPONSES, random);
            connection.send(new String(answer, StandardCharsets.ISO_8859_1));
            if (random.nextInt(3) == 0) {
                connection.reset();
            }
        }
    }

    /// In some pieces, then waits a moment, ends its side or leaves at once.
    private static void send(InetSocketAddress target, byte[] bytes, SplittableRandom random)
            throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(target, 10_000);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            try {
                inPieces(
                        bytes,
                        random,
                        (from, length) -> socket.getOutputStream().write(bytes, from, length));
                switch (random.nextInt(4)) {
                    case 0 -> socket.shutdownOutput();
                    case 1 -> socket.setSoLinger(true, 0);
                    default -> {
                        byte[] answer = socket.getInputStream().readNBytes(5);
                        if (answer.length == 5 && answer[0] != 0x15) {
                            assertThat(new String(answer, StandardCharsets.ISO_8859_1))
                                    .matches("(?s)HTTP/|\u0016.*");
                        }
                    }
                }
            } catch (SocketTimeoutException _) {
                // The router waits for more; its limits are tried elsewhere.
            } catch (IOException _) {
                // It has answered and gone.
            }
        }
    }

    private static void sendFrames(
            InetSocketAddress target, SSLContext tls, byte[] bytes, SplittableRandom random)
            throws IOException {
        try (FrameClient client = new FrameClient(target, tls)) {
            client.readWithin(PATIENCE_MILLIS);
            try {
                inPieces(bytes, random, (from, length) -> client.send(bytes, from, length));
                switch (random.nextInt(6)) {
                    case 0 -> client.endOutput();
                    case 1 -> client.reset();
                    default -> {
                        StrictFrames answers = new StrictFrames();
                        while (true) {
                            answers.take(client.read());
                        }
                    }
                }
            } catch (IOException _) {
                // It has answered and gone, or waits for more.
            }
        }
    }

    private static void inPieces(byte[] bytes, SplittableRandom random, Sending sending)
            throws IOException {
        int most = random.nextBoolean() ? 200 : 20_000;
        int sent = 0;
        while (sent < bytes.length) {
            int piece = Math.min(1 + random.nextInt(most), bytes.length - sent);
            sending.send(sent, piece);
            sent += piece;
        }
    }

    /// Some requests to the dyno that answers badly, whose answers must all end.
    private static void getFromBad(InetSocketAddress target, SSLContext tls) throws IOException {
        long begun = System.nanoTime();
        try (FrameClient client = new FrameClient(target, tls)) {
            StrictFrames answers = new StrictFrames();
            client.preface();
            for (int stream = 1; stream < 8; stream += 2) {
                client.headers(
                        stream,
                        true,
                        ":method",
                        stream == 3 ? "HEAD" : "GET",
                        ":scheme",
                        "https",
                        ":path",
                        "/",
                        ":authority",
                        "b.localhost");
            }
            client.send();
            for (int stream = 1; stream < 8; stream += 2) {
                while (!answers.hasEnded(stream)) {
                    answers.take(client.read());
                }
            }
        } catch (EOFException _) {
            // On a busy machine a limit of the router may be over.
            assertThat(System.nanoTime() - begun).isGreaterThan(TIMEOUTS.keepalive() * 900_000L);
        }
    }

    private static void getPlain(TestRouter router) throws IOException {
        try (RawClient client = router.connect()) {
            assertThat(client.get("/1").response().body()).isEqualTo("ok");
        }
    }

    private static void getBehindProxy(TestRouter router) throws IOException {
        try (RawClient client = router.connect()) {
            client.send("PROXY TCP4 192.0.2.1 198.51.100.7 50000 443\r\n");
            assertThat(client.get("/1").response().body()).isEqualTo("ok");
        }
    }

    private static void getOverHttp2(InetSocketAddress address) throws IOException {
        try (FrameClient client = new FrameClient(address)) {
            assertThat(client.get(1, "/1").answer(1)).isEqualTo("200 ok");
        }
    }

    private static AppRoute app(String name, String address) {
        return AppRoute.of(
                "",
                name,
                List.of(name + ".localhost"),
                List.of(new DynoRoute("web.1", address, DynoRoute.State.UP)));
    }

    /// What a real client sends first.
    private static byte[] clientHello(InetSocketAddress server) throws Exception {
        var engine =
                javax.net.ssl.SSLContext.getDefault()
                        .createSSLEngine("a.localhost", server.getPort());
        engine.setUseClientMode(true);
        var out = java.nio.ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(java.nio.ByteBuffer.allocate(0), out);
        byte[] hello = new byte[out.flip().remaining()];
        out.get(hello);
        return hello;
    }

    /// One way to send a part of the bytes.
    private interface Sending {
        void send(int from, int length) throws IOException;
    }
}
