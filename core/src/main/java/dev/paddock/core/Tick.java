package dev.paddock.core;

import java.time.Duration;

/// A point on the machine's monotonic clock (CLOCK_BOOTTIME), in nanoseconds; comparable only within one boot.
public record Tick(long nanos) implements Comparable<Tick> {
    public Tick plus(Duration duration) {
        return new Tick(Math.addExact(nanos, duration.toNanos()));
    }

    public Duration since(Tick earlier) {
        return Duration.ofNanos(nanos - earlier.nanos);
    }

    public boolean isBefore(Tick other) {
        return nanos < other.nanos;
    }

    @Override
    public int compareTo(Tick other) {
        return Long.compare(nanos, other.nanos);
    }
}
