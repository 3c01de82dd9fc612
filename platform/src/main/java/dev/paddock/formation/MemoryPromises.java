package dev.paddock.formation;

import dev.paddock.core.AppId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/// Memory that was promised to apps a moment ago and that nothing runs in yet: two apps must not both get the last of it.
final class MemoryPromises {
    /// Until what it was promised for runs, and is counted as such.
    static final Duration TERM = Duration.ofSeconds(5);

    private final Map<AppId, Promise> promises = new HashMap<>();

    private record Promise(long bytes, Instant since) {
        /// A clock that was set back ends it too.
        boolean holds(Instant now) {
            Duration age = Duration.between(since, now);
            return !age.isNegative() && age.compareTo(TERM) < 0;
        }
    }

    /// What others than this app may still take.
    long toOthers(AppId app, Instant now) {
        promises.values().removeIf(promise -> !promise.holds(now));
        return promises.entrySet().stream()
                .filter(promise -> !promise.getKey().equals(app))
                .mapToLong(promise -> promise.getValue().bytes())
                .sum();
    }

    /// In place of what the app was promised before.
    void make(AppId app, long bytes, Instant now) {
        promises.put(app, new Promise(bytes, now));
    }
}
