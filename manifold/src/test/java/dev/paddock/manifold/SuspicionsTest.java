package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SuspicionsTest {
    private final Suspicions suspicions = new Suspicions();
    private final AppId app = AppId.random();
    private Tick now = new Tick(0);

    @Test
    void firstHintAsksForALookAtOnceAndOthersShareIt() {
        AppId other = AppId.random();

        assertThat(suspicions.add(app, DynoId.random(), now)).contains(Duration.ZERO);
        assertThat(suspicions.add(app, DynoId.random(), now)).isEmpty();
        assertThat(suspicions.add(other, DynoId.random(), now)).isEmpty();

        assertThat(suspicions.take(now)).containsExactlyInAnyOrder(app, other);
        assertThat(suspicions.take(now)).isEmpty();
    }

    @Test
    void dynoCountsOnceInAWhile() {
        DynoId dyno = DynoId.random();
        suspicions.add(app, dyno, now);
        suspicions.take(now);

        pass(Suspicions.DYNO_PAUSE.minusMillis(1));
        assertThat(suspicions.add(app, dyno, now)).isEmpty();
        pass(Duration.ofMillis(1));
        assertThat(suspicions.add(app, dyno, now)).contains(Duration.ZERO);
    }

    @Test
    void looksKeepTheirDistance() {
        suspicions.add(app, DynoId.random(), now);
        suspicions.take(now);

        pass(Duration.ofMillis(50));

        assertThat(suspicions.add(app, DynoId.random(), now))
                .contains(Suspicions.LOOK_PAUSE.minusMillis(50));
    }

    @Test
    void floodOfHintsIsBounded() {
        int looks = 0;
        for (int i = 0; i < 3 * Suspicions.MOST_DYNOS; i++) {
            looks += suspicions.add(app, DynoId.random(), now).isPresent() ? 1 : 0;
        }
        suspicions.take(now);

        assertThat(looks).isEqualTo(1);
        assertThat(suspicions.add(app, DynoId.random(), now)).isEmpty();
        pass(Suspicions.DYNO_PAUSE);
        assertThat(suspicions.add(app, DynoId.random(), now)).contains(Duration.ZERO);
    }

    private void pass(Duration time) {
        now = now.plus(time);
    }
}
