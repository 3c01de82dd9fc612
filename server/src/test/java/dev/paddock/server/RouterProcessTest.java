package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import dev.paddock.daemons.Processes;
import dev.paddock.daemons.SystemUser;
import dev.paddock.domains.Routers;
import dev.paddock.formation.FormationRules;
import dev.paddock.metering.FreeHours;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import dev.paddock.store.Trees;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The real router as a process, with this test in place of the platform.
@Timeout(120)
class RouterProcessTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int TIMEOUT_MILLIS = 20_000;
    private static final String BODY = "hello";

    @TempDir Path folder;
    private DataDirectory data;
    private RuntimeDirectory runtime;
    private Settings settings;
    private HttpServer dyno;
    private long table = 1000;

    @BeforeEach
    void prepare() throws IOException {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/ns")), "needs Linux");
        data = DataDirectory.open(folder.resolve("data"));
        runtime = RuntimeDirectory.of(data.path());
        runtime.create();
        settings =
                new Settings(
                        data.path(),
                        address(),
                        address(),
                        address(),
                        address(),
                        "localhost",
                        false,
                        false,
                        1,
                        0,
                        0,
                        0,
                        List.of(),
                        FreeHours.PER_APP,
                        FormationRules.USUAL,
                        Optional.empty());
        dyno = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        dyno.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        dyno.createContext(
                "/",
                request -> {
                    byte[] body = BODY.getBytes(StandardCharsets.US_ASCII);
                    request.sendResponseHeaders(200, body.length);
                    request.getResponseBody().write(body);
                    request.close();
                });
        dyno.start();
    }

    @AfterEach
    void remove() throws IOException {
        var _ = RouterProcess.stopLeftOver(runtime);
        dyno.stop(0);
        data.close();
        Trees.delete(runtime.path());
    }

    private static HostPort address() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new HostPort("127.0.0.1", probe.getLocalPort());
        }
    }

    @Test
    void routerOfANewBuildTakesOverAndNoRequestFails() throws Exception {
        Installation earlier = build("earlier");
        Installation newer = build("newer");
        long first;
        try (Platform platform = new Platform(earlier)) {
            platform.awaitServed();
            first = platform.router.pid();
        }
        try (Platform platform = new Platform(earlier)) {
            platform.awaitServed();
            assertThat(platform.router.pid()).as("the same build is adopted").isEqualTo(first);
        }

        Requests requests = new Requests(settings.http().port());
        requests.awaitMore(50);
        try (Platform platform = new Platform(newer)) {
            platform.awaitServed();
            Awaitility.await("the end of the earlier router")
                    .atMost(LIMIT)
                    .until(() -> Processes.started(first).isEmpty());
            requests.awaitMore(50);

            assertThat(requests.stop()).isEmpty();
            assertThat(platform.router.alive()).isTrue();
            assertThat(platform.router.pid()).isNotEqualTo(first);
            platform.router.stop();
        }
    }

    /// The router's program as one build made it: the folders of its classes packed, the libraries as they are.
    private Installation build(String name) throws IOException {
        Path lib = folder.resolve(name);
        Path router = Files.createDirectories(lib.resolve("router"));
        List<Path> ours = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            String file = String.valueOf(path.getFileName());
            if (Files.isDirectory(path) && isOfRouter(path)) {
                ours.add(path);
            } else if (file.endsWith(".jar")
                    && (file.startsWith("netty-")
                            || file.startsWith("jackson-core")
                            || file.startsWith("picocli")
                            || file.startsWith("jspecify")
                            || file.startsWith("paddock-router")
                            || file.startsWith("paddock-core"))
                    && !file.endsWith("-tests.jar")) {
                Files.copy(path, router.resolve(file));
            }
        }
        try (JarOutputStream jar =
                new JarOutputStream(
                        Files.newOutputStream(router.resolve("paddock-" + name + ".jar")))) {
            jar.putNextEntry(new JarEntry("build/" + name));
            for (Path classes : ours) {
                pack(classes, jar);
            }
        }
        return new Installation(lib);
    }

    private static boolean isOfRouter(Path classes) {
        return classes.endsWith("router/target/classes") || classes.endsWith("core/target/classes");
    }

    private static void pack(Path classes, JarOutputStream jar) throws IOException {
        try (Stream<Path> all = Files.walk(classes)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.getFileName().toString().equals("MANIFEST.MF")) {
                    jar.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                    Files.copy(file, jar);
                }
            }
        }
    }

    /// What `Paddock` does about its router.
    private final class Platform implements AutoCloseable {
        private final RouterProcess router;
        private final Routers routers;
        private final long newest = ++table;

        Platform(Installation installation) {
            router = new RouterProcess(settings, data, runtime, installation);
            router.start();
            routers = new Routers(runtime.controlSocket(), _ -> {}, _ -> {}, (_, _) -> {});
            SystemUser.ensure(RouterProcess.USER).ifPresent(routers::allow);
            router.pids().forEach(routers::expect);
            routers.start();
            String address = "127.0.0.1:" + dyno.getAddress().getPort();
            var web = new DynoRoute("web.1", address, DynoRoute.State.UP);
            routers.publish(
                    newest,
                    List.of(AppRoute.of("", "shop", List.of("shop.localhost"), List.of(web))),
                    List.of());
            router.handOver(routers);
        }

        void awaitServed() throws InterruptedException {
            assertThat(routers.await(newest, LIMIT)).as(router.lastWords()).isTrue();
            Awaitility.await("an answer; the router says: " + router.lastWords())
                    .atMost(LIMIT)
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> {
                        try (Socket client = connect(settings.http().port())) {
                            return ask(client).startsWith("HTTP/1.1 200 ");
                        }
                    });
        }

        @Override
        public void close() {
            routers.close();
            router.close();
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /// One request; returns the head of its answer, whose body has to be there too.
    private static String ask(Socket client) throws IOException {
        client.getOutputStream()
                .write(
                        "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
        InputStream in = client.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("the connection ended after '" + head + "'");
            }
            head.append((char) next);
        }
        if (head.indexOf("HTTP/1.1 200 ") == 0 && in.readNBytes(BODY.length()).length == 0) {
            throw new IOException("the connection ended before the body");
        }
        return head.toString();
    }

    /// Clients that ask all the time, over new connections and over kept ones.
    private static final class Requests {
        private final int port;
        private final AtomicInteger answered = new AtomicInteger();
        private final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final List<Thread> clients = new ArrayList<>();
        private volatile boolean stopped;

        Requests(int port) {
            this.port = port;
            for (boolean kept : new boolean[] {true, false}) {
                clients.add(Thread.ofPlatform().name("requests").start(() -> askOn(kept)));
            }
        }

        private void askOn(boolean kept) {
            while (!stopped) {
                try (Socket client = connect(port)) {
                    String head;
                    do {
                        head = ask(client);
                        if (!head.startsWith("HTTP/1.1 200 ")) {
                            failures.add(head);
                        }
                        answered.incrementAndGet();
                    } while (kept && !stopped && !head.contains("Connection: close"));
                } catch (IOException e) {
                    failures.add((kept ? "kept: " : "new: ") + e);
                }
            }
        }

        void awaitMore(int number) {
            int before = answered.get();
            Awaitility.await()
                    .atMost(LIMIT)
                    .until(() -> answered.get() >= before + number || !failures.isEmpty());
        }

        List<String> stop() throws InterruptedException {
            stopped = true;
            for (Thread client : clients) {
                client.join();
            }
            return List.copyOf(failures);
        }
    }
}
