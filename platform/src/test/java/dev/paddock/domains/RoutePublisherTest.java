package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.manifold.AppView;
import dev.paddock.manifold.DynoView;
import dev.paddock.releases.AppSettings;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.DynoRoute;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RoutePublisherTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir Path directory;
    private final FakeSource source = new FakeSource();
    private final Map<AppId, AppView> views = new ConcurrentHashMap<>();
    private final Map<AppId, Long> routed = new ConcurrentHashMap<>();
    private final AtomicLong revisions = new AtomicLong();
    private RoutePublisher publisher;
    private Routers routers;
    private Path socket;
    private CountDownLatch maySign = new CountDownLatch(0);

    @BeforeEach
    void make() {
        publisher =
                new RoutePublisher(
                        source,
                        app -> views.getOrDefault(app, new AppView(app, 0, List.of())),
                        (app, revision) -> routed.merge(app, revision, Math::max),
                        CertificateAuthority.open(
                                directory.resolve("ca"), "localhost", InstantSource.system()),
                        "localhost",
                        work -> Thread.ofVirtual().start(() -> sign(work)));
        socket = directory.resolve("control");
        routers = new Routers(socket, publisher::served, frame -> {}, (_, _) -> {});
        publisher.connect(routers);
        routers.start();
    }

    @AfterEach
    void close() {
        publisher.close();
        routers.close();
    }

    /// What is signed beside the publishing thread, once it may.
    private void sign(Runnable work) {
        try {
            maySign.await();
            work.run();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static AppFacts facts(AppId id, String name) {
        return new AppFacts(
                id,
                new AppName(name),
                false,
                false,
                false,
                AppSettings.of(ConfigVars.EMPTY),
                false,
                false,
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    private AppId app(String name) {
        AppId id = AppId.random();
        source.put(facts(id, name));
        return id;
    }

    private long runs(AppId app, DynoView... dynos) {
        long revision = revisions.incrementAndGet();
        views.put(app, new AppView(app, revision, List.of(dynos)));
        return revision;
    }

    private static DynoView dyno(String name, DynoState state) {
        return dyno(name, DynoKind.FORMATION, state, false);
    }

    private static DynoView dyno(String name, DynoKind kind, DynoState state, boolean retiring) {
        return new DynoView(
                DynoId.random(),
                DynoName.parse(name),
                kind,
                DynoSize.DEFAULT,
                new ReleaseVersion(2),
                "serve",
                state,
                Instant.EPOCH,
                Optional.of(new DynoAddress("10.0.0.1", 5000)),
                state == DynoState.UP && name.startsWith("web") && !retiring,
                retiring);
    }

    @Test
    void tableHasEachAppWithItsCertificateAndWebDynos() throws Exception {
        AppId shop = app("shop");
        runs(
                shop,
                dyno("web.1", DynoState.UP),
                dyno("web.2", DynoState.STARTING),
                dyno("web.3", DynoState.CRASHED),
                dyno("web.4", DynoState.IDLE),
                dyno("web.5", DynoKind.FORMATION, DynoState.UP, true),
                dyno("web.6", DynoState.DOWN),
                dyno("worker.1", DynoState.UP),
                dyno("run.1", DynoKind.ONE_OFF, DynoState.UP, false));
        app("blog");
        publisher.start();

        try (Client router = new Client()) {
            ControlFrame.Snapshot table = (ControlFrame.Snapshot) router.next();

            assertThat(table.routes().apps())
                    .extracting(AppRoute::name)
                    .containsExactlyInAnyOrder("shop", "blog");
            AppRoute route =
                    table.routes().apps().stream()
                            .filter(app -> app.name().equals("shop"))
                            .findFirst()
                            .orElseThrow();
            assertThat(route.hosts()).containsExactly("shop.localhost");
            assertThat(route.dynos())
                    .containsExactly(
                            new DynoRoute("web.1", "10.0.0.1:5000", DynoRoute.State.UP),
                            new DynoRoute("web.2", "10.0.0.1:5000", DynoRoute.State.STARTING),
                            new DynoRoute("web.3", "10.0.0.1:5000", DynoRoute.State.CRASHED),
                            new DynoRoute("web.4", "10.0.0.1:5000", DynoRoute.State.STARTING));
            assertThat(
                            Pem.certificate(route.certificate().orElseThrow().chain())
                                    .getSubjectX500Principal()
                                    .getName())
                    .contains("CN=shop.localhost");
        }
    }

    @Test
    void dynoChangeIsPublishedAloneAndAcknowledgedWhenRoutersServeIt() throws Exception {
        AppId shop = app("shop");
        app("blog");
        publisher.start();
        try (Client router = new Client()) {
            long first = router.take();
            router.send(new ControlFrame.Serving(first));
            source.away = true;

            long revision = runs(shop, dyno("web.1", DynoState.UP));
            publisher.dynosChanged(shop);
            ControlFrame.Change change = (ControlFrame.Change) router.next();

            assertThat(change.apps()).extracting(AppRoute::name).containsExactly("shop");
            assertThat(change.gone()).isEmpty();
            assertThat(routed).doesNotContainEntry(shop, revision);
            assertThat(publisher.settle(SHORT)).isFalse();
            router.send(new ControlFrame.Serving(change.table()));
            await().atMost(LONG).until(() -> Long.valueOf(revision).equals(routed.get(shop)));
            assertThat(publisher.settle(LONG)).isTrue();
        }
    }

    @Test
    void viewThatChangesNoRouteIsAcknowledgedToo() throws Exception {
        AppId shop = app("shop");
        publisher.start();
        long revision = runs(shop, dyno("worker.1", DynoState.UP));
        publisher.dynosChanged(shop);
        AppId unknown = AppId.random();
        long other = runs(unknown);
        publisher.dynosChanged(unknown);

        assertThat(publisher.settle(LONG)).isTrue();
        assertThat(routed).containsEntry(shop, revision).containsEntry(unknown, other);
    }

    @Test
    void renamedAndDestroyedAppsLeaveTheTable() throws Exception {
        AppId shop = app("shop");
        AppId blog = app("blog");
        publisher.start();
        try (Client router = new Client()) {
            router.send(new ControlFrame.Serving(router.take()));
            source.put(facts(shop, "store"));
            publisher.changed(shop);
            ControlFrame.Change renamed = (ControlFrame.Change) router.next();
            assertThat(renamed.apps()).extracting(AppRoute::name).containsExactly("store");
            assertThat(renamed.gone()).containsExactly("shop");

            source.remove(blog);
            publisher.changed(blog);
            ControlFrame.Change destroyed = (ControlFrame.Change) router.next();
            assertThat(destroyed.apps()).isEmpty();
            assertThat(destroyed.gone()).containsExactly("blog");
        }
    }

    @Test
    void nameThatPassesToAnotherAppIsNeverTakenFromIt() throws Exception {
        AppId shop = app("shop");
        AppId blog = app("blog");
        publisher.start();
        try (Client router = new Client()) {
            router.send(new ControlFrame.Serving(router.take()));
            source.put(facts(shop, "store"));
            source.put(facts(blog, "shop"));
            // The news of the second renaming is the first to arrive.
            publisher.changed(blog);
            ControlFrame.Change first = (ControlFrame.Change) router.next();
            assertThat(first.apps()).extracting(AppRoute::id).containsExactly(blog.toString());
            assertThat(first.gone()).containsExactly("blog");

            publisher.changed(shop);
            ControlFrame.Change second = (ControlFrame.Change) router.next();
            assertThat(second.apps()).extracting(AppRoute::name).containsExactly("store");
            assertThat(second.gone()).isEmpty();
        }
    }

    @Test
    void databaseThatIsAwayDelaysOnlyWhatItAloneKnows() throws Exception {
        AppId shop = app("shop");
        publisher.start();
        try (Client router = new Client()) {
            router.send(new ControlFrame.Serving(router.take()));
            source.away = true;
            source.put(facts(shop, "store"));
            long revision = runs(shop, dyno("web.1", DynoState.UP));
            publisher.changed(shop);

            ControlFrame.Change meanwhile = (ControlFrame.Change) router.next();
            assertThat(meanwhile.apps().getFirst().name()).isEqualTo("shop");
            assertThat(meanwhile.apps().getFirst().dynos()).hasSize(1);
            router.send(new ControlFrame.Serving(meanwhile.table()));
            await().atMost(LONG).until(() -> Long.valueOf(revision).equals(routed.get(shop)));
            assertThat(publisher.settle(SHORT)).isFalse();

            source.away = false;
            ControlFrame.Change renamed = (ControlFrame.Change) router.next();
            assertThat(renamed.apps().getFirst().name()).isEqualTo("store");
            router.send(new ControlFrame.Serving(renamed.table()));
            assertThat(publisher.settle(LONG)).isTrue();
        }
    }

    @Test
    void firstTableDoesNotWaitForManyCertificates() throws Exception {
        int count = 300;
        for (int i = 0; i < count; i++) {
            app("app-" + i);
        }
        maySign = new CountDownLatch(1);
        try (Client router = new Client()) {
            publisher.start();
            ControlFrame.Snapshot first = (ControlFrame.Snapshot) router.next();
            assertThat(first.routes().apps()).hasSize(count);

            assertThat(first.routes().apps())
                    .allSatisfy(app -> assertThat(app.certificate()).isEmpty());

            maySign.countDown();
            serveUntilSigned(router, first);
        }
    }

    /// Serves this table and what changes in it until every app has its certificate.
    private static void serveUntilSigned(Client router, ControlFrame.Snapshot first)
            throws IOException {
        Set<String> unsigned = new HashSet<>();
        first.routes().apps().forEach(app -> unsigned.add(app.name()));
        forgetSigned(unsigned, first.routes().apps());
        router.send(new ControlFrame.Serving(first.table()));
        while (!unsigned.isEmpty()) {
            ControlFrame.Change change = (ControlFrame.Change) router.next();
            forgetSigned(unsigned, change.apps());
            router.send(new ControlFrame.Serving(change.table()));
        }
    }

    private static void forgetSigned(Set<String> unsigned, List<AppRoute> apps) {
        apps.stream()
                .filter(app -> app.certificate().isPresent())
                .forEach(app -> unsigned.remove(app.name()));
    }

    @Test
    void oneChangeAmongManyAppsIsFast() throws Exception {
        int count = 1_000;
        AppId last = app("app-0");
        for (int i = 1; i < count; i++) {
            last = app("app-" + i);
        }
        long begin = System.nanoTime();
        publisher.start();
        try (Client router = new Client()) {
            ControlFrame.Snapshot first = (ControlFrame.Snapshot) router.next();
            long whole = System.nanoTime();
            // Else a certificate that comes late would be taken for the change that is measured.
            serveUntilSigned(router, first);
            long[] micros = new long[200];
            for (int i = 0; i < micros.length; i++) {
                assertThat(publisher.settle(LONG)).isTrue();
                long from = System.nanoTime();
                runs(last, dyno("web." + (i + 1), DynoState.UP));
                publisher.dynosChanged(last);
                router.send(new ControlFrame.Serving(router.take()));
                assertThat(publisher.settle(LONG)).isTrue();
                micros[i] = (System.nanoTime() - from) / 1_000;
            }
            Arrays.sort(micros);
            System.out.printf(
                    "RoutePublisher: whole table of %d apps to a router in %d ms;"
                            + " one change to `serving` min %d, median %d, max %d us%n",
                    count,
                    (whole - begin) / 1_000_000,
                    micros[0],
                    micros[micros.length / 2],
                    micros[micros.length - 1]);
        }
    }

    private static final class FakeSource implements AppFacts.Source {
        private final Map<AppId, AppFacts> apps = new ConcurrentHashMap<>();
        private volatile boolean away;

        void put(AppFacts app) {
            apps.put(app.id(), app);
        }

        void remove(AppId app) {
            apps.remove(app);
        }

        @Override
        public Optional<AppFacts> find(AppId app) {
            if (away) {
                throw new IllegalStateException("the database is away");
            }
            return Optional.ofNullable(apps.get(app));
        }

        @Override
        public List<AppFacts> all() {
            return List.copyOf(apps.values());
        }
    }

    /// A router's end of the link.
    private final class Client implements AutoCloseable {
        private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        private final InputStream in;

        Client() throws IOException {
            channel.connect(UnixDomainSocketAddress.of(socket));
            in = new BufferedInputStream(Channels.newInputStream(channel));
            send(new ControlFrame.Hello(ControlFrame.PROTOCOL, "router", "1", 0));
            assertThat(ControlCodec.read(in)).isInstanceOf(ControlFrame.Hello.class);
        }

        void send(ControlFrame frame) throws IOException {
            ControlCodec.write(Channels.newOutputStream(channel), frame);
        }

        ControlFrame next() throws IOException {
            ControlFrame frame = ControlCodec.read(in);
            while (frame instanceof ControlFrame.Ping) {
                send(new ControlFrame.Pong());
                frame = ControlCodec.read(in);
            }
            return frame;
        }

        /// The number of the table that comes next.
        long take() throws IOException {
            return switch (next()) {
                case ControlFrame.Snapshot snapshot -> snapshot.table();
                case ControlFrame.Change change -> change.table();
                case ControlFrame other -> throw new AssertionError(other);
            };
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
