package dev.paddock.domains;

import dev.paddock.apps.Apps;
import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.manifold.AppView;
import dev.paddock.manifold.DynoView;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Certificate;
import dev.paddock.routes.DynoRoute;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds the routing table from what apps are and what their dynos do, and publishes it; the sole caller of
/// `Routers.publish`. Safe for any thread.
///
/// One thread of its own takes the apps that changed, builds their routes anew and publishes a table when one of them
/// differs. While the database is away, dynos are routed by what is known of their apps.
public final class RoutePublisher implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RoutePublisher.class);

    /// Between two tables: what changes meanwhile goes together. The limit is 5 ms, and a change has 10 to be served.
    private static final Duration GATHER = Duration.ofMillis(2);

    /// Between two questions to a database that does not answer.
    private static final Duration RETRY = Duration.ofMillis(500);

    /// Signatures that the first table may wait for, each some 0.7 ms; beyond, it comes without certificates.
    private static final int MOST_SIGNED_FIRST = 100;

    /// All routes are looked at this often, for certificates that are renewed.
    private static final Duration LOOK_AROUND = Duration.ofHours(6);

    private final AppFacts.Source source;
    private final Function<AppId, AppView> views;
    private final ObjLongConsumer<AppId> routed;
    private final CertificateAuthority authority;
    private final String domain;

    /// Signs beside the publishing thread.
    private final Executor signers;

    private @Nullable Routers routers;

    // Touched by the publishing thread alone (and by start, before it).
    private final Map<AppId, AppFacts> facts = new HashMap<>();
    private final Map<AppId, AppRoute> routes = new HashMap<>();

    /// Written by the publishing thread alone, read by any.
    private final Map<String, AppId> holders = new ConcurrentHashMap<>();

    private final Object lock = new Object();

    // All below: guarded by lock. Tables count from the clock, so that no router of an earlier life
    // holds one of ours.
    private final Set<AppId> changed = new LinkedHashSet<>();
    private final Set<AppId> changedDynos = new LinkedHashSet<>();
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private long announced;
    private long covered;
    private long table = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());
    private long served;
    private boolean closed;

    /// @param usedUp whether an app's free hours are, so that requests get H82
    public RoutePublisher(
            Apps apps,
            Releases releases,
            Domains domains,
            Predicate<AppId> usedUp,
            Manifold manifold,
            CertificateAuthority authority,
            String domain) {
        this(
                new AppFacts.Stored(apps, releases, domains, usedUp),
                manifold::view,
                manifold::routed,
                authority,
                domain,
                work -> Thread.ofVirtual().name("route-certificates").start(work));
    }

    RoutePublisher(
            AppFacts.Source source,
            Function<AppId, AppView> views,
            ObjLongConsumer<AppId> routed,
            CertificateAuthority authority,
            String domain,
            Executor signers) {
        this.source = source;
        this.views = views;
        this.routed = routed;
        this.authority = authority;
        this.domain = domain;
        this.signers = signers;
    }

    /// Called once, before [#start()]: routers need this object's acknowledgement and the other way round.
    public void connect(Routers routers) {
        this.routers = routers;
    }

    /// Publishes the whole table, then keeps it true.
    public void start() {
        Routers to = routers;
        if (to == null) {
            throw new IllegalStateException("connect comes before start");
        }
        source.all().forEach(app -> facts.put(app.id(), app));
        List<AppFacts> unsigned =
                facts.values().stream()
                        .filter(app -> authority.leafMadeBefore(app.host(domain)).isEmpty())
                        .toList();
        boolean many = unsigned.size() > MOST_SIGNED_FIRST;
        Round round =
                new Round(
                        many
                                ? app -> authority.leafMadeBefore(app.host(domain))
                                : this::certificate);
        facts.keySet().forEach(round::build);
        round.finish(to);
        if (many) {
            log.info(
                    "Signing certificates for {} apps; meanwhile routers show their own",
                    unsigned.size());
            renew(unsigned);
        }
        Thread _ = Thread.ofVirtual().name("route-publisher").start(() -> keepTrue(to));
    }

    /// Something about the app changed: its names, certificates, maintenance, release, settings,
    /// features, or it is gone. Returns at once; changes are gathered for a moment (at most 5 ms).
    public void changed(AppId app) {
        synchronized (lock) {
            announced++;
            changed.add(app);
            lock.notifyAll();
        }
    }

    /// As [#changed], when only the app's dynos did: needs no database.
    public void dynosChanged(AppId app) {
        synchronized (lock) {
            announced++;
            changedDynos.add(app);
            lock.notifyAll();
        }
    }

    private void keepTrue(Routers to) {
        try {
            boolean failed = false;
            long seen = 0;
            long lookAround = System.nanoTime() + LOOK_AROUND.toNanos();
            while (true) {
                Work work = failed ? awaitRetry(seen) : await();
                if (work.closed()) {
                    return;
                }
                seen = work.announced();
                if (lookAround - System.nanoTime() <= 0) {
                    lookAround = System.nanoTime() + LOOK_AROUND.toNanos();
                    renew(List.copyOf(facts.values()));
                }
                failed = !publish(work, to);
                TimeUnit.NANOSECONDS.sleep(GATHER.toNanos());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Signs what is due beside the publishing thread, which then only puts the new leaves into the table.
    private void renew(List<AppFacts> apps) {
        signers.execute(() -> {
            apps.forEach(this::certificate);
            apps.forEach(app -> dynosChanged(app.id()));
        });
    }

    private Optional<Certificate> certificate(AppFacts app) {
        try {
            return Optional.of(authority.leaf(app.host(domain)));
        } catch (RuntimeException e) {
            // Plain HTTP is better than nothing.
            log.error("Could not make a certificate for {}", app.host(domain), e);
            return Optional.empty();
        }
    }

    /// What changed, waiting for it.
    private Work await() throws InterruptedException {
        synchronized (lock) {
            return await(LOOK_AROUND, () -> !changed.isEmpty() || !changedDynos.isEmpty());
        }
    }

    /// What is still to be done, at the latest after a pause; what was announced since does not wait for its end.
    private Work awaitRetry(long seen) throws InterruptedException {
        synchronized (lock) {
            return await(RETRY, () -> announced != seen);
        }
    }

    /// Called with the lock held.
    private Work await(Duration limit, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!closed && !condition.getAsBoolean()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                break;
            }
            TimeUnit.NANOSECONDS.timedWait(lock, left);
        }
        Work work =
                new Work(
                        closed,
                        announced,
                        new LinkedHashSet<>(changed),
                        new LinkedHashSet<>(changedDynos));
        changed.clear();
        changedDynos.clear();
        return work;
    }

    /// Returns false when the database was needed and did not answer; those apps are looked at again.
    private boolean publish(Work work, Routers to) {
        Set<AppId> unknown = new HashSet<>();
        for (AppId app : work.apps()) {
            try {
                source.find(app)
                        .ifPresentOrElse(found -> facts.put(app, found), () -> facts.remove(app));
            } catch (RuntimeException e) {
                log.warn("The route of app {} could not be renewed; trying again: {}", app, "" + e);
                unknown.add(app);
            }
        }
        Round round = new Round(this::certificate);
        Stream.concat(work.apps().stream(), work.dynos().stream()).distinct().forEach(round::build);
        round.finish(to);
        synchronized (lock) {
            changed.addAll(unknown);
            if (unknown.isEmpty()) {
                covered = work.announced();
            }
            lock.notifyAll();
        }
        return unknown.isEmpty();
    }

    /// Who has this name in the newest table.
    public Optional<AppId> holder(String name) {
        return Optional.ofNullable(holders.get(name));
    }

    /// From [Routers]: tells the manifold which views every router serves.
    public void served(long newest) {
        List<Acknowledgements.Served> done;
        synchronized (lock) {
            served = Math.max(served, newest);
            done = acknowledgements.take(served);
            lock.notifyAll();
        }
        done.forEach(app -> routed.accept(app.app(), app.revision()));
    }

    /// Waits until routers serve a table that has all changes announced so far.
    public boolean settle(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            long wanted = announced;
            long wantedTable = Long.MAX_VALUE;
            while (served < wantedTable) {
                if (covered >= wanted && wantedTable == Long.MAX_VALUE) {
                    wantedTable = table;
                    continue;
                }
                long left = deadline - System.nanoTime();
                if (left <= 0 || closed) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            return true;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
    }

    /// The apps to look at, and up to which announcement that covers all.
    private record Work(boolean closed, long announced, Set<AppId> apps, Set<AppId> dynos) {}

    /// One look at some apps, and the table that comes of it if anything is different.
    private final class Round {
        private final List<AppRoute> different = new ArrayList<>();
        private final Set<String> gone = new LinkedHashSet<>();
        private final Map<AppId, Long> revisions = new HashMap<>();
        private final Function<AppFacts, Optional<Certificate>> certificates;

        Round(Function<AppFacts, Optional<Certificate>> certificates) {
            this.certificates = certificates;
        }

        void build(AppId app) {
            AppView view = views.apply(app);
            revisions.put(app, view.revision());
            AppFacts known = facts.get(app);
            AppRoute before = routes.get(app);
            if (known == null) {
                if (before != null) {
                    remove(app, before);
                }
                return;
            }
            AppRoute route = known.route(domain, certificates.apply(known), dynos(view));
            if (!route.equals(before)) {
                if (before != null) {
                    remove(app, before);
                }
                put(app, route);
            }
        }

        private void remove(AppId app, AppRoute route) {
            routes.remove(app);
            holders.remove(route.name());
            gone.add(route.name());
        }

        private void put(AppId app, AppRoute route) {
            AppId other = holders.put(route.name(), app);
            if (other != null) {
                // Names are unique: that app has another one by now and will be looked at again.
                routes.remove(other);
            }
            routes.put(app, route);
            different.add(route);
        }

        private static List<DynoRoute> dynos(AppView view) {
            return view.routes().stream()
                    .filter(dyno -> !dyno.retiring())
                    .flatMap(dyno -> state(dyno).stream().map(state -> route(dyno, state)))
                    .toList();
        }

        private static DynoRoute route(DynoView dyno, DynoRoute.State state) {
            String address = dyno.address().map(DynoAddress::toString).orElse("");
            return new DynoRoute(dyno.name().toString(), address, state);
        }

        /// Empty for a dyno that routers should not know of.
        private static Optional<DynoRoute.State> state(DynoView dyno) {
            if (dyno.routable()) {
                return Optional.of(DynoRoute.State.UP);
            }
            return switch (dyno.state()) {
                // A request for an idle dyno wakes it and waits as for a starting one.
                case CREATED, STARTING, IDLE -> Optional.of(DynoRoute.State.STARTING);
                case CRASHED -> Optional.of(DynoRoute.State.CRASHED);
                case UP, DOWN, COMPLETE -> Optional.empty();
            };
        }

        void finish(Routers to) {
            // What was removed may be there again, changed or as another app's.
            gone.removeAll(holders.keySet());
            boolean first = to.newest() == 0;
            boolean publish = first || !different.isEmpty() || !gone.isEmpty();
            long into;
            long servedSoFar;
            synchronized (lock) {
                table += publish ? 1 : 0;
                into = table;
                revisions.forEach((app, revision) -> acknowledgements.add(into, app, revision));
                servedSoFar = served;
            }
            if (publish) {
                to.publish(into, different, List.copyOf(gone));
            } else if (servedSoFar >= into) {
                served(servedSoFar);
            }
        }
    }
}
