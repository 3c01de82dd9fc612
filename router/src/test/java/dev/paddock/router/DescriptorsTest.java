package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A router that has no file descriptors left.
class DescriptorsTest {
    private static final int CLIENTS = 5;
    private static final int MANY = 4096;
    private static final int SOME_ATTEMPTS_MILLIS = 300;

    /// Each request needs a connection of its own.
    private static final FakeDyno.Script ONCE =
            connection -> {
                connection.readHead();
                connection.send(
                        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            };

    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "io_uring"})
    void requestsWaitForOneAndNoDynoIsBlamed(String transport) throws Exception {
        assumeTrue(
                Transport.named(transport).toString().equals(transport),
                "this machine has no " + transport);
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/prlimit")), "there is no prlimit");
        InetSocketAddress http = freeAddress();
        Path log = directory.resolve("log");
        List<RawClient> clients = new ArrayList<>();
        try (FakeDyno dyno = new FakeDyno(ONCE);
                RouterProgram router = start(transport, http, log, dyno)) {
            router.awaitListening();
            long before = sockets(router);
            // Classes that are not in a jar need a descriptor to be loaded.
            try (RawClient client = new RawClient(http)) {
                assertThat(client.get("/").response().status()).isEqualTo(200);
            }
            TestRouter.await("the end of the first one", () -> sockets(router) == before);
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new RawClient(http));
            }
            TestRouter.await("accepted clients", () -> sockets(router) == before + CLIENTS);

            limit(router, descriptors(router));
            for (RawClient client : clients) {
                client.get("/");
            }
            Thread.sleep(SOME_ATTEMPTS_MILLIS);
            assertThat(dyno.heads()).hasSize(1);
            limit(router, MANY);

            for (RawClient client : clients) {
                try {
                    assertThat(client.response().status()).isEqualTo(200);
                } catch (IOException e) {
                    throw new IOException(router.messages() + Files.readString(log), e);
                }
            }
            TestRouter.await("lines", () -> Files.exists(log) && lines(log) == 1 + CLIENTS);
            assertThat(Files.readString(log)).doesNotContain("at=error");
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    private RouterProgram start(String transport, InetSocketAddress http, Path log, FakeDyno dyno)
            throws IOException {
        return RouterProgram.launchedBy(
                List.of(),
                List.of("-Dpaddock.router.transport=" + transport),
                directory,
                "--http",
                "127.0.0.1:" + http.getPort(),
                "--routes",
                RouterProgram.routes(directory, dyno).toString(),
                "--log",
                log.toString());
    }

    private static InetSocketAddress freeAddress() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), free.getLocalPort());
        }
    }

    private static long descriptors(RouterProgram router) {
        try (Stream<Path> open = Files.list(Path.of("/proc", "" + router.pid(), "fd"))) {
            return open.count();
        } catch (IOException gone) {
            return -1;
        }
    }

    private static long sockets(RouterProgram router) {
        try (Stream<Path> open = Files.list(Path.of("/proc", "" + router.pid(), "fd"))) {
            return open.filter(DescriptorsTest::isSocket).count();
        } catch (IOException gone) {
            return -1;
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException closed) {
            return false;
        }
    }

    private static void limit(RouterProgram router, long descriptors)
            throws IOException, InterruptedException {
        Process prlimit =
                new ProcessBuilder(
                                "prlimit",
                                "--pid",
                                "" + router.pid(),
                                "--nofile=" + descriptors + ":" + MANY)
                        .inheritIO()
                        .start();
        assertThat(prlimit.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(prlimit.exitValue()).isZero();
    }

    private static long lines(Path log) {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.count();
        } catch (IOException e) {
            return -1;
        }
    }
}
