package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.FakeEngine;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// Routers, the links to them and the publisher in front: tables are built a little after a change, travel, are taken
/// into use while requests still go by the one before, and are acknowledged late. Links break, routers die and hand
/// over, and the platform counts on a silent one no more after 60 s, when its lease of 50 s is over.
final class SimulatedRouters {
    private static final Duration LEASE = Duration.ofSeconds(50);
    private static final Duration VOID_AFTER = Duration.ofSeconds(60);

    private final VirtualTime time;
    private final Random random;
    private final BooleanSupplier storm;
    private final FakeEngine engine;
    private final List<Router> routers = new ArrayList<>();

    /// The platform's side; made anew with each platform.
    private Publisher publisher = new Publisher(Optional.empty());

    private long tables;

    SimulatedRouters(VirtualTime time, Random random, BooleanSupplier storm, FakeEngine engine) {
        this.time = time;
        this.random = random;
        this.storm = storm;
        this.engine = engine;
        for (int count = 1 + random.nextInt(2); count > 0; count--) {
            routers.add(new Router());
        }
    }

    /// A platform begins; routers that live connect to it in their time.
    void platformStarts(Manifold manifold) {
        publisher = new Publisher(Optional.of(manifold));
        for (Router router : routers) {
            router.heard = time.now();
            router.voidLater();
            router.reconnectLater();
        }
    }

    /// Its manifold has adopted what runs: from now on routes are published.
    void platformServes(Set<AppId> apps) {
        publisher.begin(apps);
    }

    /// Routers serve what they have, until another platform is there.
    void platformEnds() {
        publisher = new Publisher(Optional.empty());
        routers.forEach(Router::disconnect);
    }

    void changed(AppId app) {
        publisher.changed(app);
    }

    /// One of: a link breaks, a router dies and is started again, a new one takes over or dies while it is about to.
    void trouble() {
        if (routers.isEmpty()) {
            return;
        }
        Router router = routers.get(random.nextInt(routers.size()));
        switch (random.nextInt(4)) {
            case 0, 1 -> {
                router.disconnect();
                router.reconnectLater();
            }
            case 2 -> {
                // What is kept on disk is stale as soon as a platform goes on without it.
                Optional<Table> kept =
                        publisher.manifold.isEmpty() ? router.newest() : Optional.empty();
                router.die();
                time.schedule(delay(5_000), () -> start(kept));
            }
            case 3 -> handOver(router);
            default -> throw new AssertionError();
        }
    }

    private void start(Optional<Table> kept) {
        Router router = new Router();
        routers.add(router);
        if (publisher.manifold.isEmpty()) {
            kept.ifPresent(router.inUse::add);
        }
        router.reconnectLater();
    }

    private void handOver(Router old) {
        Router young = new Router();
        routers.add(young);
        young.connect();
        time.schedule(
                delay(3_000),
                () -> {
                    // Whichever of the two dies, the other one serves.
                    boolean takesOver = !young.inUse.isEmpty() && random.nextInt(3) > 0;
                    (takesOver ? old : young).die();
                    if (routers.isEmpty()) {
                        start(Optional.empty());
                    }
                });
    }

    private Duration delay(int millis) {
        return Duration.ofMillis(random.nextInt(storm.getAsBoolean() ? millis : 20));
    }

    boolean mayRoute(DynoId id) {
        return inUse().flatMap(Table::routes)
                .anyMatch(dyno -> dyno.id().equals(id) && dyno.routable());
    }

    boolean mayKnow(DynoId id) {
        return inUse().flatMap(Table::routes)
                .anyMatch(dyno -> dyno.id().equals(id) && dyno.address().isPresent());
    }

    private Stream<Table> inUse() {
        return routers.stream().flatMap(router -> router.inUse.stream());
    }

    /// A dyno begins to answer at this address.
    void assertReachedByNobodyElse(DynoId id, DynoAddress address) {
        inUse().forEach(table ->
                table.views.forEach((app, view) ->
                        view.routes().stream()
                                .filter(dyno -> dyno.routable() && isAt(dyno, address))
                                .forEach(dyno ->
                                        assertThat(dyno.id())
                                                .as(
                                                        "whom requests for %s of app %s reach",
                                                        dyno.name(), app)
                                                .isEqualTo(id))));
    }

    private static boolean isAt(DynoView dyno, DynoAddress address) {
        return dyno.address().equals(Optional.of(address));
    }

    private void assertReachesItsOwn(Table table) {
        table.views.forEach((app, view) -> {
            List<DynoView> routed = view.routes().stream().filter(DynoView::routable).toList();
            assertThat(routed.stream().map(DynoView::name)).doesNotHaveDuplicates();
            for (DynoView dyno : routed) {
                dyno.address()
                        .flatMap(engine::at)
                        .map(DynoSpec::app)
                        .ifPresent(reached ->
                                assertThat(reached)
                                        .as("the app that requests for %s reach", dyno)
                                        .isEqualTo(app));
            }
        });
    }

    private static final Table NOTHING = new Table(0, Map.of());

    private record Table(long number, Map<AppId, AppView> views) {
        Stream<DynoView> routes() {
            return views.values().stream().flatMap(view -> view.routes().stream());
        }
    }

    /// A view that is in a table, to be told of once all routers serve that table.
    private record Due(long table, AppId app, long revision) {}

    /// The platform's side: one per life of it.
    private final class Publisher {
        private final Optional<Manifold> manifold;
        private final Set<AppId> changed = new HashSet<>();
        private final Deque<Due> due = new ArrayDeque<>();
        private final Map<Router, Long> acknowledged = new HashMap<>();
        private Table newest = NOTHING;
        private boolean serves;
        private boolean building;
        private long servedByAll;

        Publisher(Optional<Manifold> manifold) {
            this.manifold = manifold;
        }

        void begin(Set<AppId> apps) {
            serves = true;
            changed.addAll(apps);
            build();
        }

        void changed(AppId app) {
            changed.add(app);
            if (serves && !building) {
                building = true;
                time.schedule(
                        delay(200),
                        () -> {
                            building = false;
                            build();
                        });
            }
        }

        private void build() {
            if (this != publisher) {
                return;
            }
            Manifold from = manifold.orElseThrow();
            Map<AppId, AppView> views = new HashMap<>(newest.views);
            long number = ++tables;
            for (AppId app : changed) {
                AppView view = from.view(app);
                views.put(app, view);
                due.add(new Due(number, app, view.revision()));
            }
            changed.clear();
            newest = new Table(number, Map.copyOf(views));
            routers.forEach(Router::send);
            advance();
        }

        void advance() {
            if (manifold.isEmpty() || !serves) {
                return;
            }
            long all = newest.number;
            for (Router router : routers) {
                if (!router.isVoid()) {
                    all = Math.min(all, acknowledged.getOrDefault(router, 0L));
                }
            }
            servedByAll = Math.max(all, servedByAll);
            while (!due.isEmpty() && due.getFirst().table <= servedByAll) {
                Due next = due.removeFirst();
                manifold.get().routed(next.app, next.revision);
            }
        }
    }

    private final class Router {
        private final Deque<Table> inUse = new ArrayDeque<>();
        private boolean connected;
        private int link;
        private Tick heard = time.now();
        private Tick arrival = time.now();

        Optional<Table> newest() {
            return Optional.ofNullable(inUse.peekLast());
        }

        boolean isVoid() {
            return isSilentFor(VOID_AFTER);
        }

        private boolean isSilentFor(Duration limit) {
            return !connected && time.now().since(heard).compareTo(limit) > 0;
        }

        void disconnect() {
            if (connected) {
                connected = false;
                heard = time.now();
                voidLater();
            }
            link++;
        }

        void voidLater() {
            time.schedule(LEASE, this::endLease);
            time.schedule(VOID_AFTER.plusNanos(1), () -> publisher.advance());
        }

        /// A platform is there and has not heard of it for long: its table is void until it has a fresh one.
        private void endLease() {
            if (publisher.manifold.isPresent() && isSilentFor(LEASE.minusNanos(1))) {
                inUse.clear();
            }
        }

        void die() {
            routers.remove(this);
            link++;
            publisher.advance();
        }

        void reconnectLater() {
            int mine = link;
            time.schedule(
                    delay(random.nextInt(4) > 0 ? 3_000 : 80_000),
                    () -> {
                        if (link == mine) {
                            connect();
                        }
                    });
        }

        void connect() {
            if (connected || publisher.manifold.isEmpty() || !routers.contains(this)) {
                return;
            }
            connected = true;
            link++;
            send();
        }

        /// Tables arrive in order.
        void send() {
            if (!connected || publisher.newest.number == 0) {
                return;
            }
            Publisher from = publisher;
            Table table = from.newest;
            int mine = link;
            Tick soon = time.now().plus(delay(1_000));
            arrival = arrival.isBefore(soon) ? soon : arrival;
            time.schedule(
                    arrival.since(time.now()),
                    () -> {
                        if (link == mine) {
                            take(table, from, mine);
                        }
                    });
        }

        private void take(Table table, Publisher from, int mine) {
            inUse.addLast(table);
            assertReachesItsOwn(table);
            time.schedule(
                    delay(2_000),
                    () -> {
                        inUse.removeIf(older -> older.number < table.number);
                        time.schedule(
                                delay(2_000),
                                () -> {
                                    if (link == mine) {
                                        from.acknowledged.merge(this, table.number, Math::max);
                                        from.advance();
                                    }
                                });
                    });
        }
    }
}
