package dev.paddock.router;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// What one event loop counts, so that no loop waits for another. Written by its loop; the locks are shared only with
/// whoever looks at the figures.
final class LoopStats {
    private final RouterStats all;
    private final int most;
    private final Map<Object, Tally> tallies = new ConcurrentHashMap<>();

    /// Requests that have no dyno or app of their own in the figures.
    enum Other {
        /// For no app.
        NOBODY,
        /// For apps and dynos beyond the number that is counted one by one.
        MORE
    }

    /// @param most apps and dynos that are counted one by one
    LoopStats(RouterStats all, int most) {
        this.all = all;
        this.most = most;
    }

    /// A request is over.
    void count(@Nullable RoutedApp app, RequestLine.Facts facts, long nanos) {
        if (app == null || app.isGone()) {
            tally(Other.NOBODY).count(facts);
            return;
        }
        Tally ofApp = tally(app);
        Backend dyno = facts.dyno();
        (dyno == null || dyno.isRetired() ? ofApp : tally(dyno)).count(facts);
        ofApp.countPeriod(nanos);
        all.notice(app);
    }

    /// These left the table, and their figures go.
    void forget(Collection<Backend> dynos, Collection<RoutedApp> apps) {
        dynos.forEach(tallies::remove);
        apps.forEach(tallies::remove);
    }

    Set<Object> keys() {
        return tallies.keySet();
    }

    void addTo(Traffic sum, Object key) {
        Tally tally = tallies.get(key);
        if (tally != null) {
            tally.addTo(sum);
        }
    }

    /// Adds the times of the app's requests that ended since the last call.
    void takePeriod(long[] buckets, RoutedApp app) {
        Tally tally = tallies.get(app);
        if (tally != null) {
            tally.takePeriod(buckets);
        }
    }

    private Tally tally(Object key) {
        Tally known = tallies.get(key);
        if (known == null) {
            Object counted = tallies.size() < most ? key : Other.MORE;
            known = tallies.computeIfAbsent(counted, _ -> new Tally());
        }
        return known;
    }

    private static final class Tally {
        private final Object lock = new Object();
        private final Traffic traffic = new Traffic();
        private @Nullable SparseCounts period;

        void count(RequestLine.Facts facts) {
            synchronized (lock) {
                traffic.count(facts);
            }
        }

        void countPeriod(long nanos) {
            synchronized (lock) {
                if (period == null) {
                    period = new SparseCounts();
                }
                period.add(TimeBuckets.of(nanos / 1000), 1);
            }
        }

        void addTo(Traffic sum) {
            synchronized (lock) {
                sum.add(traffic);
            }
        }

        void takePeriod(long[] buckets) {
            synchronized (lock) {
                if (period != null) {
                    period.forEach((bucket, count) -> buckets[bucket] += count);
                    period.clear();
                }
            }
        }
    }
}
