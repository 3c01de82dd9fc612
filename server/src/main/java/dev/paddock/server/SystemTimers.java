package dev.paddock.server;

import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.daemons.Processes;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Time as the kernel tells it: CLOCK_BOOTTIME, which no clock step moves and a suspended machine does not stop, and
/// one thread for delayed calls. Safe for any thread.
public final class SystemTimers implements Timers, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SystemTimers.class);
    private static final int CLOCK_BOOTTIME = 7;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final MemoryLayout TIMESPEC =
            MemoryLayout.structLayout(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);

    private final MethodHandle clockGettime;
    private final InstantSource clock = InstantSource.system();
    private final String bootId = Processes.bootId();
    private final ScheduledThreadPoolExecutor delayed;

    @SuppressWarnings("restricted") // The JDK has no other way to this clock; the signature is
    // clock_gettime(2)'s.
    public SystemTimers() {
        Linker linker = Linker.nativeLinker();
        clockGettime =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("clock_gettime"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        delayed =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().name("timers").daemon().factory());
        delayed.setRemoveOnCancelPolicy(true);
        delayed.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public Tick now() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(TIMESPEC);
            int result = (int) clockGettime.invokeExact(CLOCK_BOOTTIME, time);
            if (result != 0) {
                throw new IllegalStateException("clock_gettime(CLOCK_BOOTTIME) failed");
            }
            return new Tick(
                    time.getAtIndex(ValueLayout.JAVA_LONG, 0) * NANOS_PER_SECOND
                            + time.getAtIndex(ValueLayout.JAVA_LONG, 1));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public Instant date() {
        return clock.instant();
    }

    @Override
    public String bootId() {
        return bootId;
    }

    @Override
    public Scheduled schedule(Duration delay, Runnable task) {
        ScheduledFuture<?> future =
                delayed.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("A delayed call failed", e);
        }
    }

    @Override
    public void close() {
        delayed.shutdownNow();
    }
}
