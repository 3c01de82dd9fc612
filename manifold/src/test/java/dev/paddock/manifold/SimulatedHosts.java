package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.FakeEngine;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// The machines of a simulated life, that die, are cut off, flap and come back, and what must be true of them.
final class SimulatedHosts {
    private static final List<String> NAMES = List.of("host-1", "host-2", "host-3");
    private static final long SMALL = 8L << 30;
    private static final long LARGE = 64L << 30;

    private final FakeEngine engine;
    private final VirtualTime time;
    private final Random random;
    private final boolean roomy;

    /// Ran when their host died, or were to begin on one that had; neither is a crash.
    private final Set<DynoId> died = new HashSet<>();

    /// The engine failed in the middle of their start, so that they count as crashed already.
    private final Set<DynoId> torn = new HashSet<>();

    SimulatedHosts(FakeEngine engine, VirtualTime time, Random random) {
        this.engine = engine;
        this.time = time;
        this.random = random;
        roomy = random.nextInt(3) > 0;
        engine.hosts(roomy ? LARGE : SMALL, NAMES.toArray(String[]::new));
    }

    /// Whether all that can be wanted fits also when one of them is gone.
    boolean isRoomy() {
        return roomy;
    }

    /// One dies or is cut off, or all of them are.
    ///
    /// @return the dynos that were there
    Set<DynoId> trouble() {
        List<String> victims =
                random.nextInt(5) == 0 ? NAMES : List.of(NAMES.get(random.nextInt(NAMES.size())));
        Set<DynoId> there = on(victims::contains);
        for (String host : victims) {
            boolean dies = random.nextBoolean();
            // Some are back before anybody looked.
            Duration back =
                    Duration.ofMillis(random.nextInt(random.nextBoolean() ? 2_000 : 60_000));
            if (dies) {
                kill(host);
            } else {
                engine.cutOff(host);
            }
            time.schedule(back, () -> engine.reviveHost(host));
        }
        return there;
    }

    private void kill(String host) {
        died.addAll(on(host::equals));
        engine.killHost(host);
    }

    private Set<DynoId> on(Predicate<String> host) {
        return engine.list().stream()
                .filter(dyno -> host.test(dyno.host()) && dyno.exit().isEmpty())
                .map(dyno -> dyno.spec().id())
                .collect(Collectors.toSet());
    }

    void killOne() {
        kill(NAMES.get(random.nextInt(NAMES.size())));
    }

    void reviveAll() {
        NAMES.forEach(engine::reviveHost);
    }

    /// Its host was gone before it began.
    void startIsMissed(DynoId id) {
        died.add(id);
    }

    void startIsTorn(DynoId id) {
        torn.add(id);
    }

    /// No host gets more than it has.
    void assertRoom(DynoSpec spec, EngineHost chosen) {
        engine.hosts().stream()
                .filter(host -> host.name().equals(chosen.name()))
                .filter(host -> host.alive() && host.generation() == chosen.generation())
                .forEach(host ->
                        assertThat(host.memoryFreeBytes())
                                .as("free memory of %s for %s", host.name(), spec)
                                .isGreaterThanOrEqualTo(spec.size().memoryBytes()));
    }

    void assertNoLossCountedAsCrash(Ledger ledger) {
        assertThat(ledger.transitions())
                .as("ends of dynos that died with their host")
                .noneMatch(step ->
                        died.contains(step.dyno())
                                && !torn.contains(step.dyno())
                                && step.to() == DynoState.CRASHED);
    }

    /// Of each type every host has as many as any other, or one less.
    void assertSpread() {
        Map<String, Map<String, Integer>> counts = new HashMap<>();
        for (EngineDyno dyno : engine.list()) {
            if (dyno.spec().kind() == DynoKind.FORMATION && dyno.exit().isEmpty()) {
                String type = dyno.spec().app() + " " + dyno.spec().name().type();
                counts.computeIfAbsent(type, _ -> new HashMap<>())
                        .merge(dyno.host(), 1, Integer::sum);
            }
        }
        counts.forEach((type, hosts) -> {
            List<Integer> all = NAMES.stream().map(host -> hosts.getOrDefault(host, 0)).toList();
            int most = all.stream().max(Integer::compare).orElseThrow();
            assertThat(all).as("dynos of %s on each host", type).allMatch(it -> it >= most - 1);
        });
    }
}
