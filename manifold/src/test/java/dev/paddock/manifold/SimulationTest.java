package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/// Thousands of seeded lives of a manifold. A failure names its seed; a seed that failed once is kept as a test of its
/// own. More: `bench/schedules.sh 100000`.
class SimulationTest {
    private static final int SCHEDULES = Integer.getInteger("paddock.schedules", 2_000);
    private static final long FIRST_SEED = Long.getLong("paddock.seed", 0);

    @Test
    void thousandsOfStormsEndAsWanted() {
        Map<Long, String> failed = new ConcurrentSkipListMap<>();
        LongStream.range(FIRST_SEED, FIRST_SEED + SCHEDULES)
                .parallel()
                .forEach(seed -> liveOf(seed).ifPresent(why -> failed.put(seed, why)));

        assertThat(failed.keySet())
                .as(() -> "seeds that failed; the first one: " + failed.values().iterator().next())
                .isEmpty();
    }

    /// Two records of one name, both ended while the platform was dead, are collected at the same moment.
    @Test
    void endsFoundAtStartAreCountedOnce() {
        live(79);
    }

    /// A dyno that did not come up is killed, superseded by a release, and ends after its successor crashed.
    @Test
    void crashOfASupersededDynoIsNotHeldAgainstItsSuccessor() {
        live(2873);
    }

    /// Every host is gone and nothing of an app is left when they come back.
    @Test
    void appOfWhichNothingIsLeftStartsWhenAHostIsBack() {
        live(631);
    }

    /// A new platform finds the dyno that serves and the one it had replaced, back with its host.
    @Test
    void ofTwoDynosOfOneNameTheOneThatServesIsAdopted() {
        live(579);
    }

    /// A host died and the platform was killed before routers heard of it: who begins there gets an old address.
    @Test
    void newPlatformDoesNotGiveAddressesOutThatRoutersStillKnow() {
        live(542);
    }

    /// New web dynos are called off, and the old one that they were to follow crashes a minute later: that crash is its
    /// name's.
    @Test
    void crashAfterACancelledChangeCountsForTheNameAgain() {
        live(104580);
    }

    /// The database is away while new web dynos are given up: whose crashes are forgotten is concluded before it is told.
    @Test
    void givenUpChangeIsToldLateAndForgetsCrashesAtOnce() {
        live(501833);
    }

    private static void live(long seed) {
        liveOf(seed).ifPresent(Assertions::fail);
    }

    /// What was wrong with a life, if anything.
    private static Optional<String> liveOf(long seed) {
        Simulation simulation = new Simulation(seed);
        try {
            simulation.run();
            return Optional.empty();
        } catch (AssertionError | RuntimeException e) {
            return Optional.of("seed " + seed + ": " + e + "\n" + simulation.describe());
        }
    }
}
