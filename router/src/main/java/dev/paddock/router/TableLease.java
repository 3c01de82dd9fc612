package dev.paddock.router;

import java.util.concurrent.TimeUnit;

/// How long this router may serve its table without having been heard of (control-link.md: after 60 s without a sign
/// of life the platform takes the table for void and gives addresses to other dynos).
///
/// It is judged by the router's own clock alone. A router that runs gives a sign of life each second or two, or finds
/// that no platform is there to which it could, and both renew the lease: so it serves on while the platform is dead.
/// Only a router that itself stood still (SIGSTOP, a frozen machine) finds its lease run out when it wakes, and then
/// serves nothing before it has a fresh table. Safe for any thread.
final class TableLease {
    /// Below the platform's 60 s by more than the ways of a sign of life take.
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(50);

    private final long limitNanos;
    private volatile long heardOfNanos = System.nanoTime();
    private volatile boolean over;

    TableLease() {
        this(LIMIT_NANOS);
    }

    TableLease(long limitNanos) {
        this.limitNanos = limitNanos;
    }

    /// Whether the table is void; it stays so until [#begin].
    boolean isOver(long nowNanos) {
        if (over) {
            return true;
        }
        if (nowNanos - heardOfNanos > limitNanos) {
            over = true;
            return true;
        }
        return false;
    }

    /// At `sinceNanos` a sign of life was begun that has been given now.
    void renew(long sinceNanos) {
        if (!isOver(System.nanoTime())) {
            heardOfNanos = Math.max(heardOfNanos, sinceNanos);
        }
    }

    /// A fresh table came, asked for after the last one became void.
    ///
    /// @param askedNanos when it was asked for
    void begin(long askedNanos) {
        heardOfNanos = askedNanos;
        over = false;
    }
}
