package dev.paddock.router;

/// What the requests of one app did since it was last asked: how many, and how long they took.
///
/// Safe for any thread.
final class AppLoad {
    /// Bucket `i` holds times below `2^(i/4)` ms: each is at most 19 % wide.
    private static final int BUCKETS = 72;

    private final Object lock = new Object();
    private final int[] buckets = new int[BUCKETS];
    private int requests;
    private Period last = new Period(0, 0, 0, 0);

    void count(long serviceMillis) {
        int bucket = bucketOf(serviceMillis);
        synchronized (lock) {
            requests++;
            buckets[bucket]++;
        }
    }

    /// What happened since the last call.
    Period take() {
        synchronized (lock) {
            Period period = new Period(requests, quantile(0.50), quantile(0.95), quantile(0.99));
            requests = 0;
            java.util.Arrays.fill(buckets, 0);
            last = period;
            return period;
        }
    }

    /// What [#take] returned last.
    Period last() {
        synchronized (lock) {
            return last;
        }
    }

    /// Requests that ended, and quantiles of their times in ms (upper bounds).
    record Period(int requests, double p50, double p95, double p99) {}

    private double quantile(double share) {
        long wanted = (long) Math.ceil(share * requests);
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += buckets[i];
            if (seen >= wanted && seen > 0) {
                return Math.pow(2, i / 4.0);
            }
        }
        return 0;
    }

    private static int bucketOf(long millis) {
        if (millis < 1) {
            return 0;
        }
        int exact = (int) (4 * Math.log((double) millis) / Math.log(2)) + 1;
        return Math.min(exact, BUCKETS - 1);
    }
}
