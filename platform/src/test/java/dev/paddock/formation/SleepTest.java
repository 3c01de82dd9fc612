package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import dev.paddock.formation.Formations.Quantity;
import dev.paddock.formation.Formations.Update;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SleepTest {
    private static final Map<String, String> TEN_MINUTES =
            Map.of("PADDOCK_SLEEP_AFTER_MINUTES", "10");
    private static final Duration SOON = Duration.ofSeconds(30);

    private final Running platform = new Running();
    private final Sleep sleep = new Sleep(platform.formations, platform.time, Runnable::run);

    @Test
    void appWithoutRequestsSleepsAfterItsTimeAndItsWorkersToo() {
        platform.deploy("web", "serve", "worker", "work");
        platform.configure(TEN_MINUTES);
        scale("worker", 1);
        sleep.start();

        platform.time.advance(Duration.ofMinutes(9));
        assertThat(platform.running()).containsExactly("web.1", "worker.1");

        platform.time.advance(Duration.ofMinutes(2));
        assertThat(platform.running()).isEmpty();
        assertThat(states()).isEqualTo("web.1 idle, worker.1 idle");
    }

    @Test
    void requestsKeepItAwake() {
        platform.deploy("web", "serve");
        platform.configure(TEN_MINUTES);
        sleep.start();

        for (int minutes = 0; minutes < 60; minutes += 5) {
            platform.time.advance(Duration.ofMinutes(5));
            sleep.requested(platform.app);
        }

        assertThat(platform.running()).containsExactly("web.1");
    }

    @Test
    void requestWakesItAndItHasItsTimeAgain() {
        fallAsleep();

        sleep.wake(platform.app);
        platform.settle();
        assertThat(states()).isEqualTo("web.1 up");

        platform.time.advance(Duration.ofMinutes(9));
        assertThat(states()).isEqualTo("web.1 up");
        platform.time.advance(Duration.ofMinutes(2));
        assertThat(states()).isEqualTo("web.1 idle");
    }

    @Test
    void platformThatStartsAgainLetsItSleep() {
        fallAsleep();

        platform.restart();
        platform.time.advance(SOON);

        assertThat(platform.running()).isEmpty();
        assertThat(states()).isEqualTo("web.1 idle");
    }

    @Test
    void newReleaseWakesIt() {
        fallAsleep();

        platform.deploy("web", "serve better");
        platform.time.advance(SOON);

        assertThat(states()).isEqualTo("web.1 up");
    }

    @Test
    void scalingWakesIt() {
        fallAsleep();

        scale("web", 2);
        platform.time.advance(SOON);

        assertThat(states()).isEqualTo("web.1 up, web.2 up");
    }

    private void fallAsleep() {
        platform.deploy("web", "serve");
        platform.configure(TEN_MINUTES);
        sleep.start();
        platform.time.advance(Duration.ofMinutes(11));
        assertThat(states()).isEqualTo("web.1 idle");
    }

    @Test
    void ecoDynosSleepAfterHalfAnHourAndOthersNever() {
        platform.deploy("web", "serve");
        sleep.start();
        platform.time.advance(Duration.ofDays(1));
        assertThat(states()).isEqualTo("web.1 up");

        platform.scaleOnly(
                new Update(ProcessType.WEB, Optional.empty(), Optional.of(DynoSize.ECO)));
        platform.time.advance(Duration.ofMinutes(29));
        assertThat(states()).isEqualTo("web.1 up");
        platform.time.advance(Duration.ofMinutes(2));
        assertThat(states()).isEqualTo("web.1 idle");
    }

    @Test
    void asIn2013AppsWithOneWebDynoOfAnySizeSleepAfterAnHourAndTheirWorkersNever() {
        Running old = new Running(new FormationRules(SleepPolicy.CLASSIC, Duration.ZERO));
        Sleep classic = new Sleep(old.formations, old.time, Runnable::run);
        old.deploy("web", "serve", "worker", "work");
        old.scaleOnly(update("worker", 1));
        classic.start();

        old.time.advance(Duration.ofMinutes(59));
        assertThat(old.running()).containsExactly("web.1", "worker.1");
        old.time.advance(Duration.ofMinutes(2));
        assertThat(old.running()).containsExactly("worker.1");
        assertThat(states(old)).isEqualTo("web.1 idle, worker.1 up");

        classic.wake(old.app);
        old.time.advance(SOON);
        assertThat(states(old)).isEqualTo("web.1 up, worker.1 up");

        old.scaleOnly(update("web", 2));
        old.time.advance(Duration.ofDays(1));
        assertThat(states(old)).isEqualTo("web.1 up, web.2 up, worker.1 up");
    }

    @Test
    void asIn2013UsersMayChooseTheTimeButNotForTwoWebDynos() {
        Running old = new Running(new FormationRules(SleepPolicy.CLASSIC, Duration.ZERO));
        Sleep classic = new Sleep(old.formations, old.time, Runnable::run);
        old.deploy("web", "serve");
        old.configure(TEN_MINUTES);
        old.scaleOnly(update("web", 2));
        classic.start();
        old.time.advance(Duration.ofDays(1));
        assertThat(states(old)).isEqualTo("web.1 up, web.2 up");

        old.scaleOnly(update("web", 1));
        old.time.advance(Duration.ofMinutes(11));

        assertThat(states(old)).isEqualTo("web.1 idle");
    }

    @Test
    void appWithWorkersAloneNeverSleeps() {
        platform.deploy("web", "serve", "worker", "work");
        platform.configure(TEN_MINUTES);
        scale("web", 0);
        scale("worker", 1);
        sleep.start();

        platform.time.advance(Duration.ofHours(5));

        assertThat(platform.running()).containsExactly("worker.1");
    }

    @Test
    void closedSleepPutsNothingToSleep() {
        platform.deploy("web", "serve");
        platform.configure(TEN_MINUTES);
        sleep.start();

        sleep.close();
        platform.time.advance(Duration.ofHours(1));

        assertThat(platform.running()).containsExactly("web.1");
    }

    private void scale(String type, int quantity) {
        platform.scaleOnly(update(type, quantity));
        platform.settle();
    }

    private static Update update(String type, int quantity) {
        return new Update(
                new ProcessType(type),
                Optional.of(new Quantity(quantity, false)),
                Optional.empty());
    }

    private String states() {
        return states(platform);
    }

    private static String states(Running platform) {
        return String.join(
                ", ",
                platform.dynos.list(platform.app).stream()
                        .map(dyno -> dyno.name() + " " + dyno.state())
                        .toList());
    }
}
