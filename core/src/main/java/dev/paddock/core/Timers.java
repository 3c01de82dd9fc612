package dev.paddock.core;

import java.time.Duration;
import java.time.Instant;

/// Time as a port: the monotonic tick for deciding and measuring, the wall clock for dating, and delayed calls.
public interface Timers {
    Tick now();

    /// The wall clock; only ever shown or stored, never compared to decide something.
    Instant date();

    /// Identifies the boot of the machine that ticks belong to.
    String bootId();

    /// Runs the task once after the delay, on a thread that must not be blocked for long.
    Scheduled schedule(Duration delay, Runnable task);

    /// A delayed call that has not happened yet.
    interface Scheduled {
        void cancel();
    }
}
