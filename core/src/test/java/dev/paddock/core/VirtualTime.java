package dev.paddock.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;

/// Time that moves only when the test says so. For one thread, the test's.
public final class VirtualTime implements Timers {
    private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

    private final PriorityQueue<Entry> queue =
            new PriorityQueue<>(
                    Comparator.comparingLong((Entry entry) -> entry.nanos)
                            .thenComparingLong(entry -> entry.sequence));
    private long nanos;
    private long sequence;
    private Duration step = Duration.ZERO;
    private String bootId = "virtual";

    @Override
    public Tick now() {
        return new Tick(nanos);
    }

    @Override
    public Instant date() {
        return EPOCH.plusNanos(nanos).plus(step);
    }

    @Override
    public String bootId() {
        return bootId;
    }

    /// Somebody sets the wall clock; the tick goes on as before.
    public void stepDate(Duration by) {
        step = step.plus(by);
    }

    /// The machine starts anew: ticks begin at zero, nothing of what was scheduled happens, the date goes on.
    public void reboot(String nextBootId) {
        queue.clear();
        step = step.plusNanos(nanos);
        nanos = 0;
        bootId = nextBootId;
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        Entry entry = new Entry(nanos + Math.max(0, delay.toNanos()), sequence++, task);
        queue.add(entry);
        return () -> queue.remove(entry);
    }

    /// Moves time on and runs what becomes due, in order of time, then of scheduling. A task may call it to take time.
    public void advance(Duration duration) {
        long end = nanos + duration.toNanos();
        for (Entry next = queue.peek(); next != null && next.nanos <= end; next = queue.peek()) {
            queue.remove();
            nanos = Math.max(nanos, next.nanos);
            next.task.run();
        }
        nanos = Math.max(nanos, end);
    }

    /// Runs the next task, moving time to it; false when there is none.
    public boolean step() {
        Entry next = queue.poll();
        if (next == null) {
            return false;
        }
        nanos = Math.max(nanos, next.nanos);
        next.task.run();
        return true;
    }

    private record Entry(long nanos, long sequence, Runnable task) {}
}
