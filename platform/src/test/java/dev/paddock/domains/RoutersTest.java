package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.AppId;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RoutersTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir Path directory;
    private final AtomicLong served = new AtomicLong();
    private final List<ControlFrame> frames = new CopyOnWriteArrayList<>();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private Path socket;
    private Routers routers;

    @BeforeEach
    void start() {
        socket = directory.resolve("control");
        start(Routers.Timing.USUAL);
    }

    private void start(Routers.Timing timing) {
        routers =
                new Routers(
                        socket,
                        table -> served.accumulateAndGet(table, Math::max),
                        frames::add,
                        (app, dynos) -> told.add(app + " " + dynos),
                        timing);
        routers.start();
    }

    @AfterEach
    void close() {
        routers.close();
    }

    private static AppRoute app(String name) {
        return AppRoute.of("id-" + name, name, List.of(name + ".localhost"), List.of());
    }

    private void publish(long table, String app) {
        AppRoute route = app(app);
        routers.publish(table, List.of(route), List.of());
    }

    private void awaitServed(long table) {
        await().atMost(LONG).until(() -> served.get() == table);
    }

    @Test
    void everythingIsServedAtOnceWhileNoRouterIsConnected() {
        publish(100, "shop");

        assertThat(served).hasValue(100);
        assertThat(routers.connected()).isZero();
    }

    @Test
    void newRouterGetsTheWholeTableAndThenChanges() throws Exception {
        publish(100, "shop");
        try (Client router = new Client(0)) {
            assertThat(router.hello().haveTable()).isEqualTo(100);
            assertThat(router.next())
                    .isEqualTo(
                            new ControlFrame.Snapshot(
                                    100, new RoutingTable(Timeouts.DEFAULT, List.of(app("shop")))));
            router.send(new ControlFrame.Serving(100));
            assertThat(routers.await(100, LONG)).isTrue();

            publish(101, "blog");
            assertThat(router.next())
                    .isEqualTo(new ControlFrame.Change(101, 100, List.of(app("blog")), List.of()));
            assertThat(routers.await(101, Duration.ofMillis(20))).isFalse();
            assertThat(served).hasValue(100);
            router.send(new ControlFrame.Serving(101));
            awaitServed(101);
        }
    }

    @Test
    void dynosThatAreStillBusySomewhereAreToldBeforeTheirTableIsServed() throws Exception {
        AppId app = AppId.random();
        publish(100, "shop");
        try (Client first = new Client(100);
                Client second = new Client(100)) {
            await().atMost(LONG).until(() -> routers.connected() == 2);
            publish(101, "blog");
            first.next();
            first.send(new ControlFrame.Serving(101, busy(app, "10.0.0.1:80", "10.0.0.2:80")));
            await().atMost(LONG).until(() -> told.size() == 1);
            assertThat(served).hasValue(100);
            second.next();
            second.send(new ControlFrame.Serving(101, busy(app, "10.0.0.2:80")));
            awaitServed(101);
            first.send(new ControlFrame.Serving(101));
            await().atMost(LONG).until(() -> told.size() == 2);
        }
        await().atMost(LONG).until(() -> told.size() == 3);

        assertThat(told.get(0)).contains("10.0.0.1:80").contains("10.0.0.2:80");
        assertThat(told.subList(1, 3)).containsExactly(app + " [10.0.0.2:80]", app + " []");
    }

    private static List<ControlFrame.Leaving> busy(AppId app, String... addresses) {
        return Stream.of(addresses)
                .map(address -> new ControlFrame.Leaving(app.toString(), address))
                .toList();
    }

    @Test
    void tableIsServedWhenTheSlowestRouterServesIt() throws Exception {
        publish(100, "shop");
        try (Client first = new Client(100);
                Client second = new Client(100)) {
            await().atMost(LONG).until(() -> routers.connected() == 2);
            publish(101, "blog");
            first.next();
            first.send(new ControlFrame.Serving(101));
            assertThat(routers.await(101, LONG)).isTrue();
            assertThat(served).hasValue(100);

            second.next();
            second.send(new ControlFrame.Serving(101));
            awaitServed(101);
        }
    }

    @Test
    void returningRouterGetsOnlyWhatItMissed() throws Exception {
        publish(100, "shop");
        publish(101, "blog");
        routers.publish(102, List.of(), List.of("shop"));
        publish(103, "wiki");

        try (Client router = new Client(100)) {
            assertThat(router.next())
                    .isEqualTo(
                            new ControlFrame.Change(
                                    103, 100, List.of(app("blog"), app("wiki")), List.of("shop")));
        }
        try (Client stranger = new Client(99)) {
            assertThat(stranger.next())
                    .isEqualTo(
                            new ControlFrame.Snapshot(
                                    103,
                                    new RoutingTable(
                                            Timeouts.DEFAULT, List.of(app("blog"), app("wiki")))));
        }
    }

    @Test
    void routerThatNoticedAGapAsksAgain() throws Exception {
        publish(100, "shop");
        try (Client router = new Client(100)) {
            await().atMost(LONG).until(() -> routers.connected() == 1);
            router.send(new ControlFrame.Hello(ControlFrame.PROTOCOL, "router", "1", 0));

            assertThat(router.next()).isInstanceOf(ControlFrame.Snapshot.class);
        }
    }

    @Test
    void slowRouterGetsOneUpdateForManyTablesAndNoGap() throws Exception {
        publish(1, "app");
        try (Client router = new Client(1)) {
            await().atMost(LONG).until(() -> routers.connected() == 1);
            for (int table = 2; table <= 2_000; table++) {
                publish(table, "app-" + table % 50);
            }
            long held = 1;
            int received = 0;
            while (held < 2_000) {
                held =
                        switch (router.next()) {
                            case ControlFrame.Change change -> {
                                assertThat(change.from()).isEqualTo(held);
                                yield change.table();
                            }
                            case ControlFrame.Snapshot snapshot -> snapshot.table();
                            case ControlFrame other -> throw new AssertionError(other);
                        };
                received++;
            }
            assertThat(received).isLessThan(2_000);
        }
    }

    @Test
    void reportsOfRoutersArePassedOnAndPingsAnswered() throws Exception {
        publish(100, "shop");
        try (Client router = new Client(100)) {
            router.send(new ControlFrame.Wake("shop"));
            router.send(new ControlFrame.Trouble("shop", "web.1", "refused"));
            router.send(new ControlFrame.Ping());

            assertThat(router.next()).isEqualTo(new ControlFrame.Pong());
            assertThat(frames)
                    .containsExactly(
                            new ControlFrame.Wake("shop"),
                            new ControlFrame.Trouble("shop", "web.1", "refused"));
        }
    }

    @Test
    void silentRouterIsCutAndCountsUntilItsTableIsVoid() throws Exception {
        routers.close();
        start(
                new Routers.Timing(
                        Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(3)));
        publish(100, "shop");
        try (Client router = new Client(100)) {
            await().atMost(LONG).until(() -> routers.connected() == 1);
            long begin = System.nanoTime();
            publish(101, "blog");

            assertThat(List.of(router.nextOfAnyKind(), router.nextOfAnyKind()))
                    .contains(new ControlFrame.Ping());
            await().atMost(LONG).until(() -> routers.connected() == 0);
            assertThat(served).hasValue(100);

            awaitServed(101);
            assertThat(System.nanoTime() - begin).isGreaterThan(2_900_000_000L);
        }
    }

    @Test
    void newRouterIsToldToTakeOverOnceItHasTheTable() throws Exception {
        publish(100, "shop");
        routers.handOver(ProcessHandle.current().pid(), Path.of("/run/offer"));
        try (Client router = new Client(0)) {
            assertThat(router.next()).isInstanceOf(ControlFrame.Snapshot.class);
            assertThat(router.next()).isEqualTo(new ControlFrame.Handover("/run/offer"));
        }
    }

    @Test
    void loadsOfARouterAreKnownUntilItIsGone() throws Exception {
        publish(100, "shop");
        ControlFrame.AppLoad load =
                new ControlFrame.AppLoad(
                        "shop",
                        List.of(new ControlFrame.DynoLoad("web.1", 2)),
                        3,
                        40,
                        5.5,
                        1,
                        2,
                        3);
        try (Client router = new Client(100)) {
            router.send(new ControlFrame.Load(List.of(load)));
            await().atMost(LONG).until(() -> routers.loads().find("shop").isPresent());
            assertThat(routers.loads().find("shop")).contains(load);
            assertThat(routers.loads().find("blog")).isEmpty();
        }
        await().atMost(LONG).until(() -> routers.loads().find("shop").isEmpty());
    }

    @Test
    void routerThatComesBackIsCountedOnce() throws Exception {
        publish(100, "shop");
        try (Client _ = new Client(100)) {
            await().atMost(LONG).until(() -> routers.connected() == 1);
        }
        await().atMost(LONG).until(() -> routers.connected() == 0);
        publish(101, "blog");
        assertThat(served).hasValue(100);

        try (Client router = new Client(100)) {
            router.next();
            router.send(new ControlFrame.Serving(101));
            awaitServed(101);
        }
    }

    @Test
    void routerWhoseProcessDiedCountsNoMore() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/perl")), "perl is not installed");
        publish(100, "shop");
        Process router = perl("$s->send(pack('NC', length($j)+1, 1) . $j); sleep 60;");
        try {
            await().atMost(LONG).until(() -> routers.connected() == 1);
            publish(101, "blog");
            assertThat(served).hasValue(100);
        } finally {
            router.destroyForcibly();
        }

        await().atMost(LONG).until(() -> served.get() == 101);
    }

    @Test
    void routerOfTheLastPlatformIsWaitedForUntilItIsGone() throws Exception {
        Process router = new ProcessBuilder("sleep", "60").start();
        try {
            routers.close();
            routers =
                    new Routers(
                            socket,
                            table -> served.accumulateAndGet(table, Math::max),
                            frames::add,
                            (_, _) -> {});
            routers.expect(router.pid());
            routers.start();
            publish(100, "shop");
            assertThat(served).hasValue(0);
        } finally {
            router.destroyForcibly();
        }

        await().atMost(LONG).until(() -> served.get() == 100);
    }

    @Test
    void otherUsersAreRefusedEvenIfTheyReachTheSocket() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/perl")), "perl is not installed");
        publish(100, "shop");
        for (Path path : List.of(socket, directory)) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
        }

        Process stranger =
                perl(
                        "$s->send(pack('NC', length($j)+1, 1) . $j); print 'read ', read($s, $b, 1);",
                        "setpriv",
                        "--reuid=65534",
                        "--clear-groups");

        String output =
                new String(stranger.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output).doesNotContain("read 1");
        assertThat(routers.connected()).isZero();
    }

    /// A program that connects to the socket as `$s` and has a hello in `$j`.
    private Process perl(String program, String... prefix) throws IOException {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.addAll(
                List.of(
                        "/usr/bin/perl",
                        "-MIO::Socket::UNIX",
                        "-e",
                        "$s = IO::Socket::UNIX->new(Peer => shift) or die;"
                                + "$j = '{\"protocol\":1,\"name\":\"r\",\"version\":\"1\",\"haveTable\":100}';"
                                + program,
                        socket.toString()));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    @Test
    void nonsenseEndsOnlyItsOwnLink() throws Exception {
        publish(100, "shop");
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            Channels.newOutputStream(channel)
                    .write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            // Ends, with or without our hello: the read returns.
            assertThat(Channels.newInputStream(channel).readAllBytes()).hasSizeLessThan(1_000);
        }
        try (Client router = new Client(0)) {
            assertThat(router.next()).isInstanceOf(ControlFrame.Snapshot.class);
        }
    }

    /// A router's end of the link.
    private final class Client implements AutoCloseable {
        private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        private final InputStream in;
        private final ControlFrame.Hello hello;

        Client(long haveTable) throws IOException {
            channel.connect(UnixDomainSocketAddress.of(socket));
            in = new BufferedInputStream(Channels.newInputStream(channel));
            send(new ControlFrame.Hello(ControlFrame.PROTOCOL, "router", "1", haveTable));
            hello = (ControlFrame.Hello) ControlCodec.read(in);
        }

        ControlFrame.Hello hello() {
            return hello;
        }

        void send(ControlFrame frame) throws IOException {
            ControlCodec.write(Channels.newOutputStream(channel), frame);
        }

        ControlFrame next() throws IOException {
            ControlFrame frame = nextOfAnyKind();
            while (frame instanceof ControlFrame.Ping) {
                send(new ControlFrame.Pong());
                frame = nextOfAnyKind();
            }
            return frame;
        }

        ControlFrame nextOfAnyKind() throws IOException {
            return ControlCodec.read(in);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
