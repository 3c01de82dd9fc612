package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.ObservedDyno.Ending;
import dev.paddock.manifold.ObservedDyno.HangUp;
import dev.paddock.manifold.ObservedDyno.Placement;
import dev.paddock.manifold.ObservedDyno.Retirement;
import dev.paddock.manifold.ObservedDyno.Routing;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final AppId APP = AppId.random();
    private static final Tick START = new Tick(0);
    private static final Duration SIXTY = Duration.ofSeconds(60);

    private Observed observed = Observed.nothing(APP, true);
    private Desired desired = wanted(1, 0, 0);

    @Test
    void nothingIsDecidedBeforeTheEngineWasRead() {
        observed = Observed.nothing(APP, false);
        desired = wanted(1, 3, 1);

        assertThat(plan(0).actions()).isEmpty();
    }

    @Test
    void missingDynosAreStartedFromOne() {
        desired = wanted(1, 2, 1);

        assertThat(plan(0).actions())
                .containsExactly(start("web.1"), start("web.2"), start("worker.1"));
    }

    @Test
    void holeInTheNumbersIsFilled() {
        desired = wanted(1, 3, 0);
        see(up("web.1"));
        see(up("web.3"));

        assertThat(plan(0).actions()).containsExactly(start("web.2"));
    }

    @Test
    void highestNumbersGoFirst() {
        desired = wanted(1, 1, 0);
        see(up("web.1"));
        ObservedDyno two = see(up("web.2"));
        ObservedDyno three = see(up("web.3"));

        assertThat(plan(0).actions())
                .containsExactly(
                        withdraw(three, Reason.SCALE_DOWN), withdraw(two, Reason.SCALE_DOWN));
    }

    @Test
    void dynoOfAnOlderReleaseIsReplacedAtTheSameMoment() {
        desired = wanted(2, 1, 0);
        ObservedDyno old = see(up("web.1"));

        assertThat(plan(0).actions())
                .containsExactly(
                        withdraw(old, Reason.RESTART),
                        new Action.Start(DynoName.parse("web.1"), Reason.RESTART));
    }

    @Test
    void dynoOfAnOlderReleaseThatIsStillGoodStays() {
        Desired next = wanted(2, 1, 0);
        desired =
                new Desired(
                        APP,
                        next.release(),
                        new ReleaseVersion(1),
                        Map.of(),
                        Optional.empty(),
                        "host",
                        next.types());
        see(up("web.1"));

        assertThat(plan(0).actions()).isEmpty();
    }

    @Test
    void dynoOfAnotherSizeOrCommandIsReplaced() {
        ObservedDyno dyno = see(up("web.1"));

        desired =
                wanted(
                        1,
                        new Desired.Type(ProcessType.WEB, 1, DynoSize.STANDARD_2X, "serve", SIXTY));
        assertThat(plan(0).actions()).contains(withdraw(dyno, Reason.RESTART));

        desired = wanted(1, new Desired.Type(ProcessType.WEB, 1, DynoSize.DEFAULT, "other", SIXTY));
        assertThat(plan(0).actions()).contains(withdraw(dyno, Reason.RESTART));
    }

    @Test
    void crashedNameWaitsForItsPause() {
        desired = wanted(1, 1, 0);
        observed =
                observed.withBackoff(
                        DynoName.parse("web.1"),
                        new Backoff(
                                2, 0, Duration.ofSeconds(10), at(10), Views.crashed(up("web.1"))));

        assertThat(plan(9).actions()).isEmpty();
        assertThat(plan(9).again()).contains(at(10));
        assertThat(plan(10).actions())
                .containsExactly(
                        new Action.Start(DynoName.parse("web.1"), Reason.RESTART_AFTER_CRASH));
    }

    @Test
    void webDynoThatBindsNoPortIsKilledAndItsNameWaitsForTheEnd() {
        desired = wanted(1, 1, 0);
        ObservedDyno slow = see(placed(dyno("web.1", DynoKind.FORMATION, new Stdio.Log()), 5));

        assertThat(plan(64).actions()).isEmpty();
        assertThat(plan(64).again()).contains(at(65));
        Action.Withdraw kill = new Action.Withdraw(slow.id(), Reason.BOOT_TIMEOUT, Duration.ZERO);
        assertThat(plan(65).actions()).containsExactly(kill);

        see(
                slow.with(
                        new Retirement(
                                Reason.BOOT_TIMEOUT, Duration.ZERO, at(65), Optional.of(at(65)))));
        assertThat(plan(66).actions()).isEmpty();
    }

    @Test
    void otherDynosNeedNoPort() {
        desired = wanted(1, 0, 1);
        see(placed(dyno("worker.1", DynoKind.FORMATION, new Stdio.Log()), 5));

        assertThat(plan(100).actions()).isEmpty();
    }

    @Test
    void startThatHangsIsGivenUp() {
        desired = wanted(1, 0, 1);
        ObservedDyno stuck = see(dyno("worker.1", DynoKind.FORMATION, new Stdio.Log()));

        assertThat(plan(179).actions()).isEmpty();
        assertThat(plan(180).actions())
                .containsExactly(
                        new Action.Withdraw(stuck.id(), Reason.BOOT_TIMEOUT, Duration.ZERO));
    }

    @Test
    void routableDynoIsStoppedOnlyWhenRoutersAcknowledged() {
        ObservedDyno leaving =
                see(
                        up("web.1")
                                .with(new Routing(true, OptionalLong.of(7)))
                                .with(leaving(Optional.empty())));

        observed = observed.withAcknowledged(6);
        assertThat(plan(0).actions()).isEmpty();
        observed = observed.withAcknowledged(7);
        assertThat(plan(0).actions())
                .containsExactly(new Action.Retire(leaving.id(), Planner.GRACE));
    }

    @Test
    void dynoWithRequestsInFlightIsStoppedWhenTheyAreAnswered() {
        ObservedDyno leaving = seeBusyLeaving();

        assertThat(plan(1).actions()).isEmpty();
        observed = observed.withBusy(Set.of());
        assertThat(plan(1).actions())
                .containsExactly(new Action.Retire(leaving.id(), Planner.GRACE));
    }

    @Test
    void requestInFlightDoesNotKeepADynoForLong() {
        ObservedDyno leaving = seeBusyLeaving();

        assertThat(plan(4).actions()).isEmpty();
        assertThat(plan(4).again()).contains(at(5));
        assertThat(plan(5).actions())
                .containsExactly(new Action.Retire(leaving.id(), Planner.GRACE));
    }

    @Test
    void nobodyWaitsForRequestsWhenEverythingEnds() {
        ObservedDyno leaving = seeBusyLeaving();
        observed = observed.withQuieting(true);

        assertThat(plan(0).actions())
                .containsExactly(new Action.Retire(leaving.id(), Planner.GRACE));
    }

    private ObservedDyno seeBusyLeaving() {
        desired = wanted(1, 0, 0);
        ObservedDyno leaving =
                see(
                        up("web.1")
                                .with(new Routing(true, OptionalLong.of(7)))
                                .with(leaving(Optional.empty())));
        observed = observed.withBusy(Set.of(leaving.address().orElseThrow())).withAcknowledged(7);
        return leaving;
    }

    @Test
    void dynoThatWasNeverRoutableIsStoppedAtOnce() {
        ObservedDyno leaving =
                see(
                        placed(dyno("web.1", DynoKind.FORMATION, new Stdio.Log()), 0)
                                .with(leaving(Optional.empty())));

        assertThat(plan(0).actions())
                .containsExactly(new Action.Retire(leaving.id(), Planner.GRACE));
    }

    @Test
    void stopNeverOvertakesTheStart() {
        ObservedDyno accepted = dyno("web.1", DynoKind.FORMATION, new Stdio.Log());
        ObservedDyno starting =
                ObservedDyno.starting(
                        accepted.spec(), "host-1", Reason.START, at(0), Instant.EPOCH);
        see(starting.with(leaving(Optional.empty())));

        assertThat(plan(0).actions()).isEmpty();

        see(accepted.with(leaving(Optional.empty())));
        assertThat(plan(0).actions())
                .containsExactly(new Action.Retire(accepted.id(), Planner.GRACE));
    }

    @Test
    void dynoThatOutlivesItsGraceIsKilledAgain() {
        ObservedDyno leaving = see(up("worker.1").with(leaving(Optional.of(at(0)))));

        assertThat(plan(39).actions()).isEmpty();
        assertThat(plan(39).again()).contains(at(40));
        assertThat(plan(40).actions())
                .containsExactly(new Action.Retire(leaving.id(), Duration.ZERO));
    }

    @Test
    void endIsCollectedWhenCommittedAndUnknownToRouters() {
        Ending ending = Ending.of(Optional.of(Exit.of(1)), at(0));
        ObservedDyno ended = up("web.1").with(new Routing(true, OptionalLong.of(7))).with(ending);

        see(ended);
        observed = observed.withAcknowledged(7);
        assertThat(plan(0).actions()).isEmpty();

        see(ended.with(ending.commit()));
        assertThat(plan(0).actions()).containsExactly(new Action.Forget(ended.id()));

        see(ended.with(ending.commit()).with(new Routing(true, OptionalLong.of(8))));
        assertThat(plan(0).actions()).isEmpty();
    }

    @Test
    void lostDynoIsReplacedWithoutAPause() {
        desired = wanted(1, 1, 0);
        see(up("web.1").with(Ending.of(Optional.empty(), at(0))));

        assertThat(plan(0).actions())
                .containsExactly(new Action.Start(DynoName.parse("web.1"), Reason.HOST_LOST));
    }

    @Test
    void oneOffIsLeftAloneByReleasesAndScaling() {
        desired = wanted(9, 0, 0);
        see(placed(dyno("run.4711", DynoKind.ONE_OFF, new Stdio.Log()), 0));

        assertThat(plan(10_000).actions()).isEmpty();
    }

    @Test
    void oneOffThatNobodyAttachesToEnds() {
        ObservedDyno alone = see(dyno("run.4711", DynoKind.ONE_OFF, new Stdio.Pipes()));

        assertThat(plan(29).again()).contains(at(30));
        assertThat(plan(30).actions())
                .containsExactly(
                        new Action.Withdraw(alone.id(), Reason.NOT_ATTACHED, Duration.ZERO));
    }

    @Test
    void hangUpIsRepeated() {
        ObservedDyno left =
                see(
                        placed(dyno("run.4711", DynoKind.ONE_OFF, new Stdio.Log()), 0)
                                .with(new HangUp(1, at(5))));

        assertThat(plan(4).actions()).isEmpty();
        assertThat(plan(5).actions()).containsExactly(new Action.HangUp(left.id()));
    }

    @Test
    void quietAppLosesItsOneOffsToo() {
        desired = wanted(1, 1, 0);
        ObservedDyno web = see(up("web.1"));
        ObservedDyno run = see(placed(dyno("run.4711", DynoKind.ONE_OFF, new Stdio.Log()), 0));
        observed = observed.withQuieting(true);

        assertThat(plan(0).actions())
                .containsExactly(
                        withdraw(web, Reason.SCALE_DOWN), withdraw(run, Reason.SCALE_DOWN));
    }

    @Test
    void straysAreStoppedAndCollectedOnceRoutersServeAViewWithoutThem() {
        DynoSpec runs = dyno("web.1", DynoKind.FORMATION, new Stdio.Log()).spec();
        DynoSpec ended = dyno("web.2", DynoKind.FORMATION, new Stdio.Log()).spec();
        observed =
                observed.withListed(
                        List.of(
                                engineDyno(runs, Optional.empty()),
                                engineDyno(ended, Optional.of(Exit.of(0)))));
        assertThat(plan(0).actions()).isEmpty();

        observed = observed.withAcknowledged(1);

        assertThat(plan(0).actions())
                .containsExactly(
                        new Action.Retire(runs.id(), Planner.GRACE), new Action.Forget(ended.id()));
    }

    @Test
    void strayThatNoRouterCouldKnowIsStoppedAtOnce() {
        DynoSpec worker = dyno("worker.1", DynoKind.FORMATION, new Stdio.Log()).spec();
        observed = observed.withListed(List.of(engineDyno(worker, Optional.empty())));

        assertThat(plan(0).actions())
                .containsExactly(new Action.Retire(worker.id(), Planner.GRACE));
    }

    private Plan plan(long seconds) {
        return Planner.plan(desired, observed, at(seconds));
    }

    private ObservedDyno see(ObservedDyno dyno) {
        observed = observed.with(dyno);
        return dyno;
    }

    private static Tick at(long seconds) {
        return START.plus(Duration.ofSeconds(seconds));
    }

    private static Action.Start start(String name) {
        return new Action.Start(DynoName.parse(name), Reason.START);
    }

    private static Action.Withdraw withdraw(ObservedDyno dyno, Reason reason) {
        return new Action.Withdraw(dyno.id(), reason, Planner.GRACE);
    }

    private static Retirement leaving(Optional<Tick> asked) {
        return new Retirement(Reason.SCALE_DOWN, Planner.GRACE, at(0), asked);
    }

    private static Desired wanted(int release, int web, int worker) {
        return wanted(
                release,
                new Desired.Type(ProcessType.WEB, web, DynoSize.DEFAULT, "serve", SIXTY),
                new Desired.Type(
                        new ProcessType("worker"), worker, DynoSize.DEFAULT, "serve", SIXTY));
    }

    private static Desired wanted(int release, Desired.Type... types) {
        ReleaseVersion version = new ReleaseVersion(release);
        return new Desired(
                APP, version, version, Map.of(), Optional.empty(), "host", List.of(types));
    }

    private static ObservedDyno up(String name) {
        ObservedDyno dyno = placed(dyno(name, DynoKind.FORMATION, new Stdio.Log()), 0);
        return dyno.with(dyno.progress().up(at(1)));
    }

    private static ObservedDyno placed(ObservedDyno dyno, long seconds) {
        Optional<DynoAddress> address =
                dyno.spec().web()
                        ? Optional.of(new DynoAddress("10.0.0.1", 5000))
                        : Optional.empty();
        return dyno.with(dyno.progress().placed(new Placement(address, at(seconds))));
    }

    private static ObservedDyno dyno(String name, DynoKind kind, Stdio stdio) {
        DynoName parsed = DynoName.parse(name);
        DynoSpec spec =
                new DynoSpec(
                        DynoId.random(),
                        APP,
                        parsed,
                        kind,
                        new ReleaseVersion(1),
                        DynoSize.DEFAULT,
                        "serve",
                        Map.of(),
                        Optional.empty(),
                        "host",
                        stdio,
                        parsed.type().isWeb(),
                        List.of());
        ObservedDyno dyno =
                ObservedDyno.starting(spec, "host-1", Reason.START, at(0), Instant.EPOCH);
        return dyno.with(dyno.progress().accepted(at(0)));
    }

    private static EngineDyno engineDyno(DynoSpec spec, Optional<Exit> exit) {
        return new EngineDyno(
                spec,
                "host-1",
                spec.web() ? Optional.of(new DynoAddress("10.0.0.2", 5000)) : Optional.empty(),
                exit.isEmpty(),
                false,
                Optional.of(at(0)),
                Optional.empty(),
                exit);
    }
}
