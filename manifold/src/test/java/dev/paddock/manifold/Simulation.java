package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.ManifoldListener.Preboot.GivenUp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One seeded life of a manifold: an engine that loses events, fails and hangs, hosts that die, are cut off and come back,
/// users who scale, release, restart and run, routers that answer late, die, hand over and lose their links, a database
/// that goes away, a platform that is killed or replaced, also while it begins. After the storm everything must be as
/// wanted, and at no time may an invariant have been broken.
final class Simulation {
    static final RestartPolicy RESTARTS =
            new RestartPolicy(Duration.ofSeconds(10), Duration.ofSeconds(40));

    private static final int STORM_STEPS = 15;

    /// By then every dyno that was started in the storm and is to crash or to come up late has done so.
    private static final Duration LAST_OF_THE_STORM = Duration.ofSeconds(100);

    private static final Duration CALM_LIMIT = Duration.ofSeconds(330);
    private static final Duration BOOT_LIMIT = Duration.ofSeconds(60);
    private static final ProcessType WORKER = new ProcessType("worker");

    private final Random random;
    private final VirtualTime time = new VirtualTime();
    private final FakeEngine fake = new FakeEngine(time);
    private final SimulatedHosts hosts;
    private final StormyEngine engine;
    private final SimulatedRouters routers;
    private final Ledger ledger = new Ledger(time);
    private final Map<AppId, Desired> wanted = new LinkedHashMap<>();
    private final Map<AppId, Set<ReleaseVersion>> failed = new HashMap<>();
    private final Map<AppId, Integer> newest = new HashMap<>();
    private final Service service = new Service(fake);
    private final int lossPercent;
    private boolean storm = true;
    private int generation;
    private Manifold manifold;

    Simulation(long seed) {
        random = new Random(seed);
        lossPercent = random.nextInt(4) * 12;
        hosts = new SimulatedHosts(fake, time, random);
        routers = new SimulatedRouters(time, random, () -> storm, fake);
        engine =
                new StormyEngine(
                        fake,
                        random,
                        () -> storm,
                        this::takeTime,
                        this::beforeStart,
                        hosts::startIsMissed,
                        hosts::startIsTorn,
                        this::beforeRetire,
                        this::beforeForget);
        fake.script(this::script);
        fake.deliver(this::isDelivered);
        fake.listen(event -> manifold().accept(event));
        for (int app = random.nextInt(3); app >= 0; app--) {
            AppId id = new AppId(new UUID(seed, app));
            Desired first =
                    desired(id, 1, 1, 1, DynoSize.STANDARD_1X).withPreboot(random.nextInt(3) > 0);
            ledger.wanted(first, first);
            wanted.put(id, first);
        }
        manifold = boot();
    }

    private boolean isDelivered(DynoEvent event) {
        if (event instanceof DynoEvent.Placed(DynoId id, _, var address)) {
            address.ifPresent(it -> routers.assertReachedByNobodyElse(id, it));
        }
        return !storm || random.nextInt(100) >= lossPercent;
    }

    private Manifold manifold() {
        return manifold;
    }

    private Manifold boot() {
        int mine = ++generation;
        // Tasks of a killed platform never run.
        Executor effects =
                task ->
                        time.schedule(
                                Duration.ofMillis(random.nextInt(storm ? 400 : 5)),
                                () -> {
                                    if (generation == mine) {
                                        task.run();
                                    }
                                });
        Manifold next = new Manifold(engine, time, effects, ledger, RESTARTS);
        manifold = next;
        routers.platformStarts(next);
        ledger.onChange(app -> {
            // Before, routes are not published yet.
            if (next.observed(app).filter(Observed::adopted).isPresent()) {
                service.look(next.view(app), wanted(app));
            }
            routers.changed(app);
        });
        ledger.onPreboot(this::prebooted);
        ledger.settle(gone());
        wanted.forEach(next::want);
        for (int attempt = 0; ; attempt++) {
            try {
                next.start();
                routers.platformServes(wanted.keySet());
                return next;
            } catch (IllegalStateException e) {
                assertThat(attempt).as("attempts to start").isLessThan(20);
            }
        }
    }

    private Set<DynoId> gone() {
        Set<DynoId> gone = new HashSet<>();
        for (FakeEngine.Call call : fake.calls()) {
            if (call instanceof FakeEngine.Call.Start(DynoSpec spec)) {
                gone.add(spec.id());
            }
        }
        fake.list().forEach(dyno -> gone.remove(dyno.spec().id()));
        return gone;
    }

    void run() {
        for (int step = 0; step < STORM_STEPS; step++) {
            trouble();
            run(Duration.ofMillis(random.nextInt(random.nextBoolean() ? 1_000 : 40_000)));
        }
        storm = false;
        ledger.databaseIsBack();
        hosts.reviveAll();
        calmDown();
        assertEverythingIsAsWanted();
        hosts.assertNoLossCountedAsCrash(ledger);
        int calls = fake.calls().size();
        run(Duration.ofSeconds(70));
        assertThat(fake.calls()).as("calls of the engine once all is quiet").hasSize(calls);
        ledger.assertRestartsKeptTheirPauses();
        if (hosts.isRoomy()) {
            loseAHost();
        }
    }

    /// In the calm its dynos are back within moments, and evenly spread once it is back and all were started anew.
    private void loseAHost() {
        hosts.killOne();
        run(Duration.ofSeconds(20));
        assertEverythingIsAsWanted();
        hosts.assertNoLossCountedAsCrash(ledger);
        hosts.reviveAll();
        run(Duration.ofSeconds(10));
        wanted.keySet().forEach(this::restart);
        run(Duration.ofSeconds(60));
        assertEverythingIsAsWanted();
        hosts.assertSpread();
    }

    /// Until everything is as wanted, one-offs ended and all ends are collected.
    private void calmDown() {
        run(LAST_OF_THE_STORM);
        Duration slice = Duration.ofSeconds(10);
        Duration passed = Duration.ZERO;
        while (!isAsWanted() && passed.compareTo(CALM_LIMIT) < 0) {
            run(slice);
            passed = passed.plus(slice);
        }
    }

    private void run(Duration duration) {
        time.advance(duration);
        wanted.keySet().forEach(this::assertNamesAreUnique);
    }

    private void trouble() {
        List<AppId> apps = List.copyOf(wanted.keySet());
        AppId app = apps.get(random.nextInt(apps.size()));
        switch (random.nextInt(15)) {
            case 0, 1, 2 -> scale(app);
            case 3 -> release(app);
            case 4 -> resize(app);
            case 5 -> restart(app);
            case 6 ->
                    aDyno().ifPresent(spec -> {
                        service.mayLose(manifold.view(spec.app()));
                        manifold.stop(spec.app(), spec.name());
                    });
            case 7, 8 -> aDyno().ifPresent(spec -> fake.exit(spec.id(), random.nextInt(3)));
            case 9, 10 -> service.mayLose(hosts.trouble());
            case 11 -> routers.trouble();
            case 12 -> {
                ledger.databaseGoesAway();
                time.schedule(Duration.ofSeconds(random.nextInt(60)), ledger::databaseIsBack);
            }
            case 13 -> oneOff(app);
            case 14 -> changePlatform();
            default -> throw new AssertionError();
        }
    }

    private void restart(AppId app) {
        ledger.forgetCrashes();
        service.mayLose(manifold.view(app));
        manifold.restart(app, Optional.empty(), Optional.empty());
    }

    /// It is killed or replaced; the next one may be killed before it got far.
    private void changePlatform() {
        do {
            manifold.close();
            generation++;
            routers.platformEnds();
            ledger.platformRestarts();
            if (random.nextBoolean()) {
                time.advance(Duration.ofMillis(random.nextInt(5_000)));
            }
            manifold = boot();
            time.advance(Duration.ofMillis(random.nextInt(500)));
        } while (random.nextInt(3) == 0);
    }

    private Optional<DynoSpec> aDyno() {
        List<DynoSpec> running = fake.running();
        return running.isEmpty()
                ? Optional.empty()
                : Optional.of(running.get(random.nextInt(running.size())));
    }

    private void scale(AppId app) {
        Desired now = wanted(app);
        want(
                desired(
                        app,
                        now.release().number(),
                        random.nextInt(6),
                        random.nextInt(3),
                        now.types().getFirst().size()));
    }

    private void release(AppId app) {
        Desired now = wanted(app);
        want(
                desired(
                        app,
                        newest(app) + 1,
                        now.types().getFirst().quantity(),
                        now.types().getLast().quantity(),
                        now.types().getFirst().size()));
    }

    private void resize(AppId app) {
        Desired now = wanted(app);
        want(
                desired(
                        app,
                        now.release().number(),
                        now.types().getFirst().quantity(),
                        now.types().getLast().quantity(),
                        random.nextBoolean() ? DynoSize.STANDARD_1X : DynoSize.STANDARD_2X));
    }

    private int newest(AppId app) {
        return newest.merge(app, 1, Math::max);
    }

    /// As the platform does: a release that did not come up fails, and the one before is wanted again; a size is taken
    /// back.
    private void prebooted(AppId app, ManifoldListener.Preboot outcome) {
        if (!(outcome instanceof GivenUp(var release, DynoSize size, var kept, _))) {
            return;
        }
        Desired now = wanted(app);
        DynoSize nowSize = now.types().getFirst().size();
        if (kept.isPresent()) {
            want(with(now, now.release().number(), nowSize.equals(size) ? kept.get() : nowSize));
            return;
        }
        Set<ReleaseVersion> all = failed.computeIfAbsent(app, _ -> new HashSet<>());
        all.add(release);
        int current = newest(app);
        while (all.contains(new ReleaseVersion(current))) {
            current--;
        }
        want(with(now, current, nowSize));
    }

    private static Desired with(Desired now, int release, DynoSize size) {
        return desired(
                now.app(),
                release,
                now.types().getFirst().quantity(),
                now.types().getLast().quantity(),
                size);
    }

    private Desired wanted(AppId app) {
        return Objects.requireNonNull(wanted.get(app));
    }

    private void want(Desired next) {
        Desired desired = next.withPreboot(wanted(next.app()).preboot());
        newest.merge(desired.app(), desired.release().number(), Math::max);
        ledger.wanted(wanted(desired.app()), desired);
        wanted.put(desired.app(), desired);
        manifold.want(desired.app(), desired);
    }

    private void oneOff(AppId app) {
        Stdio stdio = random.nextBoolean() ? new Stdio.Log() : new Stdio.Pipes();
        DynoSpec spec =
                new DynoSpec(
                        DynoId.random(),
                        app,
                        new DynoName(ProcessType.RUN, 1000 + random.nextInt(9000)),
                        DynoKind.ONE_OFF,
                        wanted(app).release(),
                        DynoSize.DEFAULT,
                        "sleep",
                        Map.of(),
                        Optional.empty(),
                        "host",
                        stdio,
                        false,
                        List.of());
        manifold.run(spec);
        if (random.nextBoolean()) {
            time.schedule(
                    Duration.ofSeconds(random.nextInt(20)),
                    () -> manifold().hangUp(app, spec.id()));
        }
    }

    private Script script(DynoSpec spec) {
        Script script =
                Script.RUNS
                        .placedAfter(Duration.ofMillis(random.nextInt(2_000)))
                        .upAfter(Duration.ofMillis(random.nextInt(2_000)))
                        .stopsAfter(Duration.ofMillis(random.nextInt(5_000)));
        if (spec.kind() != DynoKind.FORMATION) {
            return script.exits(Duration.ofSeconds(random.nextInt(100)), random.nextInt(2));
        }
        if (!storm) {
            return script;
        }
        return switch (random.nextInt(20)) {
            case 0 -> script.neverPlaced();
            case 1 -> script.neverUp();
            case 2 -> script.failsToLaunch("no space left");
            case 3 -> script.upAfter(Duration.ofSeconds(random.nextInt(90)));
            case 4 -> script.stopsAfter(Duration.ofSeconds(45));
            case 5, 6, 7 -> script.exits(Duration.ofMillis(random.nextInt(90_000)), 1);
            default -> script;
        };
    }

    static Desired desired(AppId app, int release, int web, int worker, DynoSize size) {
        ReleaseVersion version = new ReleaseVersion(release);
        return new Desired(
                app,
                version,
                version,
                Map.of("A", "1"),
                Optional.of(new SlugRef(new UUID(0, release), Path.of("slug"), "00")),
                "host",
                List.of(
                        new Desired.Type(ProcessType.WEB, web, size, "serve $PORT", BOOT_LIMIT),
                        new Desired.Type(WORKER, worker, size, "work", BOOT_LIMIT)));
    }

    private void takeTime() {
        if (storm && random.nextInt(4) == 0) {
            time.advance(Duration.ofMillis(random.nextInt(2_000)));
        }
    }

    private void beforeStart(DynoSpec spec, EngineHost host) {
        hosts.assertRoom(spec, host);
        Observed observed = observed(spec.app());
        if (observed.dyno(spec.id()).filter(ObservedDyno::isCurrent).isEmpty()) {
            // Withdrawn again before its start was carried out; it is retired as soon as it exists.
            return;
        }
        ledger.started(spec);
        Preboot preboot = Preboot.of(wanted(spec.app()), observed);
        for (EngineDyno other : fake.list()) {
            if (preboot.isOld(other.spec().id())) {
                // It serves until this one takes over.
                continue;
            }
            if (other.exit().isEmpty()
                    && other.spec().app().equals(spec.app())
                    && other.spec().name().equals(spec.name())) {
                assertThat(observed.dyno(other.spec().id()).filter(ObservedDyno::isCurrent))
                        .as("a dyno that carries the name %s while another starts", spec.name())
                        .isEmpty();
            }
        }
    }

    private void beforeRetire(DynoId id) {
        assertThat(routers.mayRoute(id)).as("a router may send requests to %s", id).isFalse();
    }

    private void beforeForget(DynoId id) {
        assertThat(routers.mayKnow(id)).as("a router may know the address of %s", id).isFalse();
        assertThat(ledger.isCommitted(id)).as("the end of %s is committed", id).isTrue();
    }

    private Observed observed(AppId app) {
        return manifold.observed(app).orElseThrow();
    }

    private void assertNamesAreUnique(AppId app) {
        List<DynoName> names =
                manifold.observed(app).stream()
                        .flatMap(observed -> carryingNames(wanted(app), observed))
                        .map(ObservedDyno::name)
                        .toList();
        assertThat(names).as("names of dynos in service").doesNotHaveDuplicates();
        assertThat(manifold.view(app).dynos().stream().map(DynoView::name).toList())
                .as("names in the view")
                .doesNotHaveDuplicates();
    }

    /// All but the old ones of a change of web dynos, which leave their names to the new ones.
    private static Stream<ObservedDyno> carryingNames(Desired desired, Observed observed) {
        Preboot preboot = Preboot.of(desired, observed);
        return observed.all().stream()
                .filter(dyno -> dyno.isCurrent() && !preboot.isOld(dyno.id()));
    }

    private boolean isAsWanted() {
        return wanted.values().stream()
                .allMatch(desired ->
                        running(desired.app()).equals(expected(desired))
                                && known(desired.app()) == expected(desired).size());
    }

    private void assertEverythingIsAsWanted() {
        for (Desired desired : wanted.values()) {
            List<String> expected = expected(desired);
            assertThat(running(desired.app())).as("dynos that are up").isEqualTo(expected);
            assertThat(known(desired.app())).as("dynos the engine has").isEqualTo(expected.size());
            assertThat(manifold.view(desired.app()).dynos()).hasSize(expected.size());
        }
        ledger.assertEndsAreKnown(fake.list());
    }

    private static List<String> expected(Desired desired) {
        List<String> expected = new ArrayList<>();
        for (Desired.Type type : desired.types()) {
            for (int number = 1; number <= type.quantity(); number++) {
                expected.add(describe(type, number, desired.release()));
            }
        }
        return expected;
    }

    private List<String> running(AppId app) {
        return fake.list().stream()
                .filter(dyno -> dyno.spec().app().equals(app) && dyno.up())
                .map(Simulation::describe)
                .sorted()
                .toList();
    }

    private long known(AppId app) {
        return fake.list().stream().filter(dyno -> dyno.spec().app().equals(app)).count();
    }

    private static String describe(Desired.Type type, int number, ReleaseVersion release) {
        return type.type() + "." + number + " " + release + " " + type.size().name();
    }

    private static String describe(EngineDyno dyno) {
        DynoSpec spec = dyno.spec();
        return spec.name() + " " + spec.release() + " " + spec.size().name();
    }

    /// The steps that dynos took, as `from --> to`.
    Set<String> steps() {
        return ledger.transitions().stream()
                .map(step -> step.from() + " --> " + step.to())
                .collect(Collectors.toSet());
    }

    /// The state at the end, for the message of a failed run.
    String describe() {
        Map<String, Object> state = new TreeMap<>();
        state.put("wanted", wanted.values());
        state.put(
                "engine",
                fake.list().stream().map(Object::toString).collect(Collectors.joining("\n  ")));
        List<Object> observed = new ArrayList<>();
        wanted.keySet().forEach(app -> manifold.observed(app).ifPresent(observed::add));
        state.put("observed", observed);
        return state.toString();
    }
}
