package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import dev.paddock.formation.Formations.Quantity;
import dev.paddock.formation.Formations.Update;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class UsedUpPoolsTest {
    private static final Duration NEXT_LOOK = Duration.ofSeconds(25);

    private final Running platform = new Running();
    private final Sleep sleep = new Sleep(platform.formations, platform.time, Runnable::run);
    private final List<AppId> routes = new ArrayList<>();
    private boolean spent;
    private final UsedUpPools pools = pools();

    private UsedUpPools pools() {
        return pools(routes::add);
    }

    private UsedUpPools pools(Consumer<AppId> routes) {
        return new UsedUpPools(
                platform.formations,
                owner -> spent && owner.equals(platform.ann.id()),
                _ -> !platform.running().isEmpty(),
                routes,
                platform.log,
                platform.time,
                Runnable::run);
    }

    @Test
    void ecoDynosEndWithThePoolAndComeBackWithTheNext() {
        runOnEco();
        scale(new ProcessType("worker"), 1, DynoSize.ECO);
        pools.start();
        assertThat(platform.running()).containsExactly("web.1", "worker.1");

        spend();
        assertThat(platform.running()).isEmpty();
        assertThat(platform.formations.isUsedUp(platform.app)).isTrue();
        assertThat(routes).containsExactly(platform.app);
        assertThat(platform.log.lines()).anyMatch(line -> line.text().contains("are used up"));

        spent = false;
        platform.time.advance(NEXT_LOOK);
        assertThat(platform.running()).containsExactly("web.1", "worker.1");
        assertThat(platform.formations.isUsedUp(platform.app)).isFalse();
        assertThat(routes).containsExactly(platform.app, platform.app);
    }

    @Test
    void neitherRequestNorReleaseNorScalingBringsThemBack() {
        runOnEco();
        pools.start();
        spend();

        sleep.wake(platform.app);
        platform.settle();
        assertThat(platform.running()).isEmpty();
        platform.deploy("web", "serve better");
        assertThat(platform.running()).isEmpty();
        scale(ProcessType.WEB, 2, DynoSize.ECO);
        assertThat(platform.running()).isEmpty();
    }

    @Test
    void otherSizesGoOn() {
        platform.deploy("web", "serve");
        pools.start();

        spend();

        assertThat(platform.running()).containsExactly("web.1");
    }

    @Test
    void anotherSizeBringsThemBack() {
        runOnEco();
        pools.start();
        spend();

        scale(ProcessType.WEB, 1, DynoSize.BASIC);

        assertThat(platform.running()).containsExactly("web.1");
        assertThat(platform.formations.isUsedUp(platform.app)).isFalse();
        assertThat(routes).containsExactly(platform.app, platform.app);
    }

    @Test
    void freeSizeOfAUsedUpPoolIsNotStarted() {
        platform.deploy("web", "serve");
        pools.start();
        spend();

        scale(ProcessType.WEB, 1, DynoSize.ECO);

        assertThat(platform.running()).isEmpty();
        assertThat(platform.formations.isUsedUp(platform.app)).isTrue();
        assertThat(routes).containsExactly(platform.app);
        assertThat(told()).isEqualTo(1);
    }

    @Test
    void routersHearOfItBeforeDynosEnd() {
        runOnEco();
        List<List<String>> runningWhenTold = new ArrayList<>();
        pools(_ -> runningWhenTold.add(platform.running())).start();

        spend();

        assertThat(runningWhenTold).containsExactly(List.of("web.1"));
        assertThat(platform.running()).isEmpty();
    }

    @Test
    void platformThatStartsAgainLetsThemSleep() {
        runOnEco();
        spent = true;

        platform.formations.wantAll();
        pools.start();
        platform.settle();

        assertThat(platform.running()).isEmpty();
    }

    @Test
    void logSaysItOnceThoughPlatformsStartAgain() {
        runOnEco();
        pools.start();
        spend();
        assertThat(told()).isEqualTo(1);
        pools.close();

        // What a new process knows.
        platform.formations.useUp(Set.of());
        pools().start();
        platform.time.advance(NEXT_LOOK);

        assertThat(platform.running()).isEmpty();
        assertThat(told()).isEqualTo(1);
    }

    @Test
    void poolThatWasUsedUpWhileNoPlatformLookedIsTold() {
        runOnEco();
        spent = true;

        pools.start();
        platform.settle();

        assertThat(platform.running()).isEmpty();
        assertThat(told()).isEqualTo(1);
    }

    private long told() {
        return platform.log.lines().stream()
                .filter(line -> line.text().contains("are used up"))
                .count();
    }

    private void runOnEco() {
        platform.deploy("web", "serve", "worker", "work");
        scale(ProcessType.WEB, 1, DynoSize.ECO);
    }

    private void spend() {
        spent = true;
        platform.time.advance(NEXT_LOOK);
    }

    private void scale(ProcessType type, int quantity, DynoSize size) {
        platform.scaleOnly(
                new Update(type, Optional.of(new Quantity(quantity, false)), Optional.of(size)));
        platform.settle();
    }
}
