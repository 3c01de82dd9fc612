package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Routers as processes that hand their listeners over to each other. `bench/handover.py` does it more often.
@Timeout(120)
class HandoverTest {
    private static final String BODY = "x".repeat(500);

    @TempDir Path directory;
    private int http;
    private int https;
    private String transport = "epoll";

    @BeforeEach
    void choosePorts() throws IOException {
        assumeTrue(Epoll.isAvailable(), "hand-over needs epoll");
        http = freePort();
        https = freePort();
    }

    @ParameterizedTest
    @CsvSource({"epoll, 3", "io_uring, 1"})
    void noRequestFailsWhileListenersAreHandedOver(String name, int times) throws Exception {
        transport = name;
        assumeTrue(
                Transport.named(transport).toString().equals(transport),
                "this machine has no " + transport);
        Load load = new Load();
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering(BODY))) {
            RouterProgram router = start(dyno).awaitListening();
            assertThat(Files.getPosixFilePermissions(socket()))
                    .allMatch(permission -> permission.name().startsWith("OWNER"));
            try {
                load.start();
                beginAndEnd();
                for (int i = 0; i < times; i++) {
                    load.awaitMore(200);
                    RouterProgram younger = start(dyno).awaitListening();
                    assertThat(router.awaitEnd()).isZero();
                    router = younger;
                }
                load.awaitMore(200);
            } finally {
                load.stop();
                router.close();
            }
            assertThat(load.failures).isEmpty();
        }
    }

    @Test
    void socketOfARouterThatWasKilledIsNoObstacle() throws Exception {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering(BODY))) {
            start(dyno).awaitListening().kill();

            try (RouterProgram _ = start(dyno).awaitListening()) {
                assertThat(status()).isEqualTo(200);
            }
        }
    }

    private RouterProgram start(FakeDyno dyno) throws IOException {
        Path routes = RouterProgram.routes(directory, dyno);
        return RouterProgram.launchedBy(
                List.of(),
                List.of("-Dpaddock.router.transport=" + transport),
                directory,
                "--http=127.0.0.1:" + http,
                "--https=127.0.0.1:" + https,
                "--routes=" + routes,
                "--handover=" + socket());
    }

    /// As a router that ends before it is ready.
    private void beginAndEnd() throws IOException {
        try (SocketChannel younger = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            younger.connect(UnixDomainSocketAddress.of(socket()));
        }
    }

    private Path socket() {
        return directory.resolve("handover");
    }

    private int status() throws IOException {
        try (RawClient client =
                new RawClient(
                        new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), http))) {
            return client.get("/").response().status();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    /// Clients of four kinds: kept and new connections, plain and TLS.
    private final class Load {
        private final List<Thread> clients = new ArrayList<>();
        private final AtomicInteger answers = new AtomicInteger();
        private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        private final SSLContext tls;
        private volatile boolean stopped;

        Load() throws GeneralSecurityException {
            tls = SSLContext.getInstance("TLS");
            tls.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
        }

        void start() {
            for (boolean secure : new boolean[] {false, true}) {
                for (boolean kept : new boolean[] {false, true, false, true}) {
                    clients.add(Thread.ofPlatform().start(() -> run(secure, kept)));
                }
            }
        }

        private void run(boolean secure, boolean kept) {
            while (!stopped) {
                try (Socket socket = connect(secure)) {
                    boolean goesOn = true;
                    while (goesOn && !stopped) {
                        goesOn = exchange(socket) && kept;
                    }
                } catch (IOException failure) {
                    failures.add((secure ? "tls" : "plain") + (kept ? " kept" : "") + failure);
                }
            }
        }

        private Socket connect(boolean secure) throws IOException {
            Socket plain = new Socket(InetAddress.getLoopbackAddress(), secure ? https : http);
            plain.setSoTimeout(20_000);
            plain.setTcpNoDelay(true);
            return secure
                    ? tls.getSocketFactory().createSocket(plain, "a.localhost", https, true)
                    : plain;
        }

        /// Returns whether another request may follow.
        private boolean exchange(Socket socket) throws IOException {
            socket.getOutputStream()
                    .write(RawClient.request("GET", "/").getBytes(StandardCharsets.ISO_8859_1));
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    throw new EOFException("the connection ended after '" + head + "'");
                }
                head.append((char) next);
            }
            if (!head.toString().startsWith("HTTP/1.1 200 ")) {
                throw new IOException("answered " + head);
            }
            if (in.readNBytes(BODY.length()).length < BODY.length()) {
                throw new EOFException("the connection ended in the body");
            }
            answers.incrementAndGet();
            return head.indexOf("Connection: close") < 0;
        }

        void awaitMore(int requests) {
            int target = answers.get() + requests;
            TestRouter.await("answers", () -> answers.get() >= target || !failures.isEmpty());
        }

        void stop() throws InterruptedException {
            stopped = true;
            for (Thread client : clients) {
                client.join();
            }
        }
    }
}
