package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.ControlFrame.Change;
import dev.paddock.routes.ControlFrame.Hello;
import dev.paddock.routes.ControlFrame.Load;
import dev.paddock.routes.ControlFrame.Serving;
import dev.paddock.routes.ControlFrame.Snapshot;
import dev.paddock.routes.ControlFrame.Trouble;
import dev.paddock.routes.ControlFrame.Wake;
import dev.paddock.routes.DynoRoute;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.SpoolReader;
import dev.paddock.routes.SpoolWriter;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The router's end of the link against a platform that speaks bytes on a real socket.
class ControlLinkTest {
    @TempDir Path directory;

    @Test
    void tableIsServedWhenItSaysSo() throws IOException {
        try (Platform platform = new Platform();
                FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                Linked linked = new Linked()) {
            platform.accept();
            assertThat(platform.next(Hello.class).haveTable()).isZero();
            assertThat(linked.status()).isEqualTo(503);

            platform.send(new Snapshot(7, table(app("a", dyno))));
            assertThat(platform.next(Serving.class).table()).isEqualTo(7);
            assertThat(linked.status()).isEqualTo(200);

            platform.send(new Change(8, 7, List.of(app("b", dyno)), List.of("a")));
            assertThat(platform.next(Serving.class).table()).isEqualTo(8);
            assertThat(linked.status()).isEqualTo(404);
        }
    }

    @Test
    void missingChangeMakesTheRouterAskAgain() throws IOException {
        try (Platform platform = new Platform();
                Linked _ = new Linked()) {
            platform.accept();
            platform.next(Hello.class);
            platform.send(new Snapshot(1, table()));
            platform.next(Serving.class);

            platform.send(new Change(3, 2, List.of(), List.of()));

            assertThat(platform.next(Hello.class).haveTable()).isEqualTo(1);
        }
    }

    @Test
    void routerServesOnAndComesBackWhenThePlatformDies() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                Linked linked = new Linked()) {
            try (Platform platform = new Platform()) {
                platform.accept();
                platform.next(Hello.class);
                platform.send(new Snapshot(4, table(app("a", dyno))));
                platform.next(Serving.class);
            }
            assertThat(linked.status()).isEqualTo(200);

            try (Platform again = new Platform()) {
                again.accept();
                assertThat(again.next(Hello.class).haveTable()).isEqualTo(4);
            }
        }
    }

    @Test
    void lastTableIsServedAfterARestartWithoutThePlatform() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"))) {
            try (Platform platform = new Platform();
                    Linked _ = new Linked()) {
                platform.accept();
                platform.next(Hello.class);
                platform.send(new Snapshot(4, table(app("a", dyno))));
                platform.next(Serving.class);
            }

            try (Linked restarted = new Linked()) {
                restarted.link.awaitTable(Duration.ofSeconds(20));
                assertThat(restarted.status()).isEqualTo(200);
                try (Platform platform = new Platform()) {
                    platform.accept();
                    assertThat(platform.next(Hello.class).haveTable()).isEqualTo(4);
                }
            }
            assertThat(Files.getPosixFilePermissions(directory.resolve("table.json")))
                    .allMatch(permission -> permission.name().startsWith("OWNER"));
        }
    }

    @Test
    void changesAreKeptOnDiskToo() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"))) {
            try (Platform platform = new Platform();
                    Linked _ = new Linked()) {
                platform.accept();
                platform.next(Hello.class);
                platform.send(new Snapshot(4, table(app("b", dyno))));
                platform.send(new Change(5, 4, List.of(app("a", dyno)), List.of("b")));
                while (platform.next(Serving.class).table() < 5) {
                    // The whole table first.
                }
            }

            try (Linked restarted = new Linked()) {
                restarted.link.awaitTable(Duration.ofSeconds(20));
                assertThat(restarted.status()).isEqualTo(200);
            }
        }
    }

    @Test
    void keptTableIsNotServedWhileALivingPlatformMayHaveANewerOne() throws IOException {
        try (FakeDyno old = new FakeDyno(FakeDyno.answering("old"));
                FakeDyno fresh = new FakeDyno(FakeDyno.answering("fresh"))) {
            try (Platform platform = new Platform();
                    Linked _ = new Linked()) {
                platform.accept();
                platform.next(Hello.class);
                platform.send(new Snapshot(4, table(app("a", old))));
                platform.next(Serving.class);
            }

            try (Platform platform = new Platform();
                    Linked restarted = new Linked()) {
                platform.accept();
                assertThat(platform.next(Hello.class).haveTable()).isEqualTo(4);
                platform.send(new Hello(1, "platform", "1", 6));
                assertThat(restarted.status()).isEqualTo(503);
                platform.send(new Change(6, 4, List.of(app("a", fresh)), List.of()));
                assertThat(platform.next(Serving.class).table()).isEqualTo(6);
                assertThat(restarted.body()).isEqualTo("fresh");
            }
            assertThat(old.heads()).isEmpty();
        }
    }

    @Test
    void keptTableIsServedWhenThePlatformSaysThatItIsTheNewest() throws IOException {
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"))) {
            try (Platform platform = new Platform();
                    Linked _ = new Linked()) {
                platform.accept();
                platform.next(Hello.class);
                platform.send(new Snapshot(4, table(app("a", dyno))));
                platform.next(Serving.class);
            }

            try (Platform platform = new Platform();
                    Linked restarted = new Linked()) {
                platform.accept();
                platform.send(new Hello(1, "platform", "1", 4));
                TestRouter.await("a served table", () -> restarted.link.servedTable() == 4);
                assertThat(restarted.status()).isEqualTo(200);
            }
        }
    }

    @Test
    void routerThatStoodStillServesNothingBeforeItHasAFreshTable() throws IOException {
        TableLease lease = new TableLease(TimeUnit.HOURS.toNanos(1));
        try (Platform platform = new Platform();
                FakeDyno old = new FakeDyno(FakeDyno.answering("old"));
                FakeDyno fresh = new FakeDyno(FakeDyno.answering("fresh"));
                Linked linked = new Linked(lease)) {
            platform.accept();
            platform.next(Hello.class);
            platform.send(new Snapshot(4, table(app("a", old))));
            platform.next(Serving.class);
            assertThat(linked.body()).isEqualTo("old");

            // Two hours pass in which the router does nothing.
            assertThat(lease.isOver(System.nanoTime() + TimeUnit.HOURS.toNanos(2))).isTrue();
            try (RawClient waiting = linked.connect()) {
                waiting.get("/");
                platform.send(new ControlFrame.Ping());
                platform.accept();
                assertThat(platform.next(Hello.class).haveTable()).isZero();
                platform.send(new Snapshot(9, table(app("a", fresh))));
                assertThat(platform.next(Serving.class).table()).isEqualTo(9);

                assertThat(waiting.response().body()).isEqualTo("fresh");
            }
            assertThat(linked.body()).isEqualTo("fresh");
            assertThat(old.heads()).hasSize(1);
        }
    }

    @Test
    void routerServesOnHoweverLongThePlatformIsDead() throws IOException {
        TableLease lease = new TableLease(TimeUnit.MILLISECONDS.toNanos(400));
        try (FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                Linked linked = new Linked(lease)) {
            try (Platform platform = new Platform()) {
                platform.accept();
                platform.next(Hello.class);
                platform.send(new Snapshot(4, table(app("a", dyno))));
                platform.next(Serving.class);
            }
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1200);
            while (System.nanoTime() < end) {
                assertThat(linked.status()).isEqualTo(200);
            }
        }
    }

    @Test
    void queueIsToldAtOnce() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        FakeDyno.Script slow =
                connection -> {
                    connection.readHead();
                    go.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                };
        try (Platform platform = new Platform();
                FakeDyno dyno = new FakeDyno(slow);
                Linked linked = new Linked()) {
            platform.accept();
            platform.next(Hello.class);
            platform.send(new Snapshot(1, table(TestRouter.limited(app("a", dyno), 1))));
            platform.next(Serving.class);
            try (RawClient first = linked.connect();
                    RawClient second = linked.connect()) {
                first.get("/");
                second.get("/");
                Load load = platform.next(Load.class);
                while (load.apps().getFirst().queued() == 0) {
                    load = platform.next(Load.class);
                }
                assertThat(load.apps().getFirst().dynos().getFirst().inFlight()).isEqualTo(1);
                go.countDown();
                assertThat(first.response().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void dynoThatLeavesInTheMiddleOfARequestIsToldUntilItHasAnswered() throws IOException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        FakeDyno.Script slow =
                connection -> {
                    connection.readHead();
                    asked.countDown();
                    go.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                };
        try (Platform platform = new Platform();
                FakeDyno dyno = new FakeDyno(slow);
                Linked linked = new Linked();
                RawClient client = linked.connect()) {
            platform.accept();
            platform.next(Hello.class);
            platform.send(new Snapshot(1, table(app("a", dyno))));
            assertThat(platform.next(Serving.class).leaving()).isEmpty();
            client.get("/");
            awaitUninterruptibly(asked);

            platform.send(new Change(2, 1, List.of(), List.of("a")));
            assertThat(platform.next(Serving.class))
                    .isEqualTo(
                            new Serving(
                                    2,
                                    List.of(new ControlFrame.Leaving("id-of-a", dyno.address()))));
            go.countDown();
            assertThat(client.response().status()).isEqualTo(200);
            assertThat(platform.next(Serving.class)).isEqualTo(new Serving(2));
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }

    @Test
    void platformSaysWhereListenersAreTakenOver() throws IOException {
        CompletableFuture<Path> told = new CompletableFuture<>();
        try (Platform platform = new Platform();
                Linked linked = new Linked()) {
            linked.link.onHandover(told::complete);
            platform.accept();
            platform.send(new ControlFrame.Handover("/run/there"));

            assertThat(told.join()).isEqualTo(Path.of("/run/there"));
        }
    }

    @Test
    void brokenKeptTableIsNoReasonNotToStart() throws IOException {
        Files.writeString(directory.resolve("table.json"), "{\"apps\":");

        try (Linked linked = new Linked()) {
            assertThat(linked.status()).isEqualTo(503);
        }
    }

    @Test
    void platformIsToldWhatWaitsWhatFailsAndWhatRuns() throws IOException {
        DynoRoute refusing = new DynoRoute("web.1", closedPort(), DynoRoute.State.UP);
        DynoRoute starting = new DynoRoute("web.1", "", DynoRoute.State.STARTING);
        try (Platform platform = new Platform();
                Linked linked = new Linked()) {
            platform.accept();
            platform.next(Hello.class);
            platform.send(new Snapshot(1, table(withDyno("a", refusing))));
            platform.next(Serving.class);
            assertThat(linked.status()).isEqualTo(503);
            assertThat(platform.next(Trouble.class))
                    .isEqualTo(new Trouble("a", "web.1", "refused"));

            platform.send(new Snapshot(2, table(withDyno("a", starting))));
            platform.next(Serving.class);
            try (RawClient client = linked.connect()) {
                client.get("/");
                assertThat(platform.next(Wake.class)).isEqualTo(new Wake("a"));
                assertThat(platform.next(Load.class).apps())
                        .anyMatch(load -> load.app().equals("a"));
                assertThat(client.response().status()).isEqualTo(503);
            }
        }
    }

    @Test
    void pingIsAnswered() throws IOException {
        try (Platform platform = new Platform();
                Linked _ = new Linked()) {
            platform.accept();
            platform.send(new ControlFrame.Ping());

            platform.next(ControlFrame.Pong.class);
        }
    }

    @Test
    void linesOfAppsGoIntoTheSpool() throws IOException {
        try (Platform platform = new Platform();
                FakeDyno dyno = new FakeDyno(FakeDyno.answering("x"));
                Linked linked = new Linked()) {
            platform.accept();
            platform.next(Hello.class);
            platform.send(new Snapshot(1, table(app("a", dyno))));
            platform.next(Serving.class);
            linked.status();

            List<SpoolReader.Entry> entries = new ArrayList<>();
            try (SpoolReader reader =
                    new SpoolReader(directory.resolve("spool"), SpoolReader.Position.START)) {
                TestRouter.await("a line in the spool", () -> read(reader, entries) > 0);
            }
            assertThat(entries.getFirst().app()).isEqualTo("id-of-a");
            assertThat(entries.getFirst().line())
                    .startsWith("at=info method=GET path=\"/\" host=a.localhost ");
        }
    }

    private static int read(SpoolReader reader, List<SpoolReader.Entry> entries) {
        try {
            return reader.read(10, entries::add);
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }

    private static RoutingTable table(AppRoute... apps) {
        return new RoutingTable(TestRouter.TIMEOUTS, List.of(apps));
    }

    private static AppRoute app(String name, FakeDyno dyno) {
        return withDyno(name, new DynoRoute("web.1", dyno.address(), DynoRoute.State.UP));
    }

    private static AppRoute withDyno(String name, DynoRoute dyno) {
        return AppRoute.of("id-of-" + name, name, List.of(name + ".localhost"), List.of(dyno));
    }

    private static String closedPort() throws IOException {
        try (FakeDyno gone = new FakeDyno(FakeDyno.answering(""))) {
            return gone.address();
        }
    }

    private Path socket() {
        return directory.resolve("control");
    }

    /// A router linked to whatever listens on the socket.
    private final class Linked implements AutoCloseable {
        private final AccessLog log =
                AccessLog.open(null, new SpoolWriter(directory.resolve("spool")));
        private final ControlLink link;
        private final Router router;
        private final InetSocketAddress http;

        Linked() throws IOException {
            this(new TableLease());
        }

        Linked(TableLease lease) throws IOException {
            link = new ControlLink(socket(), directory, lease);
            router = new Router(2, Transport.best(), log, link);
            http = router.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            link.start(router);
        }

        RawClient connect() throws IOException {
            return new RawClient(http);
        }

        /// Status of a request for a.localhost.
        int status() throws IOException {
            try (RawClient client = connect()) {
                return client.get("/").response().status();
            }
        }

        String body() throws IOException {
            try (RawClient client = connect()) {
                return client.get("/").response().body();
            }
        }

        @Override
        public void close() {
            link.close();
            router.close();
            log.close();
        }
    }

    /// The platform's end, frame by frame.
    private final class Platform implements AutoCloseable {
        private final ServerSocketChannel server =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        private Optional<SocketChannel> link = Optional.empty();
        private InputStream in = InputStream.nullInputStream();
        private OutputStream out = OutputStream.nullOutputStream();

        Platform() throws IOException {
            Files.deleteIfExists(socket());
            server.bind(UnixDomainSocketAddress.of(socket()));
        }

        void accept() throws IOException {
            SocketChannel accepted = server.accept();
            link = Optional.of(accepted);
            in = new BufferedInputStream(Channels.newInputStream(accepted));
            out = Channels.newOutputStream(accepted);
        }

        void send(ControlFrame frame) throws IOException {
            ControlCodec.write(out, frame);
        }

        /// The next frame of this kind; others are passed over.
        <F extends ControlFrame> F next(Class<F> kind) throws IOException {
            while (true) {
                ControlFrame frame = ControlCodec.read(in);
                if (kind.isInstance(frame)) {
                    return kind.cast(frame);
                }
            }
        }

        @Override
        public void close() throws IOException {
            if (link.isPresent()) {
                link.get().close();
            }
            server.close();
        }
    }
}
