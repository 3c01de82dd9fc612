package dev.paddock.accounts;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;

/// How many requests each key may still make, or whatever is counted so: a bucket that fills evenly. Safe for any thread.
public final class RateLimits {
    /// Requests per hour, as on Heroku.
    public static final int PER_HOUR = 4500;

    /// Keys in use within an hour; of more, the one that was quiet for longest begins anew.
    private static final int MAX_KEYS = 10_000;

    private final Object lock = new Object();
    private final Map<UUID, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<UUID, Bucket> eldest) {
                    return size() > MAX_KEYS;
                }
            };

    private final int perHour;

    public RateLimits() {
        this(PER_HOUR);
    }

    public RateLimits(int perHour) {
        this.perHour = perHour;
    }

    /// Takes one request; empty when none is left, else how many still are.
    public OptionalInt take(UUID key, Instant now) {
        synchronized (lock) {
            Bucket bucket = filled(key, now);
            if (bucket.tokens < 1) {
                buckets.put(key, bucket);
                return OptionalInt.empty();
            }
            buckets.put(key, new Bucket(bucket.tokens - 1, now));
            return OptionalInt.of((int) (bucket.tokens - 1));
        }
    }

    public int remaining(UUID key, Instant now) {
        synchronized (lock) {
            return (int) filled(key, now).tokens;
        }
    }

    /// A clock that was set back fills nothing.
    private Bucket filled(UUID key, Instant now) {
        Bucket bucket = buckets.get(key);
        if (bucket == null) {
            return new Bucket(perHour, now);
        }
        double perMilli = perHour / (double) Duration.ofHours(1).toMillis();
        long passed = Math.max(0, Duration.between(bucket.since, now).toMillis());
        return new Bucket(Math.min(perHour, bucket.tokens + passed * perMilli), now);
    }

    private record Bucket(double tokens, Instant since) {}
}
