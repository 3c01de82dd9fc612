package dev.paddock.formation;

import dev.paddock.core.Tick;
import java.time.Duration;

/// How many threads of a dyno wanted to run, averaged over the last 1, 5 and 15 minutes as kernels do it: each sample
/// weighs less the longer it is ago.
///
/// @param since when the first sample was taken
/// @param at when the last one was
record LoadAverage(Tick since, Tick at, double one, double five, double fifteen) {
    private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);
    private static final Duration FIFTEEN_MINUTES = Duration.ofMinutes(15);

    static LoadAverage first(int runnable, Tick now) {
        return new LoadAverage(now, now, runnable, runnable, runnable);
    }

    LoadAverage next(int runnable, Tick now) {
        double minutes = now.since(at).toNanos() / (double) Duration.ofMinutes(1).toNanos();
        return new LoadAverage(
                since,
                now,
                moved(one, runnable, Math.exp(-minutes)),
                moved(five, runnable, Math.exp(-minutes / 5)),
                moved(fifteen, runnable, Math.exp(-minutes / 15)));
    }

    private static double moved(double average, int sample, double kept) {
        return average * kept + sample * (1 - kept);
    }

    boolean coversFiveMinutes() {
        return at.since(since).compareTo(FIVE_MINUTES) >= 0;
    }

    boolean coversFifteenMinutes() {
        return at.since(since).compareTo(FIFTEEN_MINUTES) >= 0;
    }
}
