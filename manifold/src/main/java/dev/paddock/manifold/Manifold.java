package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.manifold.AppLoop.Surroundings;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the dynos of all apps as wanted: one loop per app. Safe for any thread.
public final class Manifold implements AutoCloseable {
    /// Between two looks at `engine.list()`: how long a lost event may delay what it told.
    static final Duration LIST_PAUSE = Duration.ofSeconds(3);

    /// For a loop to take in the first list; it has nothing to wait for.
    private static final Duration ADOPTION_LIMIT = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(Manifold.class);

    private final Engine engine;
    private final Timers timers;
    private final Executor effects;
    private final Surroundings surroundings;
    private final AtomicLong revisions = new AtomicLong();
    private final Map<AppId, AppLoop> loops = new ConcurrentHashMap<>();
    private final Map<DynoId, AppLoop> directory = new ConcurrentHashMap<>();
    private final Suspicions suspicions = new Suspicions();
    private final Hosts hosts = new Hosts();
    private final AtomicBoolean lookIsDue = new AtomicBoolean();
    private volatile boolean started;
    private volatile boolean closed;

    /// @param effects runs the loops' actions and listener calls; a virtual thread per task in production
    public Manifold(
            Engine engine,
            Timers timers,
            Executor effects,
            ManifoldListener listener,
            RestartPolicy restarts) {
        this.engine = engine;
        this.timers = timers;
        this.effects = effects;
        this.surroundings =
                new Surroundings(
                        engine,
                        timers,
                        effects,
                        listener,
                        restarts,
                        hosts,
                        this::suspectHost,
                        revisions::incrementAndGet,
                        new AppLoop.Directory() {
                            @Override
                            public void enter(DynoId id, AppLoop loop) {
                                directory.put(id, loop);
                            }

                            @Override
                            public void remove(DynoId id) {
                                directory.remove(id);
                            }
                        });
    }

    /// Reads `engine.list()` once, takes over what runs, and from then on looks again every few seconds. Called after
    /// `want` has been called for every app that should run something; dynos of other apps are retired. When it
    /// returns, [#view] tells what was taken over. Throws what the engine throws if it cannot be read.
    public void start() {
        Set<AppId> wanted = Set.copyOf(loops.keySet());
        Tick began = timers.now();
        Map<AppId, List<EngineDyno>> dynos = listOnHosts(began);
        started = true;
        Set<AppId> all = new HashSet<>(wanted);
        all.addAll(dynos.keySet());
        for (AppId app : all) {
            List<EngineDyno> its = dynos.getOrDefault(app, List.of());
            if (!wanted.contains(app)) {
                LOG.info("app {} is unknown; its {} dynos are retired", app, its.size());
                post(app, new Input.Quiet());
            }
            post(app, new Input.Listed(its, began));
        }
        awaitAdoption(all);
        timers.schedule(LIST_PAUSE, this::look);
    }

    private void awaitAdoption(Set<AppId> apps) {
        try {
            for (AppId app : apps) {
                AppLoop loop = loops.get(app);
                if (loop != null && !loop.await(Observed::adopted, ADOPTION_LIMIT)) {
                    throw new IllegalStateException("app " + app + " was not adopted in time");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The dynos of each app; those of builds belong to the Builder.
    private Map<AppId, List<EngineDyno>> list() {
        return engine.list().stream()
                .filter(EngineList::isOurs)
                .collect(Collectors.groupingBy(dyno -> dyno.spec().app()));
    }

    /// The hosts first: of one that begins another life meanwhile, the old one gets nothing more.
    private Map<AppId, List<EngineDyno>> listOnHosts(Tick began) {
        List<EngineHost> seen = engine.hosts();
        Map<AppId, List<EngineDyno>> dynos = list();
        hosts.look(seen, began);
        return dynos;
    }

    private void look() {
        if (!closed) {
            effects.execute(() -> {
                tryToTakeIn();
                timers.schedule(LIST_PAUSE, this::look);
            });
        }
    }

    private void tryToTakeIn() {
        try {
            takeIn();
        } catch (RuntimeException e) {
            LOG.warn("could not read the engine's list of dynos", e);
        }
    }

    /// It gets no dyno before a look, which comes soon.
    private void suspectHost(String host) {
        hosts.suspect(host, timers.now());
        if (!closed && lookIsDue.compareAndSet(false, true)) {
            timers.schedule(
                    Suspicions.LOOK_PAUSE,
                    () -> {
                        lookIsDue.set(false);
                        effects.execute(this::tryToTakeIn);
                    });
        }
    }

    private void takeIn() {
        Tick began = timers.now();
        Map<AppId, List<EngineDyno>> dynos = listOnHosts(began);
        loops.forEach((app, loop) -> {
            Observed observed = loop.observed();
            boolean concerned =
                    dynos.containsKey(app)
                            || !observed.dynos().isEmpty()
                            || !observed.waiting().isEmpty();
            if (concerned) {
                loop.post(new Input.Listed(dynos.getOrDefault(app, List.of()), began));
            }
            if (loop.closeIfIdle()) {
                loops.remove(app, loop);
            }
        });
        dynos.forEach((app, its) -> {
            if (!loops.containsKey(app)) {
                post(app, new Input.Listed(its, began));
            }
        });
    }

    /// Only `Formations` and start-up call this.
    public void want(AppId app, Desired desired) {
        post(app, new Input.Want(desired));
    }

    /// Replaces dynos that run now; resets their crash back-off. Both empty: all formation dynos.
    public void restart(AppId app, Optional<ProcessType> type, Optional<DynoName> name) {
        post(app, new Input.Restart(type, name));
    }

    /// Stops a dyno: a formation dyno is started anew by the manifold, a one-off ends.
    public void stop(AppId app, DynoName name) {
        post(app, new Input.Stop(name));
    }

    /// Starts a one-off or release dyno; it is never restarted. Ignored, with a warning in the platform's log, when a
    /// dyno of that name runs.
    public void run(DynoSpec spec) {
        post(spec.app(), new Input.Run(spec));
    }

    /// The engine's events. Those of dynos that are not the manifold's are ignored.
    public void accept(DynoEvent event) {
        AppLoop loop = directory.get(event.id());
        if (loop != null) {
            loop.post(new Input.Event(event));
        }
    }

    /// All connected routers serve a table built from this revision of the app's view, or a later one: dynos that
    /// were not routable in it may now be stopped and their addresses reused.
    public void routed(AppId app, long revision) {
        hosts.routed();
        AppLoop loop = loops.get(app);
        if (loop != null) {
            loop.post(new Input.Routed(revision));
        }
    }

    /// Of the app's dynos that routers no longer send requests to, these have some in flight: they get their time to
    /// answer before they are stopped. Called before [#routed] tells of the table that they left.
    public void busy(AppId app, Set<DynoAddress> leaving) {
        AppLoop loop = loops.get(app);
        if (loop != null) {
            loop.post(new Input.Busy(leaving));
        }
    }

    /// A router could not connect to a dyno of this name, as the router gives it. Nothing happens to the dyno for that:
    /// the engine is asked soon whether it still runs, however often this is called (see [Suspicions]).
    public void suspect(AppId app, String name) {
        if (closed || !started) {
            return;
        }
        view(app).routes().stream()
                .filter(dyno -> dyno.routable() && dyno.name().toString().equals(name))
                .findFirst()
                .flatMap(dyno -> suspicions.add(app, dyno.id(), timers.now()))
                .ifPresent(delay -> timers.schedule(delay, this::lookAtSuspects));
    }

    private void lookAtSuspects() {
        effects.execute(() -> {
            Tick began = timers.now();
            Set<AppId> apps = suspicions.take(began);
            try {
                Map<AppId, List<EngineDyno>> dynos = list();
                apps.forEach(app -> lookAt(app, dynos.getOrDefault(app, List.of()), began));
            } catch (RuntimeException e) {
                LOG.warn("could not read the engine's list for dynos that do not answer", e);
            }
        });
    }

    private void lookAt(AppId app, List<EngineDyno> dynos, Tick began) {
        AppLoop loop = loops.get(app);
        if (loop != null) {
            loop.post(new Input.Listed(dynos, began));
        }
    }

    /// Hangs up a one-off whose client went away.
    public void hangUp(AppId app, DynoId dyno) {
        post(app, new Input.HangUp(dyno));
    }

    /// The newest snapshot; empty dynos for an app the manifold does not know.
    public AppView view(AppId app) {
        AppLoop loop = loops.get(app);
        return loop != null ? loop.view() : new AppView(app, revisions.get(), List.of());
    }

    /// What the app's loop knows; for tests of this package.
    Optional<Observed> observed(AppId app) {
        return Optional.ofNullable(loops.get(app)).map(AppLoop::observed);
    }

    /// Retires every dyno of the app, one-offs too, and waits until all ended and are forgotten, at most `limit`.
    /// Nothing of the app is started until the next `want` that wants something.
    public boolean quiet(AppId app, Duration limit) throws InterruptedException {
        post(app, new Input.Quiet());
        AppLoop loop = loops.get(app);
        return loop == null || loop.await(it -> it.quieting() && it.isEmpty(), limit);
    }

    private void post(AppId app, Input input) {
        while (!closed) {
            AppLoop loop = loops.computeIfAbsent(app, it -> new AppLoop(it, started, surroundings));
            if (loop.post(input)) {
                return;
            }
            // It went idle and was closed at this very moment.
            loops.remove(app, loop);
        }
    }

    /// Stops deciding; dynos go on running.
    @Override
    public void close() {
        closed = true;
        loops.values().forEach(AppLoop::close);
    }
}
