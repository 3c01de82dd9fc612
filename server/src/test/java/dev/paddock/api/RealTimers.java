package dev.paddock.api;

import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// The JVM's own clocks. Safe for any thread.
final class RealTimers implements Timers, AutoCloseable {
    private final ScheduledExecutorService scheduler =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory());

    @Override
    public Tick now() {
        return new Tick(System.nanoTime());
    }

    @Override
    public Instant date() {
        return Instant.now();
    }

    @Override
    public String bootId() {
        return "this-jvm";
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        Future<?> future = scheduler.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
    }
}
