package dev.paddock.domains;

import dev.paddock.routes.ControlFrame.AppLoad;
import dev.paddock.routes.ControlFrame.DynoLoad;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// What each app's traffic was in the last seconds, over all routers. Safe for any thread.
public final class AppLoads {
    /// Routers report each second; an app without a report had no traffic.
    private static final Duration FRESH = Duration.ofSeconds(3);

    /// Beyond it, apps without a fresh report are forgotten at once.
    private static final int MOST_APPS = 10_000;

    private final LongSupplier nanos;
    private final Object lock = new Object();
    private final Map<Long, Map<String, Report>> byRouter = new HashMap<>();

    AppLoads(LongSupplier nanos) {
        this.nanos = nanos;
    }

    void accept(long router, List<AppLoad> loads) {
        long now = nanos.getAsLong();
        synchronized (lock) {
            Map<String, Report> reports = byRouter.computeIfAbsent(router, _ -> new HashMap<>());
            loads.forEach(load -> reports.put(load.app(), new Report(load, now)));
            if (reports.size() > MOST_APPS) {
                reports.values().removeIf(report -> !report.isFresh(now));
            }
        }
    }

    void forget(long router) {
        synchronized (lock) {
            byRouter.remove(router);
        }
    }

    /// The app's load by its name: counts and rates of all routers together, the slowest of their quantiles. Empty
    /// when it has no traffic.
    public Optional<AppLoad> find(String app) {
        long now = nanos.getAsLong();
        synchronized (lock) {
            return byRouter.values().stream()
                    .flatMap(reports -> Optional.ofNullable(reports.get(app)).stream())
                    .filter(report -> report.isFresh(now))
                    .map(Report::load)
                    .reduce(AppLoads::together);
        }
    }

    private static AppLoad together(AppLoad one, AppLoad other) {
        Map<String, Integer> inFlight = new LinkedHashMap<>();
        one.dynos().forEach(dyno -> inFlight.merge(dyno.name(), dyno.inFlight(), Integer::sum));
        other.dynos().forEach(dyno -> inFlight.merge(dyno.name(), dyno.inFlight(), Integer::sum));
        List<DynoLoad> dynos = new ArrayList<>();
        inFlight.forEach((name, requests) -> dynos.add(new DynoLoad(name, requests)));
        return new AppLoad(
                one.app(),
                dynos,
                one.queued() + other.queued(),
                Math.max(one.oldestWaitMs(), other.oldestWaitMs()),
                one.rps() + other.rps(),
                Math.max(one.p50(), other.p50()),
                Math.max(one.p95(), other.p95()),
                Math.max(one.p99(), other.p99()));
    }

    private record Report(AppLoad load, long atNanos) {
        boolean isFresh(long now) {
            return now - atNanos < FRESH.toNanos();
        }
    }
}
