package dev.paddock.router;

import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// All time limits of one event loop in a wheel: setting one costs no allocation, and moving one further away, which
/// is what traffic does all the time, only stores a number. Owned by its event loop.
final class Deadlines {
    private static final int SLOTS = 1024;
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

    private final io.netty.channel.EventLoop loop;
    private final @Nullable Deadline[] slots = new @Nullable Deadline[SLOTS];
    private final long origin = System.nanoTime();
    private long done;
    private int linked;
    private long wakeTick = Long.MAX_VALUE;
    private @Nullable Future<?> wake;

    Deadlines(io.netty.channel.EventLoop loop) {
        this.loop = loop;
    }

    /// A limit that is not set yet.
    Deadline create(Runnable expired) {
        return new Deadline(this, expired);
    }

    private long nanos() {
        return System.nanoTime() - origin;
    }

    private void link(Deadline deadline, long now) {
        if (linked == 0) {
            // Nothing was due since, so the wheel may jump to now.
            done = Math.max(done, now / TICK_NANOS - 1);
        }
        long tick = Math.max(deadline.at / TICK_NANOS + 1, done + 1);
        tick = Math.min(tick, done + SLOTS - 1);
        deadline.tick = tick;
        int slot = (int) (tick % SLOTS);
        Deadline first = slots[slot];
        deadline.next = first;
        if (first != null) {
            first.previous = deadline;
        }
        slots[slot] = deadline;
        linked++;
        if (tick < wakeTick) {
            wakeAt(tick, now);
        }
    }

    private void unlink(Deadline deadline) {
        Deadline previous = deadline.previous;
        Deadline next = deadline.next;
        if (previous != null) {
            previous.next = next;
        } else {
            slots[(int) (deadline.tick % SLOTS)] = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        deadline.previous = null;
        deadline.next = null;
        deadline.tick = 0;
        linked--;
    }

    private void wakeAt(long tick, long now) {
        if (wake != null) {
            wake.cancel(false);
        }
        wakeTick = tick;
        wake = loop.schedule(this::turn, tick * TICK_NANOS - now, TimeUnit.NANOSECONDS);
    }

    private void turn() {
        wake = null;
        wakeTick = Long.MAX_VALUE;
        long now = nanos();
        long current = now / TICK_NANOS;
        while (done < current && linked > 0) {
            done++;
            Deadline due;
            while ((due = slots[(int) (done % SLOTS)]) != null) {
                unlink(due);
                if (due.at > now) {
                    link(due, now);
                } else if (due.at != Deadline.NEVER) {
                    due.at = Deadline.NEVER;
                    due.expired.run();
                }
            }
        }
        done = Math.max(done, current);
        for (long tick = done + 1; linked > 0 && tick < done + SLOTS; tick++) {
            if (slots[(int) (tick % SLOTS)] != null) {
                if (tick < wakeTick) {
                    wakeAt(tick, nanos());
                }
                return;
            }
        }
    }

    /// One time limit, set and cleared many times.
    static final class Deadline {
        private static final long NEVER = -1;

        private final Deadlines wheel;
        private final Runnable expired;
        private long at = NEVER;
        private long tick;
        private @Nullable Deadline previous;
        private @Nullable Deadline next;

        private Deadline(Deadlines wheel, Runnable expired) {
            this.wheel = wheel;
            this.expired = expired;
        }

        void set(long millis) {
            set(millis, System.nanoTime());
        }

        /// @param nowNanos of [System#nanoTime], for whoever has read it already
        void set(long millis, long nowNanos) {
            long now = nowNanos - wheel.origin;
            at = now + TimeUnit.MILLISECONDS.toNanos(millis);
            if (tick == 0) {
                wheel.link(this, now);
            } else if (at / TICK_NANOS + 1 < tick) {
                wheel.unlink(this);
                wheel.link(this, now);
            }
        }

        void clear() {
            at = NEVER;
            if (tick != 0) {
                wheel.unlink(this);
            }
        }
    }
}
