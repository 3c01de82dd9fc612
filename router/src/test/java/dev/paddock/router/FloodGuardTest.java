package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FloodGuardTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void whatIsSpentComesBackWithTimeAndWork() {
        FloodGuard guard = new FloodGuard(0);
        assertThat(guard.spend(FloodGuard.MOST, 0)).isTrue();
        assertThat(guard.spend(1, 0)).isFalse();

        assertThat(guard.spend(FloodGuard.REFILL_PER_SECOND - 1, SECOND)).isTrue();
        assertThat(guard.spend(1, SECOND)).isFalse();
        guard.earn(FloodGuard.ANSWER);
        assertThat(guard.spend(FloodGuard.ANSWER - 1, SECOND)).isTrue();
    }

    @Test
    void nobodySavesMoreThanTheMost() {
        FloodGuard guard = new FloodGuard(0);
        guard.earn(FloodGuard.MOST);

        assertThat(guard.spend(FloodGuard.MOST, 1000 * SECOND)).isTrue();
        assertThat(guard.spend(FloodGuard.MOST + 1, 2000 * SECOND)).isFalse();
    }

    @Test
    void downloadPaysForItsWindowUpdates() {
        FloodGuard guard = new FloodGuard(0);
        for (int i = 0; i < 100_000; i++) {
            guard.earnBytes(16 * 1024);
            assertThat(guard.spend(2 * FloodGuard.FRAME, 0)).isTrue();
        }
    }
}
