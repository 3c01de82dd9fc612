package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.router.http.Mutations;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import io.netty.util.ResourceLeakDetector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Throws real messages, mutated and spliced, at a started router from both sides. A failure names the seed; the same
/// seed gives the same bytes. `-Dpaddock.fuzz.seconds=300` goes on for longer, `-Dpaddock.fuzz.seed=N` elsewhere.
class HostileBytesTest {
    private static final int THREADS = 8;
    private static final int PATIENCE_MILLIS = 60;
    private static final int CANARY_EVERY = 50;
    private static final int MAX_FAULTS_SHOWN = 5;
    private static final long SECONDS = Long.getLong("paddock.fuzz.seconds", 7);
    private static final long SEED = Long.getLong("paddock.fuzz.seed", 20_130_213);

    private final Queue<String> leaks = new ConcurrentLinkedQueue<>();
    private final Logger detector = Logger.getLogger(ResourceLeakDetector.class.getName());
    private final Handler listener =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    leaks.add(record.getMessage());
                }

                @Override
                public void flush() {
                    // Nothing is held back.
                }

                @Override
                public void close() {
                    // Nothing is open.
                }
            };
    private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();

    @BeforeEach
    void watchForLeaks() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        detector.addHandler(listener);
    }

    @AfterEach
    void stopWatching() {
        detector.removeHandler(listener);
        ResourceLeakDetector.setLevel(before);
    }

    @Test
    void nothingOfWhatIsRefusedReachesDyno() throws Exception {
        try (StrictDyno dyno = new StrictDyno("a\\.localhost");
                TestRouter router = new TestRouter(app("a", dyno.address()))) {
            int descriptors = descriptors();

            attack(router.http(), router, seed -> requests(new SplittableRandom(seed)));

            assertThat(dyno.faults().stream().limit(MAX_FAULTS_SHOWN)).isEmpty();
            assertThat(dyno.requests()).isGreaterThan(100);
            settled(router, () -> descriptors + 2 * dyno.connections());
        }
    }

    @Test
    void whateverDynoAnswersTheRouterLives() throws Exception {
        try (FakeDyno good = new FakeDyno(FakeDyno.answering("ok"));
                FakeDyno bad = new FakeDyno(HostileBytesTest::answerBadly);
                TestRouter router =
                        new TestRouter(app("a", good.address()), app("b", bad.address()))) {
            int descriptors = descriptors();

            attack(
                    router.http(),
                    router,
                    _ ->
                            "GET / HTTP/1.1\r\nHost: b.localhost\r\n\r\n"
                                    .repeat(2)
                                    .getBytes(StandardCharsets.ISO_8859_1));

            settled(router, () -> descriptors + 2 * (good.connections() + bad.connections()));
        }
    }

    @Test
    void brokenTlsHarmsNobody() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("ok"));
                TestRouter router = new TestRouter(app("a", dyno.address()))) {
            InetSocketAddress tls = router.listenTls();
            byte[] hello = clientHello(tls);
            int descriptors = descriptors();

            attack(
                    tls,
                    router,
                    seed -> {
                        SplittableRandom random = new SplittableRandom(seed);
                        byte[] bytes = hello.clone();
                        for (int changes = random.nextInt(6); changes > 0; changes--) {
                            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                        }
                        return java.util.Arrays.copyOf(
                                bytes, 1 + random.nextInt(bytes.length + 200));
                    });

            settled(router, () -> descriptors + 2 * dyno.connections());
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

    private static void attack(InetSocketAddress target, TestRouter router, Attack attack)
            throws Exception {
        long end = System.nanoTime() + SECONDS * 1_000_000_000;
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                long first = SEED + thread * 1_000_000_000L;
                running.add(
                        clients.submit(() -> {
                            for (long seed = first; System.nanoTime() < end; seed++) {
                                try {
                                    send(target, attack.bytes(seed), new SplittableRandom(seed));
                                    if (seed % CANARY_EVERY == 0) {
                                        canary(router);
                                    }
                                } catch (IOException | AssertionError e) {
                                    throw new AssertionError("seed " + seed + ": " + e, e);
                                }
                            }
                            return seconds();
                        }));
            }
            for (Future<?> client : running) {
                client.get();
            }
        }
        canary(router);
    }

    private static long seconds() {
        return SECONDS;
    }

    /// In some pieces, then waits a moment, ends its side or leaves at once.
    private static void send(InetSocketAddress target, byte[] bytes, SplittableRandom random)
            throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(target, 10_000);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            int sent = 0;
            try {
                while (sent < bytes.length) {
                    int piece = Math.min(1 + random.nextInt(200), bytes.length - sent);
                    socket.getOutputStream().write(bytes, sent, piece);
                    sent += piece;
                }
                switch (random.nextInt(4)) {
                    case 0 -> socket.shutdownOutput();
                    case 1 -> socket.setSoLinger(true, 0);
                    default -> {
                        byte[] answer = socket.getInputStream().readNBytes(5);
                        if (target.getPort() > 0 && answer.length == 5 && answer[0] != 0x15) {
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

    private static void canary(TestRouter router) throws IOException {
        try (RawClient client = router.connect()) {
            assertThat(client.get("/1").response().status()).isEqualTo(200);
        }
    }

    private void settled(TestRouter router, IntSupplier descriptors) throws IOException {
        TestRouter.await(
                "an end of all connections", () -> descriptors() <= descriptors.getAsInt());
        TestRouter.await("an end of all buffers", () -> router.router().pinnedBytes() == 0);
        for (int i = 0; i < 3; i++) {
            System.gc();
            canary(router);
        }
        assertThat(leaks).isEmpty();
    }

    private static int descriptors() {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
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

    /// The bytes that belong to a seed.
    private interface Attack {
        byte[] bytes(long seed);
    }
}
