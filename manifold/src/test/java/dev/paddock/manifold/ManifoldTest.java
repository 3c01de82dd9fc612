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
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.FakeEngine.Call;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.ManifoldListener.Notice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Stories of single apps; what happens in any order is in [SimulationTest].
class ManifoldTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final DynoName WEB_1 = DynoName.parse("web.1");

    private final AppId app = AppId.random();
    private final VirtualTime time = new VirtualTime();
    private final FakeEngine engine = new FakeEngine(time);
    private final Ledger told = new Ledger(time);
    private final List<AppView> announced = new ArrayList<>();
    private boolean routersAnswer = true;
    private Manifold manifold;

    ManifoldTest() {
        manifold = boot();
    }

    @BeforeEach
    void start() {
        manifold.start();
    }

    private Manifold boot() {
        Manifold next = new Manifold(engine, time, Runnable::run, told, Simulation.RESTARTS);
        told.onChange(changed -> {
            announced.add(next.view(changed));
            if (routersAnswer) {
                time.schedule(
                        Duration.ofMillis(5),
                        () -> next.routed(changed, next.view(changed).revision()));
            }
        });
        engine.listen(event -> manifold.accept(event));
        return next;
    }

    private void want(int release, int web, int worker) {
        manifold.want(app, Simulation.desired(app, release, web, worker, DynoSize.DEFAULT));
    }

    @Test
    void wantedDynosComeUpAndAreRoutable() {
        want(1, 2, 1);
        assertThat(states()).isEqualTo("web.1 starting, web.2 starting, worker.1 starting");
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up, web.2 up, worker.1 up");
        assertThat(view("web.1").routable()).isTrue();
        assertThat(view("worker.1").routable()).isFalse();
        assertThat(transitionsOf("web.1"))
                .containsExactly("created to starting: START", "starting to up: UP");
    }

    @Test
    void engineLearnsOnceWhichReleaseToExpect() {
        want(1, 1, 0);
        want(1, 2, 0);
        want(2, 2, 0);
        want(1, 2, 0);
        want(2, 0, 1);

        assertThat(engine.calls())
                .filteredOn(Call.Expect.class::isInstance)
                .containsExactly(
                        new Call.Expect(app, new ReleaseVersion(1)),
                        new Call.Expect(app, new ReleaseVersion(2)),
                        new Call.Expect(app, ReleaseVersion.NONE));
    }

    @Test
    void portIsExpandedInTheShownCommand() {
        want(1, 1, 0);
        time.advance(SECOND);

        assertThat(told.transitions().getFirst().command()).isEqualTo("serve 5000");
        assertThat(view("web.1").command()).isEqualTo("serve $PORT");
    }

    @Test
    void dynoLeavesTheTableBeforeItIsStopped() {
        want(1, 2, 0);
        time.advance(SECOND);
        routersAnswer = false;
        long before = manifold.view(app).revision();

        want(1, 1, 0);
        time.advance(Duration.ofSeconds(20));

        assertThat(states()).isEqualTo("web.1 up");
        assertThat(manifold.view(app).revision()).isGreaterThan(before);
        assertThat(retired()).isEmpty();

        manifold.routed(app, before);
        assertThat(retired()).isEmpty();
        manifold.routed(app, manifold.view(app).revision());
        assertThat(retired()).hasSize(1);
        time.advance(Duration.ofSeconds(4));
        assertThat(engine.list()).hasSize(1);
        assertThat(transitionsOf("web.2").getLast()).isEqualTo("up to down: SCALE_DOWN");
    }

    @Test
    void routersNeverSeeAnAppWithoutDynosBetweenTwoOfThem() {
        want(1, 1, 0);
        time.advance(SECOND);
        announced.clear();

        manifold.restart(app, Optional.empty(), Optional.empty());
        time.advance(SECOND);
        manifold.stop(app, WEB_1);
        time.advance(SECOND);
        want(2, 1, 0);
        time.advance(SECOND);
        engine.exit(view("web.1").id(), 1);
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up");
        assertThat(announced)
                .hasSizeGreaterThanOrEqualTo(8)
                .allMatch(view -> view.dynos().stream().anyMatch(dyno -> !dyno.retiring()));
    }

    @Test
    void crashedDynoRestartsAtOnceThenAfterPauses() {
        engine.script(_ -> Script.RUNS.exits(Duration.ofMillis(100), 0));
        want(1, 0, 1);

        time.advance(Duration.ofMillis(300));
        assertThat(started()).isEqualTo(2);
        assertThat(states()).isEqualTo("worker.1 crashed");
        time.advance(Duration.ofSeconds(10));
        assertThat(started()).isEqualTo(3);
        time.advance(Duration.ofSeconds(19));
        assertThat(started()).isEqualTo(3);
        time.advance(Duration.ofSeconds(2));
        assertThat(started()).isEqualTo(4);
    }

    @Test
    void newReleaseAndRestartForgetTheCrashes() {
        engine.script(_ -> Script.RUNS.exits(Duration.ofMillis(100), 1));
        want(1, 0, 1);
        time.advance(SECOND);
        assertThat(started()).isEqualTo(2);

        want(2, 0, 1);
        time.advance(SECOND);
        assertThat(started()).isEqualTo(4);

        manifold.restart(app, Optional.empty(), Optional.empty());
        time.advance(SECOND);
        assertThat(started()).isEqualTo(6);

        want(2, 0, 1);
        time.advance(SECOND);
        assertThat(started()).as("scaling does not").isEqualTo(6);
    }

    @Test
    void overtakenWishForAnOlderReleaseIsIgnored() {
        want(2, 1, 0);
        want(1, 1, 0);
        time.advance(SECOND);

        assertThat(view("web.1").release()).isEqualTo(new ReleaseVersion(2));
        manifold.want(app, Desired.nothing(app));
        time.advance(SECOND);
        assertThat(states()).isEmpty();
    }

    @Test
    void longLifeForgetsTheCrashes() {
        engine.script(_ -> Script.RUNS.exits(Duration.ofSeconds(70), 1));
        want(1, 0, 1);

        time.advance(Duration.ofSeconds(70 * 10 + 5));

        assertThat(started()).as("always the first crash, always at once").isEqualTo(11);
    }

    @Test
    void webDynoThatServedIsReplacedAtOnceHoweverOftenItIsKilled() {
        want(1, 1, 0);
        time.advance(SECOND);

        for (int kill = 1; kill <= 20; kill++) {
            time.advance(Duration.ofSeconds(2));
            engine.exit(view("web.1").id(), 137);
            time.advance(SECOND);
            assertThat(states()).as("after kill %s", kill).isEqualTo("web.1 up");
        }
    }

    @Test
    void webDynoThatNeverServesForLongIsPausedInTheEnd() {
        engine.script(_ -> Script.RUNS.exits(Duration.ofSeconds(3), 1));
        want(1, 1, 0);

        for (int second = 0; second < 200 && !states().contains("crashed"); second++) {
            time.advance(SECOND);
        }

        assertThat(started()).isEqualTo(Crashes.FORGIVEN + 2);
        assertThat(states()).isEqualTo("web.1 crashed");
    }

    @Test
    void webDynoThatBindsNoPortIsKilledAsACrash() {
        engine.script(_ -> Script.RUNS.neverUp());
        want(1, 1, 0);

        time.advance(Duration.ofSeconds(61));

        assertThat(told.notices())
                .startsWith(
                        new Notice.BootTimeout(WEB_1, Duration.ofSeconds(60)),
                        new Notice.Stopping(WEB_1, "SIGKILL"));
        assertThat(transitionsOf("web.1"))
                .containsSubsequence(
                        "starting to crashed: BOOT_TIMEOUT",
                        "created to starting: RESTART_AFTER_CRASH");
    }

    @Test
    void releaseReplacesDynosAtTheSameMoment() {
        want(1, 1, 0);
        time.advance(SECOND);
        DynoId old = view("web.1").id();

        want(2, 1, 0);

        assertThat(view("web.1").id()).isNotEqualTo(old);
        assertThat(engine.running()).hasSize(2);
        time.advance(SECOND);
        assertThat(engine.running()).hasSize(1);
        assertThat(told.notices())
                .containsExactly(
                        new Notice.Restarting(WEB_1, DynoState.UP),
                        new Notice.Stopping(WEB_1, "SIGTERM"));
    }

    @Test
    void stoppedFormationDynoIsStartedAnewAndOneOffEnds() {
        want(1, 1, 0);
        DynoSpec run = oneOff("run.4711", new Stdio.Log());
        manifold.run(run);
        time.advance(SECOND);
        DynoId old = view("web.1").id();

        manifold.stop(app, WEB_1);
        manifold.stop(app, run.name());
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up");
        assertThat(view("web.1").id()).isNotEqualTo(old);
        assertThat(transitionsOf("run.4711").getLast()).isEqualTo("up to complete: STOP");
    }

    @Test
    void oneOffIsNeverRestartedAndIsForgotten() {
        engine.script(_ -> Script.RUNS.exits(SECOND, 3));
        DynoSpec run = oneOff("run.4711", new Stdio.Log());
        manifold.run(run);

        time.advance(Duration.ofSeconds(5));

        assertThat(transitionsOf("run.4711").getLast()).isEqualTo("up to complete: COMPLETE");
        assertThat(told.transitions().getLast().exit()).contains(Exit.of(3));
        assertThat(engine.list()).isEmpty();
        assertThat(started()).isEqualTo(1);
    }

    @Test
    void oneOffThatNobodyAttachesToEnds() {
        manifold.run(oneOff("run.4711", new Stdio.Terminal(24, 80)));

        time.advance(Duration.ofSeconds(35));

        assertThat(told.notices()).contains(new Notice.NotAttached(DynoName.parse("run.4711")));
        assertThat(transitionsOf("run.4711").getLast())
                .isEqualTo("starting to complete: NOT_ATTACHED");
    }

    @Test
    void hangUpIsRepeatedUntilTheLogSaysSo() {
        engine.script(_ -> Script.RUNS.ignoresHangUp());
        DynoSpec run = oneOff("run.4711", new Stdio.Pipes());
        manifold.run(run);
        time.advance(SECOND);
        engine.attach(run.id()).close();
        time.advance(SECOND);

        manifold.hangUp(app, run.id());
        time.advance(Duration.ofSeconds(12));

        assertThat(engine.calls().stream().filter(Call.HangUp.class::isInstance)).hasSize(3);
        assertThat(told.notices()).containsExactly(new Notice.Detached(run.name()));
    }

    @Test
    void endIsForgottenOnlyWhenTheDatabaseIsBack() {
        want(1, 0, 1);
        time.advance(SECOND);
        told.databaseGoesAway();
        engine.exit(view("worker.1").id(), 1);
        time.advance(Duration.ofSeconds(60));

        assertThat(states()).as("the loop goes on").isEqualTo("worker.1 up");
        assertThat(engine.list()).hasSize(2);

        told.databaseIsBack();
        time.advance(Duration.ofSeconds(15));
        assertThat(engine.list()).hasSize(1);
        assertThat(transitionsOf("worker.1"))
                .containsExactly(
                        "created to starting: START",
                        "starting to up: UP",
                        "up to crashed: EXIT",
                        "created to starting: RESTART_AFTER_CRASH",
                        "starting to up: UP");
    }

    @Test
    void lostEventsAreMadeUpForByTheList() {
        engine.deliver(_ -> false);
        want(1, 1, 0);

        time.advance(Duration.ofSeconds(4));
        assertThat(states()).isEqualTo("web.1 up");

        engine.exit(view("web.1").id(), 1);
        time.advance(Duration.ofSeconds(7));
        assertThat(states()).isEqualTo("web.1 up");
        assertThat(started()).isEqualTo(2);
    }

    @Test
    void newPlatformAdoptsWhatRunsAndRetiresTheRest() {
        want(1, 3, 0);
        DynoSpec run = oneOff("run.4711", new Stdio.Log());
        manifold.run(run);
        AppId other = AppId.random();
        manifold.want(other, Simulation.desired(other, 1, 1, 0, DynoSize.DEFAULT));
        time.advance(SECOND);
        DynoId kept = view("web.1").id();
        manifold.close();
        told.platformRestarts();

        manifold = boot();
        want(1, 2, 0);
        manifold.start();

        assertThat(states()).isEqualTo("run.4711 up, web.1 up, web.2 up");
        assertThat(view("web.1").id()).isEqualTo(kept);
        time.advance(Duration.ofSeconds(5));
        assertThat(engine.running()).extracting(DynoSpec::app).containsOnly(app);
        assertThat(engine.running()).hasSize(3);
        assertThat(started()).isEqualTo(5);
    }

    @Test
    void buildDynosAreNotTheManifolds() {
        DynoSpec build = spec("build.1", DynoKind.BUILD, new Stdio.Pipes());
        engine.start(build);
        time.advance(Duration.ofSeconds(100));
        manifold.accept(new DynoEvent.Exited(build.id(), Exit.of(0)));

        assertThat(engine.calls()).containsExactly(new Call.Start(build));
        assertThat(told.transitions()).isEmpty();
    }

    @Test
    void quietEndsEverythingUntilSomethingIsWantedAgain() throws InterruptedException {
        want(1, 2, 1);
        manifold.run(oneOff("run.4711", new Stdio.Log()));
        time.advance(SECOND);

        assertThat(manifold.quiet(app, Duration.ZERO)).isFalse();
        time.advance(Duration.ofSeconds(5));

        assertThat(manifold.quiet(app, Duration.ZERO)).isTrue();
        assertThat(engine.list()).isEmpty();
        want(1, 1, 0);
        time.advance(SECOND);
        assertThat(states()).isEqualTo("web.1 up");
    }

    @Test
    void restartTouchesOnlyWhatWasChosen() {
        want(1, 2, 1);
        time.advance(SECOND);
        DynoId one = view("web.1").id();
        DynoId two = view("web.2").id();
        DynoId worker = view("worker.1").id();

        manifold.restart(app, Optional.empty(), Optional.of(WEB_1));
        assertThat(view("web.1").id()).isNotEqualTo(one);
        assertThat(view("web.2").id()).isEqualTo(two);

        manifold.restart(app, Optional.of(ProcessType.WEB), Optional.empty());
        assertThat(view("web.2").id()).isNotEqualTo(two);
        assertThat(view("worker.1").id()).isEqualTo(worker);
    }

    @Test
    void refusedStartIsACrash() {
        engine.script(_ -> Script.RUNS.refuses("the disk is full"));
        want(1, 0, 1);
        time.advance(SECOND);
        assertThat(states()).isEqualTo("worker.1 crashed");

        engine.script(_ -> Script.RUNS);
        time.advance(Duration.ofSeconds(11));
        assertThat(states()).isEqualTo("worker.1 up");
        assertThat(told.transitions().get(1).exit().orElseThrow().detail())
                .contains("the disk is full");
    }

    @Test
    void dynoThatRoutersCannotReachIsLookedAtAtOnce() {
        want(1, 2, 0);
        time.advance(SECOND);
        DynoId ended = view("web.1").id();
        DynoId runs = view("web.2").id();
        engine.deliver(_ -> false);
        engine.exit(ended, 1);

        manifold.suspect(app, "web.1");
        manifold.suspect(app, "web.2");
        time.advance(Duration.ofMillis(1));

        assertThat(transitionsOf("web.1")).contains("up to crashed: EXIT");
        assertThat(view("web.1").id()).isNotEqualTo(ended);
        assertThat(view("web.2").id()).isEqualTo(runs);
        assertThat(retired()).isEmpty();
    }

    @Test
    void suspicionOfWhatIsNotThereIsPassedOver() {
        want(1, 1, 1);
        time.advance(SECOND);

        for (String name : List.of("web.2", "worker.1", "", "web.99999999999", "../web.1")) {
            manifold.suspect(app, name);
        }
        manifold.suspect(AppId.random(), "web.1");
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up, worker.1 up");
        assertThat(retired()).isEmpty();
    }

    @Test
    void sleepingAppStopsItsDynosAndShowsThemIdle() {
        want(1, 2, 1);
        time.advance(SECOND);
        long before = manifold.view(app).revision();

        sleep(1, 2, 1);
        assertThat(states()).isEqualTo("web.1 idle, web.2 idle, worker.1 idle");
        time.advance(Duration.ofSeconds(10));

        assertThat(manifold.view(app).revision()).isGreaterThan(before);
        assertThat(engine.list()).isEmpty();
        assertThat(transitionsOf("web.1").getLast()).isEqualTo("up to down: IDLE");
        assertThat(told.notices()).contains(new Notice.Idling(WEB_1));
        assertThat(view("web.1").changedAt()).isEqualTo(time.date().minusSeconds(10));
        assertThat(view("web.1").routable()).isFalse();
        time.advance(Duration.ofHours(1));
        assertThat(states()).isEqualTo("web.1 idle, web.2 idle, worker.1 idle");
    }

    @Test
    void wakingAppStartsItsDynos() {
        sleep(1, 1, 1);
        time.advance(SECOND);
        assertThat(states()).isEqualTo("web.1 idle, worker.1 idle");
        assertThat(told.notices()).isEmpty();

        want(1, 1, 1);
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up, worker.1 up");
        assertThat(told.notices())
                .containsExactly(
                        new Notice.Unidling(WEB_1),
                        new Notice.Unidling(DynoName.parse("worker.1")));
        assertThat(transitionsOf("web.1").getFirst()).isEqualTo("created to starting: START");
    }

    @Test
    void routersNeverSeeAnAppThatSleepsOrWakesWithoutDynos() {
        want(1, 1, 0);
        time.advance(SECOND);
        List<String> seen = new ArrayList<>();
        told.onChange(_ -> seen.add(states()));

        sleep(1, 1, 0);
        time.advance(SECOND);
        want(1, 1, 0);
        time.advance(SECOND);

        assertThat(seen).startsWith("web.1 idle").endsWith("web.1 up").doesNotContain("");
    }

    @Test
    void appThatIsScaledToNothingWhileItSleepsShowsNothing() {
        sleep(1, 1, 0);
        time.advance(SECOND);

        want(1, 0, 0);

        assertThat(states()).isEmpty();
    }

    @Test
    void dynoThatWakesDoesNotWaitForTheEndOfItsPredecessor() {
        engine.script(spec -> Script.RUNS.stopsAfter(Duration.ofSeconds(20)));
        want(1, 1, 0);
        time.advance(SECOND);
        sleep(1, 1, 0);
        time.advance(SECOND);

        want(1, 1, 0);
        time.advance(SECOND);

        assertThat(states()).isEqualTo("web.1 up");
        assertThat(engine.running()).hasSize(2);
    }

    @Test
    void crashedDynosSleepTooAndOneOffsDoNot() {
        engine.script(spec ->
                spec.kind() == DynoKind.ONE_OFF
                        ? Script.RUNS
                        : Script.RUNS.exits(Duration.ofMillis(50), 1));
        want(1, 1, 0);
        manifold.run(oneOff("run.1000", new Stdio.Log()));
        time.advance(SECOND);

        sleep(1, 1, 0);
        time.advance(Duration.ofMinutes(30));

        assertThat(states()).isEqualTo("run.1000 up, web.1 idle");
        assertThat(engine.running()).hasSize(1);
    }

    private void sleep(int release, int web, int worker) {
        sleep(release, web, worker, false);
    }

    private void sleep(int release, int web, int worker, boolean webAlone) {
        Desired awake = Simulation.desired(app, release, web, worker, DynoSize.DEFAULT);
        manifold.want(
                app,
                new Desired(
                        app,
                        awake.release(),
                        awake.oldestRunning(),
                        awake.environment(),
                        awake.slug(),
                        awake.stack(),
                        awake.types(),
                        Optional.of(new Desired.Asleep(time.date(), webAlone)),
                        false,
                        Duration.ZERO));
    }

    @Test
    void workersGoOnWhereWebDynosSleepAlone() {
        want(1, 1, 1);
        time.advance(SECOND);
        DynoId worker = view("worker.1").id();

        sleep(1, 1, 1, true);
        time.advance(SECOND);
        assertThat(states()).isEqualTo("web.1 idle, worker.1 up");
        assertThat(view("worker.1").id()).isEqualTo(worker);

        engine.exit(worker, 1);
        time.advance(SECOND);
        assertThat(states()).isEqualTo("web.1 idle, worker.1 up");

        want(1, 1, 1);
        time.advance(SECOND);
        assertThat(states()).isEqualTo("web.1 up, worker.1 up");
        assertThat(told.notices())
                .filteredOn(Notice.Unidling.class::isInstance)
                .containsExactly(new Notice.Unidling(WEB_1));
    }

    @Test
    void memoryOverQuotaIsRemarked() {
        want(1, 0, 1);
        time.advance(SECOND);
        DynoEvent.OverQuota event = new DynoEvent.OverQuota(view("worker.1").id(), 600, 512);

        manifold.accept(event);

        assertThat(told.notices())
                .containsExactly(new Notice.OverQuota(DynoName.parse("worker.1"), event));
    }

    private String states() {
        return String.join(
                ", ",
                manifold.view(app).dynos().stream()
                        .map(dyno -> dyno.name() + " " + dyno.state())
                        .toList());
    }

    private DynoView view(String name) {
        return manifold.view(app).dynos().stream()
                .filter(dyno -> dyno.name().toString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private List<Call> retired() {
        return engine.calls().stream().filter(Call.Retire.class::isInstance).toList();
    }

    private long started() {
        return engine.calls().stream().filter(Call.Start.class::isInstance).count();
    }

    private List<String> transitionsOf(String name) {
        return told.transitions().stream()
                .filter(it -> it.name().toString().equals(name))
                .map(ManifoldTest::describe)
                .toList();
    }

    private static String describe(DynoTransition transition) {
        return transition.from() + " to " + transition.to() + ": " + transition.reason();
    }

    private DynoSpec oneOff(String name, Stdio stdio) {
        return spec(name, DynoKind.ONE_OFF, stdio);
    }

    private DynoSpec spec(String name, DynoKind kind, Stdio stdio) {
        return new DynoSpec(
                DynoId.random(),
                app,
                DynoName.parse(name),
                kind,
                new ReleaseVersion(1),
                DynoSize.DEFAULT,
                "bash",
                Map.of(),
                Optional.empty(),
                "host",
                stdio,
                false,
                List.of());
    }
}
