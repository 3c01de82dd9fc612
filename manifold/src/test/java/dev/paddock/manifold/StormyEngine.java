package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.FakeEngine;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Passes calls on to the fake engine after checking them; in the storm some throw, before or after they did their
/// work.
final class StormyEngine implements Engine {
    private final FakeEngine engine;
    private final Random random;
    private final BooleanSupplier storm;
    private final Runnable takeTime;
    private final BiConsumer<DynoSpec, EngineHost> beforeStart;
    private final Consumer<DynoId> startIsMissed;
    private final Consumer<DynoId> startIsTorn;
    private final Consumer<DynoId> beforeRetire;
    private final Consumer<DynoId> beforeForget;

    StormyEngine(
            FakeEngine engine,
            Random random,
            BooleanSupplier storm,
            Runnable takeTime,
            BiConsumer<DynoSpec, EngineHost> beforeStart,
            Consumer<DynoId> startIsMissed,
            Consumer<DynoId> startIsTorn,
            Consumer<DynoId> beforeRetire,
            Consumer<DynoId> beforeForget) {
        this.engine = engine;
        this.random = random;
        this.storm = storm;
        this.takeTime = takeTime;
        this.beforeStart = beforeStart;
        this.startIsMissed = startIsMissed;
        this.startIsTorn = startIsTorn;
        this.beforeRetire = beforeRetire;
        this.beforeForget = beforeForget;
    }

    private void perhapsFail() {
        if (storm.getAsBoolean() && random.nextInt(30) == 0) {
            throw new IllegalStateException("the engine is not well");
        }
    }

    @Override
    public void listen(Consumer<DynoEvent> events) {
        engine.listen(events);
    }

    @Override
    public void start(DynoSpec spec) {
        throw new IllegalStateException("the manifold chooses the host");
    }

    @Override
    public boolean start(DynoSpec spec, EngineHost host) {
        try {
            perhapsFail();
            beforeStart.accept(spec, host);
            boolean started = engine.start(spec, host);
            if (!started) {
                startIsMissed.accept(spec.id());
            }
            perhapsFail();
            return started;
        } catch (IllegalStateException e) {
            startIsTorn.accept(spec.id());
            throw e;
        }
    }

    @Override
    public void retire(DynoId id, Duration grace) {
        perhapsFail();
        beforeRetire.accept(id);
        engine.retire(id, grace);
        perhapsFail();
    }

    @Override
    public void hangUp(DynoId id) {
        perhapsFail();
        engine.hangUp(id);
    }

    @Override
    public List<EngineDyno> list() {
        perhapsFail();
        // Without the ends' moments: the audit takes the moment an end is found for the crash.
        List<EngineDyno> list = engine.list().stream().map(StormyEngine::undated).toList();
        // Everything else goes on while the answer is on its way.
        takeTime.run();
        return list;
    }

    private static EngineDyno undated(EngineDyno dyno) {
        return new EngineDyno(
                dyno.spec(),
                dyno.host(),
                dyno.address(),
                dyno.up(),
                dyno.retiring(),
                dyno.begun(),
                Optional.empty(),
                dyno.exit());
    }

    @Override
    public void forget(DynoId id) {
        perhapsFail();
        beforeForget.accept(id);
        engine.forget(id);
        perhapsFail();
    }

    @Override
    public Attachment attach(DynoId id) {
        return engine.attach(id);
    }

    @Override
    public DynoOutput output(DynoId id, long cursor) {
        return engine.output(id, cursor);
    }

    @Override
    public Optional<DynoUsage> usage(DynoId id) {
        return engine.usage(id);
    }

    @Override
    public void expect(AppId app, ReleaseVersion release) {
        engine.expect(app, release);
    }

    @Override
    public void discard(AppId app) {
        engine.discard(app);
    }

    @Override
    public void discard(AppId app, UUID slug) {
        engine.discard(app, slug);
    }

    @Override
    public List<EngineHost> hosts() {
        return engine.hosts();
    }

    @Override
    public List<String> weaknesses() {
        return engine.weaknesses();
    }

    @Override
    public void close() {
        engine.close();
    }
}
