package dev.paddock.router;

/// Durations on the clock that no clock step moves.
final class Ticks {
    private Ticks() {}

    static long millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1_000_000;
    }
}
