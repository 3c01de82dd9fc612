package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.manifold.ManifoldListener.Preboot.GivenUp;
import dev.paddock.manifold.ManifoldListener.Preboot.TookOver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Stories of new web dynos that come up beside the old ones.
class PrebootTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final AppId app = AppId.random();
    private final VirtualTime time = new VirtualTime();
    private final FakeEngine engine = new FakeEngine(time);
    private final Ledger told = new Ledger(time);
    private boolean routersAnswer = true;
    private int quantity = 3;
    private Manifold manifold;

    PrebootTest() {
        manifold = boot();
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
        engine.listen(event -> manifold.accept(event));
        return next;
    }

    @BeforeEach
    void releaseOneServes() {
        manifold.start();
        want(1);
        time.advance(SECOND);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
    }

    @Test
    void newDynosThatAreUpTakeOverAfterTheWaitThatIsAskedFor() {
        wantAfter(Duration.ofMinutes(2));
        time.advance(Duration.ofSeconds(119));
        assertThat(seen()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");

        time.advance(Duration.ofSeconds(2));

        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
        assertThat(told.outcomes()).containsExactly(new TookOver(new ReleaseVersion(2)));
    }

    @Test
    void oneThatCrashesInTheWaitGivesTheChangeUp() {
        engine.script(_ -> Script.RUNS.exits(Duration.ofSeconds(100), 1));
        wantAfter(Duration.ofMinutes(2));

        time.advance(Duration.ofSeconds(101));

        assertThat(told.outcomes()).singleElement().isInstanceOf(GivenUp.class);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
    }

    /// Release 2, whose web dynos take over so long after they were started.
    private void wantAfter(Duration wait) {
        Desired next = Simulation.desired(app, 2, quantity, 1, DynoSize.DEFAULT);
        manifold.want(
                app,
                new Desired(
                        app,
                        next.release(),
                        next.oldestRunning(),
                        next.environment(),
                        next.slug(),
                        next.stack(),
                        next.types(),
                        Optional.empty(),
                        true,
                        wait));
    }

    private void want(int release) {
        want(release, DynoSize.DEFAULT);
    }

    private void want(int release, DynoSize size) {
        manifold.want(app, Simulation.desired(app, release, quantity, 1, size).withPreboot(true));
    }

    /// New web dynos are up after 20 seconds, but for one that is up after so long.
    private void bootSlowly(String slowest, Duration last) {
        engine.script(spec ->
                Script.RUNS.upAfter(
                        spec.name().toString().equals(slowest) ? last : Duration.ofSeconds(20)));
    }

    @Test
    void newDynosTakeOverWhenAllAreUp() {
        bootSlowly("web.2", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));

        assertThat(seen())
                .as("users see the new ones")
                .containsExactly("web.1 v2 up", "web.2 v2 starting", "web.3 v2 up");
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(engine.running()).hasSize(7);

        time.advance(Duration.ofSeconds(12));
        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
        assertThat(engine.running()).hasSize(4);
        assertThat(told.outcomes()).containsExactly(new TookOver(new ReleaseVersion(2)));
    }

    @Test
    void oldDynosAreStoppedOnlyWhenRoutersKnowTheNewOnes() {
        routersAnswer = false;
        want(2);
        time.advance(Duration.ofSeconds(20));

        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
        assertThat(running(1)).isEqualTo(3);

        manifold.routed(app, manifold.view(app).revision());
        time.advance(SECOND);
        assertThat(running(1)).isZero();
    }

    @Test
    void otherDynosAreReplacedAtOnce() {
        bootSlowly("web.2", Duration.ofSeconds(40));
        want(2);
        time.advance(SECOND);

        assertThat(worker()).isEqualTo("worker.1 v2 up");
    }

    @Test
    void oneThatCrashesLeavesTheOldOnesInService() {
        engine.script(spec ->
                spec.name().number() == 2
                        ? Script.RUNS.exits(Duration.ofMillis(100), 1)
                        : Script.RUNS.upAfter(Duration.ofSeconds(5)));
        want(2);
        time.advance(Duration.ofSeconds(2));

        assertThat(told.outcomes())
                .containsExactly(
                        new GivenUp(
                                new ReleaseVersion(2),
                                DynoSize.DEFAULT,
                                Optional.empty(),
                                "web.2 crashed"));
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(seen()).isEqualTo(routes());
        assertThat(engine.running().stream().filter(DynoSpec::web)).hasSize(3);

        engine.script(_ -> Script.RUNS);
        want(1);
        time.advance(SECOND);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(worker()).isEqualTo("worker.1 v1 up");
        assertThat(told.outcomes()).hasSize(1);
    }

    @Test
    void oneThatIsNotUpInTimeLeavesTheOldOnesInService() {
        engine.script(spec -> spec.name().number() == 2 ? Script.RUNS.neverPlaced() : Script.RUNS);
        want(2);
        time.advance(Duration.ofSeconds(179));
        assertThat(told.outcomes()).isEmpty();
        time.advance(Duration.ofSeconds(2));

        assertThat(told.outcomes())
                .singleElement()
                .extracting(outcome -> ((GivenUp) outcome).why())
                .isEqualTo("web.2 was not up within 180 seconds");
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
    }

    @Test
    void sizeThatDoesNotComeUpKeepsTheSizeBefore() {
        engine.script(_ -> Script.RUNS.failsToLaunch("no memory"));
        want(1, DynoSize.STANDARD_2X);
        time.advance(SECOND);

        assertThat(told.outcomes())
                .singleElement()
                .isInstanceOfSatisfying(
                        GivenUp.class,
                        outcome -> {
                            assertThat(outcome.size()).isEqualTo(DynoSize.STANDARD_2X);
                            assertThat(outcome.kept()).contains(DynoSize.DEFAULT);
                        });
        want(1);
        time.advance(Duration.ofMinutes(5));
        assertThat(told.outcomes()).hasSize(1);
        assertThat(running(1)).isEqualTo(3);
    }

    @Test
    void newerReleaseWinsOverOneThatIsComingUp() {
        bootSlowly("web.2", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));
        want(3);
        time.advance(Duration.ofSeconds(30));

        assertThat(running(2)).isZero();
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        time.advance(Duration.ofSeconds(12));
        assertThat(routes()).containsExactly("web.1 v3 up", "web.2 v3 up", "web.3 v3 up");
        assertThat(engine.running()).hasSize(4);
        assertThat(told.outcomes()).containsExactly(new TookOver(new ReleaseVersion(3)));
    }

    @Test
    void scalingMeanwhileConcernsOldAndNew() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));

        quantity = 2;
        want(2);
        time.advance(SECOND);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up");
        assertThat(seen()).containsExactly("web.1 v2 starting", "web.2 v2 up");

        quantity = 4;
        want(2);
        time.advance(Duration.ofSeconds(15));
        assertThat(routes()).as("two more come up").containsExactly("web.1 v1 up", "web.2 v1 up");
        time.advance(Duration.ofSeconds(10));
        assertThat(routes()).hasSize(4).allMatch(dyno -> dyno.endsWith("v2 up"));
        assertThat(running(1)).isZero();
    }

    @Test
    void formationThatBecomesTooSmallForItGoesOnWithIt() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(SECOND);

        manifold.want(app, Simulation.desired(app, 2, 1, 1, DynoSize.DEFAULT));
        time.advance(SECOND);

        assertThat(routes()).containsExactly("web.1 v1 up");
        time.advance(Duration.ofSeconds(42));
        assertThat(routes()).containsExactly("web.1 v2 up");
    }

    @Test
    void restartMeanwhileConcernsTheNewOnes() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));
        List<DynoId> before = ids(2);

        manifold.restart(app, Optional.empty(), Optional.empty());
        time.advance(Duration.ofSeconds(30));

        assertThat(ids(2)).hasSize(4).doesNotContainAnyElementsOf(before);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        time.advance(Duration.ofSeconds(15));
        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
    }

    @Test
    void stopMeanwhileConcernsTheNewOne() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));

        manifold.stop(app, DynoName.parse("web.2"));
        time.advance(SECOND);

        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(seen()).containsExactly("web.1 v2 starting", "web.2 v2 starting", "web.3 v2 up");
        time.advance(Duration.ofSeconds(25));
        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
    }

    @Test
    void crashOfAnOldOneMeanwhileIsMadeUpForByTheNewOne() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));

        engine.exit(ids(1).getFirst(), 1);
        time.advance(SECOND);
        assertThat(routes()).hasSize(2).allMatch(dyno -> dyno.endsWith("v1 up"));
        ids(1).forEach(id -> engine.exit(id, 1));
        time.advance(SECOND);

        assertThat(routes())
                .as("without old ones each new one serves as soon as it is up")
                .containsExactly("web.1 v2 starting", "web.2 v2 up", "web.3 v2 up");
        time.advance(Duration.ofSeconds(12));
        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
        assertThat(told.outcomes()).isEmpty();
    }

    @Test
    void nothingWantedMeanwhileEndsOldAndNew() throws InterruptedException {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));

        manifold.want(app, Desired.nothing(app));
        time.advance(SECOND);

        assertThat(routes()).isEmpty();
        assertThat(engine.running()).isEmpty();
    }

    @Test
    void killedPlatformGoesOnWithTheChange() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));
        List<DynoId> running = engine.running().stream().map(DynoSpec::id).toList();

        restartPlatform(2);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(engine.running().stream().map(DynoSpec::id).toList()).isEqualTo(running);

        time.advance(Duration.ofSeconds(12));
        assertThat(routes()).containsExactly("web.1 v2 up", "web.2 v2 up", "web.3 v2 up");
        assertThat(engine.running()).hasSize(4);
    }

    @Test
    void killedPlatformFindsThatNewOnesCrashedMeanwhile() {
        bootSlowly("web.1", Duration.ofSeconds(40));
        want(2);
        time.advance(Duration.ofSeconds(30));
        manifold.close();
        engine.exit(webs(2).getFirst(), 1);

        restartPlatform(2);
        time.advance(SECOND);

        assertThat(told.outcomes()).hasSize(1).allMatch(GivenUp.class::isInstance);
        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(webs(2)).isEmpty();
    }

    @Test
    void killedPlatformDoesNotServeByDynosThatWereToldToStop() {
        engine.script(_ -> Script.RUNS.stopsAfter(Duration.ofSeconds(20)));
        want(2);
        time.advance(Duration.ofSeconds(2));
        want(3);
        time.advance(Duration.ofMillis(15));
        assertThat(running(2)).isPositive();

        restartPlatform(3);
        assertThat(routes()).isNotEmpty().noneMatch(dyno -> dyno.contains("v1"));
        time.advance(Duration.ofSeconds(60));
        assertThat(routes()).containsExactly("web.1 v3 up", "web.2 v3 up", "web.3 v3 up");
        assertThat(engine.list()).hasSize(4);
    }

    @Test
    void failureIsToldUntilItIsTakenAndNothingIsTriedMeanwhile() {
        engine.script(_ -> Script.RUNS.neverUp().exits(Duration.ofMillis(100), 1));
        told.databaseGoesAway();
        want(2);
        time.advance(Duration.ofSeconds(10));
        quantity = 4;
        want(2);
        int calls = engine.calls().size();
        time.advance(Duration.ofSeconds(10));

        assertThat(routes()).containsExactly("web.1 v1 up", "web.2 v1 up", "web.3 v1 up");
        assertThat(engine.calls().size() - calls).as("only worker.1 is tried").isLessThan(4);

        told.databaseIsBack();
        time.advance(Duration.ofSeconds(15));
        assertThat(told.outcomes()).hasSize(1).allMatch(GivenUp.class::isInstance);
    }

    private void restartPlatform(int release) {
        manifold.close();
        told.platformRestarts();
        manifold = boot();
        want(release);
        manifold.start();
    }

    private List<String> seen() {
        return manifold.view(app).dynos().stream()
                .filter(DynoView::isWeb)
                .map(PrebootTest::describe)
                .toList();
    }

    private String worker() {
        return manifold.view(app).dynos().stream()
                .filter(dyno -> !dyno.isWeb())
                .map(PrebootTest::describe)
                .findFirst()
                .orElseThrow();
    }

    private List<String> routes() {
        return manifold.view(app).routes().stream().map(PrebootTest::describe).toList();
    }

    private static String describe(DynoView dyno) {
        return dyno.name() + " " + dyno.release() + " " + dyno.state();
    }

    private long running(int release) {
        return webs(release).size();
    }

    private List<DynoId> webs(int release) {
        return engine.running().stream()
                .filter(dyno -> dyno.web() && dyno.release().number() == release)
                .map(DynoSpec::id)
                .toList();
    }

    private List<DynoId> ids(int release) {
        return engine.running().stream()
                .filter(dyno -> dyno.release().number() == release)
                .map(DynoSpec::id)
                .toList();
    }
}
