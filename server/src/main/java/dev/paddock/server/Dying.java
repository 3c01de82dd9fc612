package dev.paddock.server;

import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import java.time.Duration;
import java.util.List;

/// Dynos being ended at the engine itself, without the manifold.
final class Dying {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private Dying() {}

    /// Ends all that still live, and waits until they are gone, at most `limit`; their records stay.
    static boolean await(Engine engine, Grace grace, Duration limit) {
        retireAll(engine, grace.now());
        long deadline = System.nanoTime() + limit.toNanos();
        boolean hurried = grace.isHurried();
        try {
            while (!living(engine).isEmpty()) {
                if (System.nanoTime() - deadline > 0) {
                    return false;
                }
                if (grace.isHurried() && !hurried) {
                    hurried = true;
                    retireAll(engine, grace.now());
                }
                Thread.sleep(LOOK_AGAIN);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    static void retireAll(Engine engine, Duration grace) {
        living(engine).forEach(dyno -> engine.retire(dyno.spec().id(), grace));
    }

    static List<EngineDyno> living(Engine engine) {
        return engine.list().stream().filter(dyno -> dyno.exit().isEmpty()).toList();
    }
}
