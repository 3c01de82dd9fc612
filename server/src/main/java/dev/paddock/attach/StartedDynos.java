package dev.paddock.attach;

import dev.paddock.core.AppId;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.Engine;
import dev.paddock.manifold.Manifold;
import java.time.Duration;

/// The dynos of an engine, attached to as soon as they are there: a client may dial in before the manifold's loop has
/// come round to starting its dyno.
final class StartedDynos implements Rendezvous.Dynos {
    private static final Duration START_LIMIT = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Engine engine;
    private final Manifold manifold;

    StartedDynos(Engine engine, Manifold manifold) {
        this.engine = engine;
        this.manifold = manifold;
    }

    @Override
    public Attachment attach(DynoId dyno) throws InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (engine.list().stream().noneMatch(known -> known.spec().id().equals(dyno))) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "dyno " + dyno + " was not started within " + START_LIMIT);
            }
            Thread.sleep(PAUSE);
        }
        return engine.attach(dyno);
    }

    @Override
    public void hangUp(AppId app, DynoId dyno) {
        manifold.hangUp(app, dyno);
    }
}
