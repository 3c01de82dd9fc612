package dev.paddock.domains;

import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.manifold.AppView;
import dev.paddock.manifold.DynoView;
import dev.paddock.releases.Releases;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import dev.paddock.routes.RoutesJson;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;

/// What a table of many apps costs, from a real database to a router process that says `serving`: run by
/// `bench/table.sh`.
final class TableBench implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int ROUNDS = 10;
    private static final int DYNOS = 2;
    private static final int CLIENTS = 2;
    private static final int MOST_PAUSE_MICROS = 5000;
    private static final int TIMEOUT_MILLIS = 5000;
    private static final String DOMAIN = "localhost";

    private final List<String> routerCommand;
    private final Path directory = Files.createTempDirectory("paddock-table");
    private final Path socket = directory.resolve("control");
    private final Path state = directory.resolve("state");
    private final InstantSource clock = InstantSource.system();
    private final Database database = TestDatabase.fresh();
    private final Apps apps = new Apps(database, clock);
    private final Releases releases = new Releases(database, clock);
    private final Domains domains = new Domains(database, DOMAIN, clock);
    private final CertificateAuthority authority =
            CertificateAuthority.open(directory.resolve("ca"), DOMAIN, clock);
    private final Map<AppId, AppView> views = new ConcurrentHashMap<>();
    private final AtomicLong revisions = new AtomicLong();
    private final Random random = new Random(1);
    private final int port = freePort();
    private final ServerSocket dyno = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    private final List<App> all;
    private Link link = new Link();
    private Process router;

    /// When the last change was there to be announced.
    private long committedNanos;

    private TableBench(int count, List<String> routerCommand) throws IOException {
        this.routerCommand = routerCommand;
        makeApps(count);
        all = apps.all();
        all.forEach(app -> runs(app.id(), 0));
        all.forEach(app -> authority.leaf(app.name() + "." + DOMAIN));
        link.close();
        router = new ProcessBuilder("true").start();
        Thread.ofPlatform().daemon().start(this::answer);
    }

    /// Arguments: how many apps, how many changes, and how a router is started.
    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        int changes = Integer.parseInt(arguments[1]);
        List<String> router = List.of(arguments).subList(2, arguments.length);
        try (TableBench bench = new TableBench(count, router)) {
            System.out.printf(
                    "%d apps, ms%n%-44s %5s %8s %8s %8s %8s%n",
                    count, "", "n", "min", "median", "p99", "max");
            bench.snapshots(true);
            bench.snapshots(false);
            bench.changes("a dyno's change", changes, bench::changeDyno);
            bench.changes("a setting's change in the database", changes, bench::changeSetting);
            bench.underLoad(changes);
            bench.reloads();
        }
    }

    /// From a router's hello to `serving`.
    private void snapshots(boolean fresh) throws Exception {
        long[] nanos = new long[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            if (fresh) {
                stopRouter();
                Trees.delete(state);
            }
            link.close();
            link = new Link();
            link.publisher.start();
            if (fresh) {
                startRouter("--control", socket.toString(), "--state", state.toString());
            }
            link.routers.start();
            while (link.routers.connected() == 0) {
                TimeUnit.MICROSECONDS.sleep(200);
            }
            long begun = System.nanoTime();
            if (!link.routers.await(link.routers.newest(), LIMIT)) {
                throw new IllegalStateException("the router does not serve the table");
            }
            nanos[i] = System.nanoTime() - begun;
        }
        print(
                fresh ? "the whole table to a new router" : "the whole table to a running one",
                nanos);
    }

    private void changes(String name, int number, IntConsumer change) throws Exception {
        long[] nanos = new long[number];
        for (int i = 0; i < number; i++) {
            TimeUnit.MICROSECONDS.sleep(random.nextInt(MOST_PAUSE_MICROS));
            change.accept(i);
            long begun = committedNanos;
            link.settle();
            nanos[i] = System.nanoTime() - begun;
        }
        print(name, nanos);
    }

    private void changeDyno(int round) {
        AppId app = any().id();
        committedNanos = System.nanoTime();
        runs(app, round + 1);
        link.publisher.dynosChanged(app);
    }

    private void changeSetting(int round) {
        App app = any();
        apps.setMaintenance(app, apps.find(app.id()).filter(App::maintenance).isEmpty());
        committedNanos = System.nanoTime();
        link.publisher.changed(app.id());
    }

    private App any() {
        // The first one serves the load.
        return all.get(1 + random.nextInt(all.size() - 1));
    }

    private void underLoad(int changes) throws Exception {
        AtomicLong requests = new AtomicLong();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofPlatform().start(() -> ask(requests)));
        }
        long begun = System.nanoTime();
        changes("a dyno's change, router under load", changes, this::changeDyno);
        changes("a setting's change, router under load", changes, this::changeSetting);
        double seconds = (System.nanoTime() - begun) / 1e9;
        clients.forEach(Thread::interrupt);
        for (Thread client : clients) {
            client.join();
        }
        System.out.printf("load: %.0f requests/s%n", requests.get() / seconds);
    }

    private void reloads() throws Exception {
        Path file = directory.resolve("routes.json");
        List<AppFacts> facts = new AppFacts.Stored(apps, releases, domains, _ -> false).all();
        stopRouter();
        writeRoutes(file, facts, 0);
        startRouter("--routes", file.toString());
        long[] nanos = new long[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            awaitStatus("round-" + i, 503);
            Path next = directory.resolve("routes.new");
            writeRoutes(next, facts, i + 1);
            long begun = System.nanoTime();
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            awaitStatus("round-" + (i + 1), 503);
            nanos[i] = System.nanoTime() - begun;
        }
        print("a routes file, from its rename", nanos);
        System.out.printf("the routes file: %.1f MB%n", Files.size(file) / 1e6);
    }

    /// Another app and other dynos each round.
    private void writeRoutes(Path file, List<AppFacts> facts, int round) throws IOException {
        List<DynoRoute> dynos = new ArrayList<>();
        for (int i = 1; i <= DYNOS; i++) {
            String address = "10.1." + round + "." + i + ":5000";
            dynos.add(new DynoRoute("web." + i, address, DynoRoute.State.UP));
        }
        List<AppRoute> routes = new ArrayList<>();
        for (AppFacts app : facts) {
            routes.add(app.route(DOMAIN, authority.leafMadeBefore(app.host(DOMAIN)), dynos));
        }
        routes.add(AppRoute.of("", "round", List.of("round-" + round + "." + DOMAIN), List.of()));
        Files.write(file, RoutesJson.write(new RoutingTable(Timeouts.DEFAULT, routes)));
    }

    private void awaitStatus(String host, int status) throws Exception {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                client.setSoTimeout(TIMEOUT_MILLIS);
                if (exchange(client, host).startsWith("HTTP/1.1 " + status)) {
                    return;
                }
            } catch (IOException notYet) {
                // The router begins.
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        throw new IllegalStateException("no " + status + " for " + host);
    }

    private void ask(AtomicLong requests) {
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
            client.setTcpNoDelay(true);
            client.setSoTimeout(TIMEOUT_MILLIS);
            while (!Thread.currentThread().isInterrupted()) {
                String head = exchange(client, all.getFirst().name().toString());
                if (!head.startsWith("HTTP/1.1 200")) {
                    throw new IOException("answered " + head);
                }
                requests.incrementAndGet();
            }
        } catch (IOException failed) {
            System.out.println("a request failed: " + failed);
        }
    }

    /// Sends a request and returns the head of its answer, which has no body.
    private static String exchange(Socket client, String host) throws IOException {
        String request = "GET / HTTP/1.1\r\nHost: " + host + "." + DOMAIN + "\r\n\r\n";
        client.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return head(client.getInputStream());
    }

    private static String head(InputStream in) throws IOException {
        byte[] bytes = new byte[4096];
        int length = 0;
        while (length < bytes.length) {
            int count = in.read(bytes, length, bytes.length - length);
            if (count < 0) {
                break;
            }
            length += count;
            String head = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
            if (head.contains("\r\n\r\n")) {
                return head;
            }
        }
        throw new IOException("no whole head");
    }

    private void answer() {
        try {
            while (true) {
                Socket accepted = dyno.accept();
                accepted.setTcpNoDelay(true);
                Thread.ofPlatform().daemon().start(() -> answer(accepted));
            }
        } catch (IOException closed) {
            // The end of the bench.
        }
    }

    private static void answer(Socket client) {
        byte[] ok =
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        try (client) {
            while (true) {
                head(client.getInputStream());
                client.getOutputStream().write(ok);
            }
        } catch (IOException ended) {
            // The router closed it.
        }
    }

    private void runs(AppId app, int round) {
        List<DynoView> dynos = new ArrayList<>();
        for (int i = 1; i <= DYNOS; i++) {
            boolean served = app.equals(firstId());
            dynos.add(
                    new DynoView(
                            DynoId.random(),
                            DynoName.parse("web." + i),
                            DynoKind.FORMATION,
                            DynoSize.DEFAULT,
                            new ReleaseVersion(2),
                            "serve",
                            DynoState.UP,
                            Instant.EPOCH,
                            Optional.of(
                                    served
                                            ? new DynoAddress("127.0.0.1", dyno.getLocalPort())
                                            : new DynoAddress(
                                                    "10.1." + round % 250 + "." + i, 5000)),
                            true,
                            false));
        }
        views.put(app, new AppView(app, revisions.incrementAndGet(), dynos));
    }

    private AppId firstId() {
        return all.getFirst().id();
    }

    private void makeApps(int count) {
        var owner = new Accounts(database, clock).create("owner@example.com", "Owner");
        database.jdbi()
                .useHandle(handle -> {
                    handle.createUpdate(
                                    """
                                    insert into apps
                                    select gen_random_uuid(), 'app-' || n, :owner, 'host', 'local',
                                      false, false, 0, now(), now()
                                    from generate_series(1, :count) n
                                    """)
                            .bind("owner", owner.id())
                            .bind("count", count)
                            .execute();
                    handle.execute(
                            """
                            insert into slugs
                            select gen_random_uuid(), id, 'ab', 5, null, '', 'host', '{}', '', now()
                            from apps
                            """);
                    handle.execute(
                            """
                            insert into releases
                            select gen_random_uuid(), a.id, v, 'Deploy', 'SUCCEEDED', a.owner, '', s.id,
                              '{"DATABASE_URL": "postgres://localhost/x"}', now(), now()
                            from apps a join slugs s on s.app = a.id, generate_series(1, 2) v
                            """);
                    handle.execute("analyze");
                });
    }

    private void startRouter(String... fed) throws IOException {
        List<String> command = new ArrayList<>(routerCommand);
        command.addAll(List.of("--http", "127.0.0.1:" + port));
        command.addAll(List.of(fed));
        router =
                new ProcessBuilder(command)
                        .redirectOutput(directory.resolve("router.out").toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
    }

    private void stopRouter() {
        router.destroy();
        var _ = router.onExit().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private static void print(String name, long[] nanos) {
        Arrays.sort(nanos);
        System.out.printf(
                "%-44s %5d %8.2f %8.2f %8.2f %8.2f%n",
                name,
                nanos.length,
                nanos[0] / 1e6,
                nanos[nanos.length / 2] / 1e6,
                nanos[Math.min(nanos.length - 1, nanos.length * 99 / 100)] / 1e6,
                nanos[nanos.length - 1] / 1e6);
    }

    @Override
    public void close() throws IOException {
        stopRouter();
        link.close();
        dyno.close();
        Trees.delete(directory);
    }

    /// A platform's end of the link.
    private final class Link implements AutoCloseable {
        final RoutePublisher publisher =
                new RoutePublisher(
                        new AppFacts.Stored(apps, releases, domains, _ -> false),
                        app -> views.getOrDefault(app, new AppView(app, 0, List.of())),
                        (_, _) -> {},
                        authority,
                        DOMAIN,
                        work -> Thread.ofVirtual().start(work));
        final Routers routers = new Routers(socket, publisher::served, _ -> {}, (_, _) -> {});

        Link() {
            publisher.connect(routers);
        }

        void settle() throws InterruptedException {
            if (!publisher.settle(LIMIT)) {
                throw new IllegalStateException("the router does not serve the table");
            }
        }

        @Override
        public void close() {
            publisher.close();
            routers.close();
        }
    }
}
