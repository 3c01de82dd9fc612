package dev.paddock.manifold;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// Thousands of seeded lives of a manifold. A failure names its seed; a seed that failed once is kept as a test of its
/// own. More: `-Dpaddock.schedules=100000 -Dpaddock.seed=5000`.
class SimulationTest {
    private static final int SCHEDULES = Integer.getInteger("paddock.schedules", 2_000);
    private static final long FIRST_SEED = Long.getLong("paddock.seed", 0);

    @Test
    void thousandsOfStormsEndAsWanted() {
        LongStream.range(FIRST_SEED, FIRST_SEED + SCHEDULES)
                .parallel()
                .forEach(SimulationTest::live);
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

    private static void live(long seed) {
        Simulation simulation = new Simulation(seed);
        try {
            simulation.run();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + ": " + e.getMessage() + "\n" + simulation.describe(), e);
        }
    }
}
