package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Hints that a dyno does not answer, until the engine is asked. However many come, and from whomever: each dyno counts
/// once in a while, and one look at the engine's list answers all that wait for it. Safe for any thread.
final class Suspicions {
    /// A dyno that was looked at this short a time ago is as it was seen then.
    static final Duration DYNO_PAUSE = Duration.ofSeconds(2);

    /// Between two looks.
    static final Duration LOOK_PAUSE = Duration.ofMillis(200);

    /// Dynos remembered; beyond, the periodic look will do.
    static final int MOST_DYNOS = 10_000;

    private final Object lock = new Object();

    // All below: guarded by lock. The oldest first.
    private final Map<DynoId, Tick> suspected = new LinkedHashMap<>();
    private final Set<AppId> waiting = new HashSet<>();
    private Optional<Tick> looked = Optional.empty();

    /// How long to wait with a look at the list; empty when none is needed, or one is under way that will do.
    Optional<Duration> add(AppId app, DynoId dyno, Tick now) {
        synchronized (lock) {
            forgetOld(now);
            if (suspected.size() >= MOST_DYNOS || suspected.putIfAbsent(dyno, now) != null) {
                return Optional.empty();
            }
            boolean scheduled = !waiting.isEmpty();
            waiting.add(app);
            return scheduled ? Optional.empty() : Optional.of(pause(now));
        }
    }

    private void forgetOld(Tick now) {
        Iterator<Tick> oldest = suspected.values().iterator();
        while (oldest.hasNext() && now.since(oldest.next()).compareTo(DYNO_PAUSE) >= 0) {
            oldest.remove();
        }
    }

    private Duration pause(Tick now) {
        Duration passed = looked.map(now::since).orElse(LOOK_PAUSE);
        return passed.compareTo(LOOK_PAUSE) < 0 ? LOOK_PAUSE.minus(passed) : Duration.ZERO;
    }

    /// The apps whose dynos are to be looked at now.
    Set<AppId> take(Tick now) {
        synchronized (lock) {
            looked = Optional.of(now);
            Set<AppId> apps = Set.copyOf(waiting);
            waiting.clear();
            return apps;
        }
    }
}
