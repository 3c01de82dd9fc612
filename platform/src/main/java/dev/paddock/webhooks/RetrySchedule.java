package dev.paddock.webhooks;

import java.time.Duration;
import java.util.Optional;

/// When a delivery that failed is tried again. Pure.
final class RetrySchedule {
    private static final Duration FIRST = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofHours(6);
    private static final int FACTOR = 3;

    /// The pauses before them make up three days.
    private static final int MAX_ATTEMPTS = 20;

    private RetrySchedule() {}

    /// The pause after this many attempts; empty when it was the last.
    static Optional<Duration> pause(Webhook.Level level, int attempts) {
        if (level == Webhook.Level.NOTIFY || attempts >= MAX_ATTEMPTS) {
            return Optional.empty();
        }
        Duration pause = FIRST;
        for (int attempt = 1; attempt < attempts && pause.compareTo(LONGEST) < 0; attempt++) {
            pause = pause.multipliedBy(FACTOR);
        }
        return Optional.of(pause.compareTo(LONGEST) > 0 ? LONGEST : pause);
    }
}
