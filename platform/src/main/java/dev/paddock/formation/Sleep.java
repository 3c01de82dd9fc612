package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts apps to sleep that had no request for as long as they may, and wakes them for the next one (dynos.md section
/// 5). Safe for any thread.
public final class Sleep implements AutoCloseable {
    static final Duration LOOK = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(Sleep.class);

    private final Formations formations;
    private final Timers timers;
    private final Executor effects;
    private final Map<AppId, Tick> lastRequests = new ConcurrentHashMap<>();
    private final Set<AppId> waking = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /// @param effects where the database is asked
    public Sleep(Formations formations, Timers timers, Executor effects) {
        this.formations = formations;
        this.timers = timers;
        this.effects = effects;
    }

    /// From now on apps may fall asleep; those without a request since count from here.
    public void start() {
        timers.schedule(
                LOOK,
                () -> {
                    if (!closed) {
                        effects.execute(this::look);
                    }
                });
    }

    private void look() {
        Map<AppId, Duration> mayAll = formations.mayFallAsleep();
        lastRequests.keySet().retainAll(mayAll.keySet());
        mayAll.forEach((app, after) -> {
            Tick now = timers.now();
            Tick last = lastRequests.computeIfAbsent(app, _ -> now);
            if (now.since(last).compareTo(after) >= 0) {
                attempt(app, "fall asleep", () -> formations.sleep(app));
                // Whatever wakes it, it then has its time again.
                lastRequests.remove(app);
            }
        });
        start();
    }

    /// The app had a request within the last second or so.
    public void requested(AppId app) {
        lastRequests.put(app, timers.now());
    }

    /// A request waits for the app. Returns at once; told again each second while it waits.
    public void wake(AppId app) {
        requested(app);
        if (formations.isAsleep(app) && waking.add(app)) {
            effects.execute(() -> {
                attempt(app, "wake", () -> formations.wake(app));
                waking.remove(app);
            });
        }
    }

    private static void attempt(AppId app, String what, Runnable change) {
        try {
            change.run();
        } catch (RuntimeException e) {
            LOG.warn("app {} could not {}: {}", app, what, e.toString());
        }
    }

    @Override
    public void close() {
        closed = true;
    }
}
