package dev.paddock.router;

import java.util.function.IntToLongFunction;

/// Buckets of durations, as in an HdrHistogram: eight to each doubling, so that a bucket is at most 12.5 % wide, and
/// powers of two of microseconds are borders. Bucket `i` holds what is above the border of `i - 1`, up to its own.
final class TimeBuckets {
    /// Buckets there are; the last one takes what is longer than 76 hours.
    static final int COUNT = 288;

    private static final int PART_BITS = 3;
    private static final int PARTS = 1 << PART_BITS;

    private TimeBuckets() {}

    static int of(long micros) {
        if (micros <= PARTS) {
            return (int) Math.max(0, micros);
        }
        long below = micros - 1;
        int power = 63 - Long.numberOfLeadingZeros(below);
        int part = (int) (below >>> (power - PART_BITS)) & (PARTS - 1);
        return Math.min(1 + PARTS + (power - PART_BITS) * PARTS + part, COUNT - 1);
    }

    /// The longest time in this bucket.
    static long upToMicros(int bucket) {
        if (bucket <= PARTS) {
            return bucket;
        }
        int above = bucket - 1 - PARTS;
        return (long) (PARTS + above % PARTS + 1) << (above / PARTS);
    }

    /// The border below which this share of all times is, 0 when there are none.
    static long quantileMicros(double share, IntToLongFunction count) {
        long all = 0;
        for (int i = 0; i < COUNT; i++) {
            all += count.applyAsLong(i);
        }
        long wanted = (long) Math.ceil(share * all);
        long seen = 0;
        for (int i = 0; i < COUNT && all > 0; i++) {
            seen += count.applyAsLong(i);
            if (seen >= wanted) {
                return upToMicros(i);
            }
        }
        return 0;
    }
}
