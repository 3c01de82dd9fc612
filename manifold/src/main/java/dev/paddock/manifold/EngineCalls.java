package dev.paddock.manifold;

import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineHost;
import dev.paddock.manifold.Input.Effect;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/// Carries out what an app loop wants of the engine, elsewhere, and reports what came of it. Safe for any thread.
///
/// Calls of one dyno never overtake each other: the next is planned only after the report of the last.
final class EngineCalls {
    /// After a failed call.
    private static final Duration RETRY_PAUSE = Duration.ofSeconds(1);

    private final Engine engine;
    private final Timers timers;
    private final Executor effects;
    private final Consumer<Input> loop;

    EngineCalls(Engine engine, Timers timers, Executor effects, Consumer<Input> loop) {
        this.engine = engine;
        this.timers = timers;
        this.effects = effects;
        this.loop = loop;
    }

    void call(Effect effect) {
        effects.execute(() -> {
            Input outcome;
            try {
                outcome = outcome(effect);
            } catch (RuntimeException e) {
                failed(new Input.Done(effect, Optional.of(e.toString())));
                return;
            }
            loop.accept(outcome);
        });
    }

    private Input outcome(Effect effect) {
        switch (effect) {
            case Effect.Start(DynoSpec spec, EngineHost host) -> {
                if (!engine.start(spec, host)) {
                    return new Input.HostGone(spec.id(), host);
                }
            }
            case Effect.Retire(DynoId id, Duration grace) -> engine.retire(id, grace);
            case Effect.HangUp(DynoId id) -> engine.hangUp(id);
            case Effect.Forget(DynoId id) -> engine.forget(id);
        }
        return new Input.Done(effect, Optional.empty());
    }

    /// A failed start is a crash and has its own pause; other failed calls are reported late, so that they are not
    /// repeated at once.
    private void failed(Input.Done failed) {
        if (failed.effect() instanceof Effect.Start) {
            loop.accept(failed);
        } else {
            timers.schedule(RETRY_PAUSE, () -> loop.accept(failed));
        }
    }
}
