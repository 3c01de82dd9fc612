package dev.paddock.router;

import dev.paddock.routes.ControlFrame;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/// What this router did since its start, by app and dyno, and what it does now. Each event loop counts for itself
/// ([LoopStats]); sums are made when somebody asks. Only apps and dynos in the table that had a request appear.
///
/// Safe for any thread.
final class RouterStats {
    /// Apps and dynos with figures of their own, over all loops: 1 KB each.
    private static final int MOST_COUNTED = 32_768;

    private final List<LoopStats> loops = new CopyOnWriteArrayList<>();
    private final int loopCount;
    private final LongAdder connections = new LongAdder();
    private final LongAdder open = new LongAdder();
    private final LongAdder faults = new LongAdder();

    /// Apps that had a request since the last [#loads], or have one now.
    private final Set<RoutedApp> noticed = ConcurrentHashMap.newKeySet();

    private volatile Map<RoutedApp, Period> lastPeriods = Map.of();

    RouterStats(int loopCount) {
        this.loopCount = loopCount;
    }

    /// Where one more event loop counts.
    LoopStats addLoop() {
        LoopStats loop = new LoopStats(this, MOST_COUNTED / loopCount);
        loops.add(loop);
        return loop;
    }

    void opened() {
        connections.increment();
        open.increment();
    }

    void closed() {
        open.decrement();
    }

    void countFault() {
        faults.increment();
    }

    /// The app has traffic. Called after what is to be seen was counted; cheap when it is known.
    void notice(RoutedApp app) {
        if (!app.isNoticed()) {
            app.noticed(true);
            noticed.add(app);
        }
    }

    /// Requests of an app that ended within a time, and quantiles of their durations in ms.
    record Period(long requests, double p50, double p95, double p99) {
        private static final Period NONE = new Period(0, 0, 0, 0);

        private static Period of(long[] buckets) {
            long requests = 0;
            for (long count : buckets) {
                requests += count;
            }
            return requests == 0
                    ? NONE
                    : new Period(
                            requests,
                            quantile(0.50, buckets),
                            quantile(0.95, buckets),
                            quantile(0.99, buckets));
        }

        private static double quantile(double share, long[] buckets) {
            return TimeBuckets.quantileMicros(share, bucket -> buckets[bucket]) / 1000.0;
        }
    }

    /// The loads of the apps that had traffic since the last call, or have requests in flight or waiting.
    ///
    /// @param seconds since the last call
    List<ControlFrame.AppLoad> loads(double seconds) {
        List<ControlFrame.AppLoad> loads = new ArrayList<>();
        Map<RoutedApp, Period> periods = new HashMap<>();
        for (RoutedApp app : List.copyOf(noticed)) {
            noticed.remove(app);
            // From here on a request that is not in what follows says so again.
            app.noticed(false);
            Period period = takePeriod(app);
            RoutedApp.Snapshot now = app.snapshot(System.nanoTime());
            if (now.isBusy()) {
                notice(app);
            }
            if (!app.isGone() && (now.isBusy() || period.requests() > 0)) {
                periods.put(app, period);
                loads.add(load(app, now, period, seconds));
            }
        }
        lastPeriods = periods;
        return loads;
    }

    /// What the app's dynos do at this moment, with the rates of the last second.
    ControlFrame.AppLoad loadNow(RoutedApp app) {
        Period last = lastPeriods.getOrDefault(app, Period.NONE);
        return load(app, app.snapshot(System.nanoTime()), last, 1);
    }

    private static ControlFrame.AppLoad load(
            RoutedApp app, RoutedApp.Snapshot now, Period period, double seconds) {
        return new ControlFrame.AppLoad(
                app.route().name(),
                now.dynos(),
                now.queued(),
                now.oldestWaitMillis(),
                period.requests() / seconds,
                period.p50(),
                period.p95(),
                period.p99());
    }

    private Period takePeriod(RoutedApp app) {
        long[] buckets = new long[TimeBuckets.COUNT];
        for (LoopStats loop : loops) {
            loop.takePeriod(buckets, app);
        }
        return Period.of(buckets);
    }

    long connections() {
        return connections.sum();
    }

    long openConnections() {
        return open.sum();
    }

    long faults() {
        return faults.sum();
    }

    /// What has figures now, in the order of names.
    List<Counted> counted() {
        Set<Object> keys = new HashSet<>();
        loops.forEach(loop -> keys.addAll(loop.keys()));
        return keys.stream()
                .map(Counted::of)
                .sorted(Comparator.comparing(Counted::app).thenComparing(Counted::dyno))
                .toList();
    }

    /// The sum over all loops.
    Traffic traffic(Counted counted) {
        Traffic sum = new Traffic();
        for (LoopStats loop : loops) {
            loop.addTo(sum, counted.key());
        }
        return sum;
    }

    /// Something that has figures.
    ///
    /// @param app name of the app, empty for requests that were for none, `*` for those beyond the bound
    /// @param dyno name of the dyno, empty for requests that reached none
    record Counted(Object key, String app, String dyno) {
        private static Counted of(Object key) {
            return switch (key) {
                case RoutedApp app -> new Counted(key, app.route().name(), "");
                case Backend dyno -> new Counted(key, dyno.app(), dyno.name());
                case LoopStats.Other other ->
                        new Counted(key, other == LoopStats.Other.MORE ? "*" : "", "");
                default -> throw new IllegalStateException("no key of figures: " + key);
            };
        }
    }
}
