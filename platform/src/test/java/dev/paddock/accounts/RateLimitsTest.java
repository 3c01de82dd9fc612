package dev.paddock.accounts;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
    private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");

    private final RateLimits limits = new RateLimits();
    private final UUID key = UUID.randomUUID();

    @Test
    void keyMayMakeItsRequestsOfAnHourAtOnceAndNotOneMore() {
        for (int left = RateLimits.PER_HOUR - 1; left >= 0; left--) {
            assertThat(limits.take(key, START)).hasValue(left);
        }

        assertThat(limits.take(key, START)).isEmpty();
        assertThat(limits.remaining(key, START)).isZero();
        assertThat(limits.take(UUID.randomUUID(), START)).hasValue(RateLimits.PER_HOUR - 1);
    }

    @Test
    void requestsComeBackEvenlyUpToTheLimit() {
        exhaust();

        assertThat(limits.remaining(key, START.plus(Duration.ofMinutes(2)))).isEqualTo(150);
        assertThat(limits.take(key, START.plus(Duration.ofMinutes(2)))).hasValue(149);
        assertThat(limits.remaining(key, START.plus(Duration.ofDays(1))))
                .isEqualTo(RateLimits.PER_HOUR);
    }

    @Test
    void clockThatIsSetBackGivesNothing() {
        exhaust();

        assertThat(limits.take(key, START.minusSeconds(3600))).isEmpty();
    }

    private void exhaust() {
        for (int i = 0; i < RateLimits.PER_HOUR; i++) {
            limits.take(key, START);
        }
    }
}
