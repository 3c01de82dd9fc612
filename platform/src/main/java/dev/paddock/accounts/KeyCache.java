package dev.paddock.accounts;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Keys that were looked up a moment ago, by their hash. Emptied by every revocation. Safe for any thread.
final class KeyCache {
    /// A command of the CLI makes a handful of calls within a second or two.
    private static final Duration LIFE = Duration.ofSeconds(10);

    private static final int MAX_ENTRIES = 1000;

    private final Object lock = new Object();
    private final Map<String, Known> entries =
            new LinkedHashMap<>() {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
                    return size() > MAX_ENTRIES;
                }
            };
    private long generation;

    Optional<Authorizations.Authenticated> find(String hash, Instant now) {
        synchronized (lock) {
            Known entry = entries.get(hash);
            if (entry == null || Duration.between(entry.since, now).abs().compareTo(LIFE) > 0) {
                return Optional.empty();
            }
            return Optional.of(entry.value);
        }
    }

    /// To be read before the database is, and given to [#put].
    long generation() {
        synchronized (lock) {
            return generation;
        }
    }

    /// Keeps a value unless the cache was emptied since `seen`: it may have been revoked meanwhile.
    void put(String hash, Authorizations.Authenticated value, Instant now, long seen) {
        synchronized (lock) {
            if (generation == seen) {
                entries.put(hash, new Known(value, now));
            }
        }
    }

    void clear() {
        synchronized (lock) {
            generation++;
            entries.clear();
        }
    }

    private record Known(Authorizations.Authenticated value, Instant since) {}
}
