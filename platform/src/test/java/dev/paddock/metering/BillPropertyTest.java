package dev.paddock.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.Desired;
import dev.paddock.manifold.Manifold;
import dev.paddock.manifold.ManifoldListener;
import dev.paddock.manifold.RestartPolicy;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.time.YearMonth;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Seeded lives of a platform with a real manifold and a real record: users who scale, release and run, dynos that
/// crash, events that are lost, a database that goes away, a platform that is killed and stays dead for a while, a wall
/// clock that is set an hour forth and back. Whatever happens, the bill has every second that ran and no other.
class BillPropertyTest {
    private static final int LIVES = Integer.getInteger("paddock.bills", 15);
    private static final long FIRST_SEED = Long.getLong("paddock.seed", 0);

    private final Database database = TestDatabase.fresh();

    @Test
    void billHasEverySecondThatRanAndNoOther() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + LIVES; seed++) {
            new Life(seed, database).run();
        }
    }

    private static final class Life implements ManifoldListener {
        private static final int STEPS = 14;
        private static final ProcessType WORKER = new ProcessType("worker");

        private final long seed;
        private final Random random;
        private final VirtualTime time = new VirtualTime();
        private final FakeEngine engine = new FakeEngine(time);
        private final Database database;
        private final DynoRecord record;
        private final AppId app;
        private final Map<DynoId, Truth> truth = new HashMap<>();
        private int release = 1;
        private int web = 1;
        private int worker = 1;
        private boolean databaseIsAway;
        private int generation;
        private Optional<Manifold> manifold = Optional.empty();

        Life(long seed, Database database) {
            this.seed = seed;
            this.database = database;
            record = new DynoRecord(database);
            random = new Random(seed);
            app = new AppId(new UUID(seed, 1));
            engine.script(this::script);
            engine.deliver(_ -> random.nextInt(10) > 0);
            engine.listen(event -> manifold.ifPresent(it -> it.accept(event)));
        }

        void run() {
            boot();
            for (int step = 0; step < STEPS; step++) {
                happen();
                pass(Duration.ofMillis(random.nextInt(400_000)));
            }
            databaseIsAway = false;
            if (manifold.isEmpty()) {
                boot();
            }
            web = 0;
            worker = 0;
            want();
            pass(Duration.ofHours(1));

            assertThat(engine.list()).as("seed %d: dynos that are left", seed).isEmpty();
            assertThat(billed()).as("seed %d", seed).isEqualTo(ran());
        }

        private void boot() {
            int mine = ++generation;
            // Tasks of a killed platform never run.
            Executor effects =
                    task ->
                            time.schedule(
                                    Duration.ZERO,
                                    () -> {
                                        if (generation == mine) {
                                            task.run();
                                        }
                                    });
            record.settle(
                    engine.list().stream()
                            .map(dyno -> dyno.spec().id())
                            .collect(Collectors.toSet()));
            Manifold next = new Manifold(engine, time, effects, this, RestartPolicy.HEROKU);
            manifold = Optional.of(next);
            want();
            next.start();
        }

        private void kill() {
            generation++;
            manifold.ifPresent(Manifold::close);
            manifold = Optional.empty();
        }

        private void happen() {
            switch (random.nextInt(9)) {
                case 0, 1 -> {
                    web = random.nextInt(4);
                    worker = random.nextInt(3);
                    want();
                }
                case 2 -> {
                    release++;
                    want();
                }
                case 3 -> time.stepDate(Duration.ofHours(random.nextBoolean() ? 1 : -1));
                case 4, 5 -> {
                    kill();
                    pass(Duration.ofMillis(random.nextInt(600_000)));
                    boot();
                }
                case 6 -> {
                    databaseIsAway = true;
                    time.schedule(
                            Duration.ofSeconds(random.nextInt(300)), () -> databaseIsAway = false);
                }
                case 7 -> manifold.ifPresent(it -> it.run(oneOff()));
                case 8 ->
                        engine.running().stream()
                                .findAny()
                                .ifPresent(dyno -> engine.exit(dyno.id(), 1));
                default -> throw new AssertionError();
            }
        }

        /// Looks at the engine so often that it sees when each dyno began and ended.
        private void pass(Duration duration) {
            Tick end = time.now().plus(duration);
            look();
            while (time.now().isBefore(end) && time.step()) {
                look();
                manifold.ifPresent(it -> it.routed(app, it.view(app).revision()));
            }
        }

        private void look() {
            for (EngineDyno dyno : engine.list()) {
                dyno.begun()
                        .ifPresent(begun ->
                                truth.merge(
                                        dyno.spec().id(),
                                        new Truth(begun, dyno.ended()),
                                        (_, now) -> now));
            }
        }

        private Script script(DynoSpec spec) {
            Script script =
                    Script.RUNS
                            .placedAfter(Duration.ofMillis(random.nextInt(2_000)))
                            .stopsAfter(Duration.ofMillis(random.nextInt(40_000)));
            boolean once = spec.kind() != DynoKind.FORMATION;
            return switch (random.nextInt(6)) {
                case 0 -> script.failsToLaunch("no space left");
                case 1 -> script.neverUp().exits(Duration.ofMillis(random.nextInt(90_000)), 1);
                case 2 -> script.exits(Duration.ofMillis(random.nextInt(300_000)), 1);
                default ->
                        once ? script.exits(Duration.ofMillis(random.nextInt(300_000)), 0) : script;
            };
        }

        private void want() {
            manifold.ifPresent(it -> it.want(app, desired()));
        }

        @Override
        public void prebooted(AppId app, Preboot outcome) {}

        private Desired desired() {
            ReleaseVersion version = new ReleaseVersion(release);
            Duration limit = Desired.Type.BOOT_LIMIT;
            return new Desired(
                    app,
                    version,
                    version,
                    Map.of(),
                    Optional.of(new SlugRef(new UUID(0, 1), Path.of("slug"), "00")),
                    "host",
                    List.of(
                            new Desired.Type(
                                    ProcessType.WEB, web, DynoSize.STANDARD_1X, "serve", limit),
                            new Desired.Type(WORKER, worker, DynoSize.STANDARD_2X, "work", limit)));
        }

        private DynoSpec oneOff() {
            return new DynoSpec(
                    DynoId.random(),
                    app,
                    new DynoName(ProcessType.RUN, 1000 + random.nextInt(9000)),
                    DynoKind.ONE_OFF,
                    new ReleaseVersion(release),
                    DynoSize.BASIC,
                    "task",
                    Map.of(),
                    Optional.empty(),
                    "host",
                    new Stdio.Log(),
                    false,
                    List.of());
        }

        @Override
        public void transition(DynoTransition transition) {
            if (databaseIsAway) {
                throw new IllegalStateException("the database is away");
            }
            record.store(transition);
        }

        @Override
        public void changed(AppId changed) {}

        @Override
        public void notice(AppId noticed, Notice notice) {}

        private Map<DynoId, Long> ran() {
            return truth.entrySet().stream()
                    .collect(
                            Collectors.toMap(Map.Entry::getKey, dyno -> dyno.getValue().seconds()));
        }

        private Map<DynoId, Long> billed() {
            Meter meter = new Meter(database, time, FreeHours.PER_APP);
            Map<DynoId, Long> billed = new HashMap<>();
            // Virtual time begins with January; a clock that is set back makes some of it last
            // year's.
            for (YearMonth its : List.of(YearMonth.of(2025, 12), YearMonth.of(2026, 1))) {
                Invoice bill = meter.invoice(app, new UUID(0, 0), its);
                long sum = 0;
                for (Invoice.Line line : bill.lines()) {
                    for (Invoice.Charge charge : line.charges()) {
                        billed.merge(
                                charge.interval().dyno(), charge.interval().seconds(), Long::sum);
                        sum += charge.interval().seconds();
                    }
                }
                assertThat(bill.seconds()).as("seed %d: the sum", seed).isEqualTo(sum);
            }
            // A stretch of no full second is no line of a bill.
            truth.keySet().forEach(id -> billed.putIfAbsent(id, 0L));
            return billed;
        }
    }

    private record Truth(Tick begun, Optional<Tick> ended) {
        long seconds() {
            return ended.orElseThrow().since(begun).toSeconds();
        }
    }
}
