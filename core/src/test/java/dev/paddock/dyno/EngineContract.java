package dev.paddock.dyno;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/// What every engine does. A subclass brings the engine, the dynos that behave as asked, and the passing of time.
public abstract class EngineContract {
    private static final Duration GRACE = Duration.ofSeconds(20);

    /// How a dyno of these tests behaves.
    protected enum Behaviour {
        /// Runs until SIGTERM; a web dyno accepts connections.
        RUNS,
        /// Runs and heeds SIGKILL only.
        IGNORES_TERM,
        /// Ends by itself with status 3.
        ENDS_WITH_3,
        /// Cannot be started at all.
        CANNOT_START,
        /// A web dyno that runs and never accepts connections.
        NEVER_ACCEPTS
    }

    /// The engine, with [#events] listening.
    protected abstract Engine engine();

    /// A new dyno for [#engine], not started yet.
    protected abstract DynoSpec dyno(Behaviour behaviour, boolean web);

    /// The events since the beginning.
    protected abstract List<DynoEvent> events();

    /// Lets time pass, in steps, until the condition holds; fails when it does not within a time that is long for
    /// this engine.
    protected abstract void await(BooleanSupplier condition);

    /// A grace that is short for this engine.
    protected Duration shortGrace() {
        return Duration.ofMillis(200);
    }

    @Test
    void startedDynoIsListedAtOnce() {
        DynoSpec spec = dyno(Behaviour.RUNS, false);

        engine().start(spec);

        assertThat(listed(spec)).get().extracting(EngineDyno::spec).isEqualTo(spec);
        assertThat(listed(spec).orElseThrow().exit()).isEmpty();
    }

    @Test
    void dynoRunsOnTheHostThatWasChosenForIt() {
        EngineHost host = engine().hosts().getLast();
        DynoSpec spec = dyno(Behaviour.RUNS, false);

        assertThat(engine().start(spec, host)).isTrue();

        await(() -> told(spec, DynoEvent.Up.class));
        assertThat(listed(spec).orElseThrow().host()).isEqualTo(host.name());
    }

    @Test
    void webDynoIsPlacedWithAnAddressThenUp() {
        DynoSpec spec = started(Behaviour.RUNS, true);

        await(() -> told(spec, DynoEvent.Up.class));

        assertThat(ofDyno(spec)).hasSize(2);
        assertThat(ofDyno(spec).getFirst())
                .isInstanceOfSatisfying(
                        DynoEvent.Placed.class,
                        placed -> {
                            assertThat(placed.address()).isPresent();
                            assertThat(placed.address())
                                    .isEqualTo(listed(spec).orElseThrow().address());
                        });
        assertThat(listed(spec).orElseThrow().up()).isTrue();
        assertThat(listed(spec).orElseThrow().begun()).isPresent();
    }

    @Test
    void otherDynoIsUpWhenItsCommandBeganAndHasNoAddress() {
        DynoSpec spec = started(Behaviour.RUNS, false);

        await(() -> told(spec, DynoEvent.Up.class));

        assertThat(listed(spec).orElseThrow().address()).isEmpty();
    }

    @Test
    void webDynoThatAcceptsNothingIsNotUp() {
        DynoSpec spec = started(Behaviour.NEVER_ACCEPTS, true);

        await(() -> listed(spec).orElseThrow().begun().isPresent());

        assertThat(told(spec, DynoEvent.Up.class)).isFalse();
        assertThat(listed(spec).orElseThrow().up()).isFalse();
    }

    @Test
    void endByItselfIsToldOnceWithItsStatus() {
        DynoSpec spec = started(Behaviour.ENDS_WITH_3, false);

        await(() -> told(spec, DynoEvent.Exited.class));

        assertThat(listed(spec).orElseThrow().exit()).contains(Exit.of(3));
        engine().retire(spec.id(), Duration.ZERO);
        assertThat(ofDyno(spec)).last().isEqualTo(new DynoEvent.Exited(spec.id(), Exit.of(3)));
        assertThat(ofDyno(spec).stream().filter(DynoEvent.Exited.class::isInstance)).hasSize(1);
    }

    @Test
    void endedDynoIsListedUntilItIsForgotten() {
        DynoSpec spec = started(Behaviour.ENDS_WITH_3, false);
        await(() -> told(spec, DynoEvent.Exited.class));
        assertThat(listed(spec)).isPresent();

        engine().forget(spec.id());

        assertThat(listed(spec)).isEmpty();
        engine().forget(spec.id());
    }

    @Test
    void runningDynoIsNotForgotten() {
        DynoSpec spec = started(Behaviour.RUNS, false);
        await(() -> told(spec, DynoEvent.Up.class));

        engine().forget(spec.id());

        assertThat(listed(spec)).isPresent();
    }

    @Test
    void retiredDynoEndsBySigterm() {
        DynoSpec spec = started(Behaviour.RUNS, true);
        await(() -> told(spec, DynoEvent.Up.class));

        engine().retire(spec.id(), GRACE);

        assertThat(exit(spec)).isEqualTo(Exit.of(143));
    }

    @Test
    void dynoThatIgnoresSigtermIsKilledAfterItsGrace() {
        DynoSpec spec = started(Behaviour.IGNORES_TERM, true);
        await(() -> told(spec, DynoEvent.Up.class));

        engine().retire(spec.id(), shortGrace());

        assertThat(exit(spec)).isEqualTo(new Exit(137, Exit.Cause.GRACE_EXPIRED, ""));
    }

    @Test
    void retiringWithoutGraceKills() {
        DynoSpec spec = started(Behaviour.IGNORES_TERM, true);
        await(() -> told(spec, DynoEvent.Up.class));

        engine().retire(spec.id(), Duration.ZERO);

        assertThat(exit(spec)).isEqualTo(Exit.of(137));
    }

    @Test
    void retiringAgainShortensTheGrace() {
        DynoSpec spec = started(Behaviour.IGNORES_TERM, true);
        await(() -> told(spec, DynoEvent.Up.class));
        engine().retire(spec.id(), Duration.ofHours(1));

        engine().retire(spec.id(), shortGrace());

        assertThat(exit(spec).status()).isEqualTo(137);
    }

    @Test
    void dynoThatCannotBeStartedEndsWithTheReason() {
        DynoSpec spec = started(Behaviour.CANNOT_START, false);

        assertThat(exit(spec).cause()).isEqualTo(Exit.Cause.LAUNCH_FAILED);
        assertThat(exit(spec).detail()).isNotBlank();
        assertThat(told(spec, DynoEvent.Up.class)).isFalse();
    }

    @Test
    void runningDynoUsesMemoryAndOthersNothing() {
        DynoSpec spec = started(Behaviour.RUNS, false);

        await(() ->
                engine().usage(spec.id())
                        .filter(usage -> usage.memory().rssBytes() > 0 && !usage.cpu().isZero())
                        .isPresent());
        engine().retire(spec.id(), Duration.ZERO);
        exit(spec);

        assertThat(engine().usage(spec.id())).isEmpty();
        assertThat(engine().usage(DynoId.random())).isEmpty();
    }

    @Test
    void unknownDynosAreIgnored() {
        DynoId unknown = DynoId.random();

        engine().retire(unknown, Duration.ZERO);
        engine().hangUp(unknown);
        engine().forget(unknown);

        assertThat(engine().list()).noneMatch(dyno -> dyno.spec().id().equals(unknown));
    }

    @Test
    void sameDynoIsNotStartedTwice() {
        DynoSpec spec = started(Behaviour.RUNS, false);

        assertThatThrownBy(() -> engine().start(spec)).isInstanceOf(IllegalStateException.class);
    }

    private DynoSpec started(Behaviour behaviour, boolean web) {
        DynoSpec spec = dyno(behaviour, web);
        engine().start(spec);
        return spec;
    }

    private Exit exit(DynoSpec spec) {
        await(() -> told(spec, DynoEvent.Exited.class));
        return listed(spec).orElseThrow().exit().orElseThrow();
    }

    private boolean told(DynoSpec spec, Class<? extends DynoEvent> event) {
        return ofDyno(spec).stream().anyMatch(event::isInstance);
    }

    private List<DynoEvent> ofDyno(DynoSpec spec) {
        return events().stream().filter(event -> event.id().equals(spec.id())).toList();
    }

    private Optional<EngineDyno> listed(DynoSpec spec) {
        return engine().list().stream()
                .filter(dyno -> dyno.spec().id().equals(spec.id()))
                .findFirst();
    }
}
