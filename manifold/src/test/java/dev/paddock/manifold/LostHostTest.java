package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.FakeEngine.Call;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.ManifoldListener.Notice;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Stories of hosts that are full, die, are cut off and come back; what happens in any order is in [SimulationTest].
class LostHostTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final long GB = 1L << 30;

    private final AppId app = AppId.random();
    private final AppId other = AppId.random();
    private final VirtualTime time = new VirtualTime();
    private final FakeEngine engine = new FakeEngine(time).hosts("a", "b", "c");
    private final Ledger told = new Ledger(time);
    private boolean routersAnswer = true;
    private Manifold manifold;

    LostHostTest() {
        manifold = boot();
        engine.listen(event -> manifold.accept(event));
    }

    private Manifold boot() {
        Manifold next = new Manifold(engine, time, Runnable::run, told, Simulation.RESTARTS);
        told.onChange(changed -> {
            if (routersAnswer) {
                time.schedule(
                        Duration.ofMillis(5),
                        () -> next.routed(changed, next.view(changed).revision()));
            }
        });
        manifold = next;
        next.start();
        return next;
    }

    private void want(AppId of, int web, int worker) {
        manifold.want(of, Simulation.desired(of, 1, web, worker, DynoSize.DEFAULT));
    }

    @Test
    void typesAreSpreadOverHosts() {
        want(app, 7, 2);
        want(other, 1, 0);
        time.advance(Duration.ofSeconds(5));

        assertThat(counts("web")).containsValues(2, 3, 3).doesNotContainValue(1);
        assertThat(counts("worker")).hasSize(2);
    }

    @Test
    void lostDynosAreReplacedAtOnceUnderTheirNamesAndCountAsNoCrash() {
        want(app, 3, 0);
        time.advance(Duration.ofSeconds(5));
        EngineDyno lost = on("b").getFirst();

        engine.killHost("b");
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up, web.2 up, web.3 up");
        String name = lost.spec().name().toString();
        assertThat(
                        told.transitions().stream()
                                .filter(step -> step.name().toString().equals(name))
                                .map(LostHostTest::describe))
                .endsWith(
                        "up to down: HOST_LOST",
                        "created to starting: HOST_LOST",
                        "starting to up: UP");
        assertThat(manifold.observed(app).orElseThrow().backoffs()).isEmpty();
        assertThat(engine.running()).extracting(spec -> spec.id()).doesNotContain(lost.spec().id());
    }

    @Test
    void pausesOfCrashedDynosAreLeftAlone() {
        engine.script(spec -> Script.RUNS.exits(Duration.ofMillis(50), 1));
        want(app, 0, 1);
        time.advance(Duration.ofSeconds(2));
        assertThat(states()).isEqualTo("worker.1 crashed");
        long started = starts();

        List.of("a", "b", "c").forEach(engine::killHost);
        List.of("a", "b", "c").forEach(engine::reviveHost);
        time.advance(Duration.ofSeconds(7));

        assertThat(starts()).isEqualTo(started);
        time.advance(Duration.ofSeconds(4));
        assertThat(starts()).isEqualTo(started + 1);
    }

    @Test
    void addressesOfALostHostAreNotUsedAgainBeforeRoutersForgotThem() {
        want(app, 3, 0);
        time.advance(Duration.ofSeconds(5));
        DynoAddress lost = on("b").getFirst().address().orElseThrow();
        routersAnswer = false;
        engine.killHost("b");
        engine.reviveHost("b");
        want(other, 6, 0);
        time.advance(Duration.ofSeconds(20));

        assertThat(engine.at(lost)).isEmpty();
        assertThat(on("b")).isEmpty();
        assertThat(states()).isEqualTo("web.1 up, web.2 up, web.3 up");

        routersAnswer = true;
        time.advance(Duration.ofSeconds(5));
        want(other, 12, 0);
        time.advance(Duration.ofSeconds(5));
        assertThat(engine.at(lost)).isPresent();
    }

    @Test
    void dynosThatComeBackWithTheirHostAreStoppedOnceRoutersForgotThem() {
        want(app, 3, 1);
        time.advance(Duration.ofSeconds(5));
        List<DynoId> cutOff = on("b").stream().map(dyno -> dyno.spec().id()).toList();
        routersAnswer = false;
        engine.cutOff("b");
        time.advance(Duration.ofSeconds(4));
        engine.reviveHost("b");
        time.advance(Duration.ofSeconds(8));

        assertThat(states()).isEqualTo("web.1 up, web.2 up, web.3 up, worker.1 up");
        assertThat(retired()).isEmpty();
        assertThat(manifold.view(app).routes())
                .extracting(DynoView::id)
                .doesNotContainAnyElementsOf(cutOff);

        routersAnswer = true;
        time.advance(Duration.ofSeconds(10));
        assertThat(retired()).containsAll(cutOff);
        assertThat(engine.list()).hasSize(4);
        assertThat(engine.list())
                .extracting(dyno -> dyno.spec().id())
                .doesNotContainAnyElementsOf(cutOff);
    }

    @Test
    void dynosOfAHostThatComesBackToANewPlatformWaitForItsTableToo() {
        want(app, 3, 0);
        time.advance(Duration.ofSeconds(5));
        DynoId cutOff = on("b").getFirst().spec().id();
        engine.cutOff("b");
        manifold.close();
        told.platformRestarts();
        routersAnswer = false;
        boot();
        want(app, 3, 0);
        engine.reviveHost("b");
        time.advance(Duration.ofSeconds(10));
        assertThat(retired()).isEmpty();

        routersAnswer = true;
        time.advance(Duration.ofSeconds(10));

        assertThat(retired()).contains(cutOff);
        assertThat(engine.list()).hasSize(3);
    }

    @Test
    void hostThatFlapsUnseenLosesItsDynosAndNobodyTakesTheirPlaceTooEarly() {
        engine.deliver(_ -> false);
        want(app, 3, 0);
        time.advance(Duration.ofSeconds(10));
        DynoAddress lost = on("b").getFirst().address().orElseThrow();
        routersAnswer = false;

        engine.killHost("b");
        engine.reviveHost("b");
        want(other, 3, 0);
        time.advance(Duration.ofSeconds(8));

        assertThat(engine.at(lost)).isEmpty();
        assertThat(states()).isEqualTo("web.1 up, web.2 up, web.3 up");
        assertThat(told.transitions()).noneMatch(step -> step.to() == DynoState.CRASHED);
    }

    @Test
    void dynosWaitWhileNoHostIsAliveAndRequestsWithThem() {
        want(app, 2, 1);
        time.advance(Duration.ofSeconds(5));

        List.of("a", "b", "c").forEach(engine::cutOff);
        time.advance(Duration.ofMinutes(5));
        long before = starts();
        assertThat(states()).isEqualTo("web.1 starting, web.2 starting, worker.1 starting");
        assertThat(manifold.view(app).routes()).hasSize(2).noneMatch(DynoView::routable);
        assertThat(told.notices()).filteredOn(Notice.NoRoom.class::isInstance).hasSize(3);

        engine.reviveHost("b");
        time.advance(Duration.ofSeconds(10));
        assertThat(states()).isEqualTo("web.1 up, web.2 up, worker.1 up");
        assertThat(starts()).isEqualTo(before + 3);
        assertThat(told.transitions()).noneMatch(step -> step.to() == DynoState.CRASHED);
        assertThat(engine.list()).hasSize(3).allMatch(dyno -> dyno.host().equals("b"));
    }

    @Test
    void fullHostsMakeDynosWaitForRoom() {
        engine.hosts(GB, "a", "b");
        time.advance(Duration.ofSeconds(5));

        want(app, 5, 0);
        time.advance(Duration.ofSeconds(10));
        assertThat(states()).isEqualTo("web.1 up, web.2 up, web.3 up, web.4 up, web.5 starting");

        want(app, 3, 1);
        time.advance(Duration.ofSeconds(10));
        assertThat(states()).isEqualTo("web.1 up, web.2 up, web.3 up, worker.1 up");
    }

    @Test
    void newWebDynosWithoutRoomAreGivenUpAndTheOldOnesServeOn() {
        engine.hosts(GB, "a", "b");
        time.advance(Duration.ofSeconds(5));
        manifold.want(app, Simulation.desired(app, 1, 3, 0, DynoSize.DEFAULT).withPreboot(true));
        time.advance(Duration.ofSeconds(10));

        manifold.want(app, Simulation.desired(app, 2, 3, 0, DynoSize.DEFAULT).withPreboot(true));
        time.advance(Preboot.LIMIT.plusSeconds(10));

        assertThat(told.outcomes())
                .singleElement()
                .isInstanceOfSatisfying(
                        ManifoldListener.Preboot.GivenUp.class,
                        it -> {
                            assertThat(it.release()).isEqualTo(new ReleaseVersion(2));
                            assertThat(it.why()).startsWith("no machine had room for web.");
                        });
        assertThat(manifold.view(app).routes())
                .hasSize(3)
                .allMatch(DynoView::routable)
                .allMatch(dyno -> dyno.release().equals(new ReleaseVersion(1)));
    }

    @Test
    void oneOffThatFitsNowhereEndsWithTheReason() {
        List.of("a", "b", "c").forEach(engine::killHost);
        time.advance(Duration.ofSeconds(5));
        manifold.run(oneOff());

        assertThat(told.transitions().getLast().exit().orElseThrow().detail())
                .isEqualTo("no machine has room for it");
    }

    private DynoSpec oneOff() {
        return new DynoSpec(
                DynoId.random(),
                app,
                DynoName.parse("run.1000"),
                DynoKind.ONE_OFF,
                new ReleaseVersion(1),
                DynoSize.DEFAULT,
                "bash",
                Map.of(),
                Optional.empty(),
                "host",
                new Stdio.Log(),
                false,
                List.of());
    }

    private Map<String, Integer> counts(String type) {
        return engine.list().stream()
                .filter(dyno -> dyno.spec().name().type().value().equals(type))
                .collect(Collectors.toMap(EngineDyno::host, _ -> 1, Integer::sum, TreeMap::new));
    }

    private List<EngineDyno> on(String host) {
        return engine.list().stream().filter(dyno -> dyno.host().equals(host)).toList();
    }

    private List<DynoId> retired() {
        return engine.calls().stream()
                .filter(Call.Retire.class::isInstance)
                .map(call -> ((Call.Retire) call).id())
                .toList();
    }

    private long starts() {
        return engine.calls().stream().filter(Call.Start.class::isInstance).count();
    }

    private String states() {
        return manifold.view(app).dynos().stream()
                .map(dyno -> dyno.name() + " " + dyno.state())
                .collect(Collectors.joining(", "));
    }

    private static String describe(DynoTransition step) {
        return step.from() + " to " + step.to() + ": " + step.reason();
    }
}
