package dev.paddock.manifold;

import java.time.Duration;

/// When a crashed dyno is started again: the first time at once, then after pauses that double from `first` to `max`
/// (dynos.md section 4).
public record RestartPolicy(Duration first, Duration max) {
    public static final RestartPolicy HEROKU =
            new RestartPolicy(Duration.ofMinutes(10), Duration.ofHours(24));

    /// The pause before the next start after `crashes` crashes in a row (1 = the first).
    public Duration pause(int crashes) {
        if (crashes <= 1) {
            return Duration.ZERO;
        }
        int doublings = Math.min(crashes - 2, 30);
        Duration pause = first.multipliedBy(1L << doublings);
        return pause.compareTo(max) > 0 ? max : pause;
    }
}
