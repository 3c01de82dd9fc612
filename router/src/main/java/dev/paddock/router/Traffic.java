package dev.paddock.router;

/// What became of the requests of one dyno, or of one app: counts by status and by code, bytes, and histograms of
/// times. For one thread at a time.
final class Traffic {
    private static final int SERVICE = 0;
    private static final int CONNECT = 1000;
    private static final int STATUS = 2000;
    private static final int CODE = 4000;
    private static final int NANOS_PER_MICRO = 1000;

    private final SparseCounts counts = new SparseCounts();
    private long sentBytes;
    private long serviceMicros;
    private long connectMicros;

    void count(RequestLine.Facts facts) {
        counts.add(STATUS + facts.status(), 1);
        RouterFailure failure = facts.failure();
        if (failure != null && !failure.code().isEmpty()) {
            counts.add(CODE + Integer.parseInt(failure.code().substring(1)), 1);
        }
        sentBytes += Math.max(0, facts.bytes());
        if (facts.serviceNanos() >= 0) {
            long micros = facts.serviceNanos() / NANOS_PER_MICRO;
            serviceMicros += micros;
            counts.add(SERVICE + TimeBuckets.of(micros), 1);
        }
        // A kept connection costs nothing and says nothing about connecting.
        if (facts.connectNanos() > 0) {
            long micros = facts.connectNanos() / NANOS_PER_MICRO;
            connectMicros += micros;
            counts.add(CONNECT + TimeBuckets.of(micros), 1);
        }
    }

    void add(Traffic other) {
        other.counts.forEach(counts::add);
        sentBytes += other.sentBytes;
        serviceMicros += other.serviceMicros;
        connectMicros += other.connectMicros;
    }

    long sentBytes() {
        return sentBytes;
    }

    /// Requests by status; 0 for those that ended without one.
    void forEachStatus(SparseCounts.Visitor visitor) {
        forEach(STATUS, CODE, visitor);
    }

    /// Requests by the number of their H-code.
    void forEachCode(SparseCounts.Visitor visitor) {
        forEach(CODE, Integer.MAX_VALUE, visitor);
    }

    /// From the first byte to the dyno until the end.
    Times service() {
        return times(SERVICE, serviceMicros);
    }

    /// Of connections that were opened.
    Times connect() {
        return times(CONNECT, connectMicros);
    }

    /// A histogram: how many times are in each of the [TimeBuckets].
    static final class Times {
        private final long[] buckets;
        private final long sumMicros;

        private Times(long[] buckets, long sumMicros) {
            this.buckets = buckets;
            this.sumMicros = sumMicros;
        }

        long sumMicros() {
            return sumMicros;
        }

        long count() {
            return upTo(Long.MAX_VALUE);
        }

        /// How many are not longer; exact for borders of buckets.
        long upTo(long micros) {
            long sum = 0;
            for (int i = 0; i < buckets.length && TimeBuckets.upToMicros(i) <= micros; i++) {
                sum += buckets[i];
            }
            return sum;
        }
    }

    private Times times(int kind, long sumMicros) {
        long[] buckets = new long[TimeBuckets.COUNT];
        forEach(kind, kind + TimeBuckets.COUNT, (bucket, count) -> buckets[bucket] = count);
        return new Times(buckets, sumMicros);
    }

    private void forEach(int from, int to, SparseCounts.Visitor visitor) {
        counts.forEach((key, count) -> {
            if (key >= from && key < to) {
                visitor.visit(key - from, count);
            }
        });
    }
}
