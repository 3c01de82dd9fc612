package dev.paddock.dyno;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.FakeEngine.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class FakeEngineContractTest extends EngineContract {
    private static final int STEPS = 1_000;

    private final VirtualTime time = new VirtualTime();
    private final FakeEngine engine = new FakeEngine(time);
    private final List<DynoEvent> events = new ArrayList<>();
    private final Map<DynoId, Behaviour> behaviours = new HashMap<>();

    FakeEngineContractTest() {
        engine.listen(events::add);
        engine.script(spec -> script(behaviours.getOrDefault(spec.id(), Behaviour.RUNS)));
    }

    private static Script script(Behaviour behaviour) {
        return switch (behaviour) {
            case RUNS -> Script.RUNS;
            case IGNORES_TERM -> Script.RUNS.stopsAfter(Duration.ofDays(1));
            case ENDS_WITH_3 -> Script.RUNS.exits(Duration.ofMillis(50), 3);
            case CANNOT_START -> Script.RUNS.failsToLaunch("no room");
            case NEVER_ACCEPTS -> Script.RUNS.neverUp();
        };
    }

    @Test
    void reservedMemoryIsNotFree() {
        EngineHost before = engine.hosts().getLast();
        DynoSpec spec = dyno(Behaviour.RUNS, false);

        engine.start(spec, before);

        EngineHost after = engine.hosts().getLast();
        assertThat(after.memoryBytes()).isEqualTo(before.memoryBytes());
        assertThat(before.memoryFreeBytes() - after.memoryFreeBytes())
                .isEqualTo(spec.size().memoryBytes());
    }

    @Test
    void nothingIsStartedOnAHostInAnotherLife() {
        EngineHost before = engine.hosts().getFirst();
        engine.killHost(before.name());
        assertThat(engine.start(dyno(Behaviour.RUNS, true), before)).isFalse();
        engine.reviveHost(before.name());

        assertThat(engine.start(dyno(Behaviour.RUNS, true), before)).isFalse();
        assertThat(engine.list()).isEmpty();
        assertThat(engine.start(dyno(Behaviour.RUNS, true), engine.hosts().getFirst())).isTrue();
    }

    @Test
    void dynosOfAHostThatIsCutOffComeBackWithIt() {
        DynoSpec spec = dyno(Behaviour.RUNS, true);
        engine.start(spec);
        await(() -> events.contains(new DynoEvent.Up(spec.id())));
        DynoAddress address = engine.list().getFirst().address().orElseThrow();

        engine.cutOff("host-1");
        assertThat(engine.list()).isEmpty();
        assertThat(engine.at(address)).contains(spec);
        engine.retire(spec.id(), Duration.ZERO);

        engine.reviveHost("host-1");
        time.advance(Duration.ofSeconds(1));
        assertThat(engine.list().getFirst().up()).isTrue();
        assertThat(events).contains(new DynoEvent.Lost(spec.id()));
    }

    @Override
    protected Engine engine() {
        return engine;
    }

    @Override
    protected List<DynoEvent> events() {
        return List.copyOf(events);
    }

    @Override
    protected void await(BooleanSupplier condition) {
        for (int step = 0; step < STEPS && !condition.getAsBoolean(); step++) {
            time.step();
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    @Override
    protected DynoSpec dyno(Behaviour behaviour, boolean web) {
        DynoSpec spec =
                new DynoSpec(
                        DynoId.random(),
                        AppId.random(),
                        new DynoName(web ? ProcessType.WEB : new ProcessType("worker"), 1),
                        DynoKind.FORMATION,
                        new ReleaseVersion(1),
                        DynoSize.DEFAULT,
                        "command",
                        Map.of(),
                        Optional.empty(),
                        "host",
                        new Stdio.Log(),
                        web,
                        List.of());
        behaviours.put(spec.id(), behaviour);
        return spec;
    }
}
