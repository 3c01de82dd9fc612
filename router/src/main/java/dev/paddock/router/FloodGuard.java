package dev.paddock.router;

/// How much a client may ask for that is cheap to send and brings nobody further: pings, settings, resets, empty frames,
/// windows opened by crumbs. Honest work earns more of it, and so does time. Owned by its event loop.
final class FloodGuard {
    /// What may be asked for at once.
    static final int MOST = 2000;

    static final int REFILL_PER_SECOND = 100;

    static final int FRAME = 1;
    static final int EMPTY_DATA = 2;
    static final int SETTINGS = 5;
    static final int RESET = 8;

    /// An answered request pays for the frames around it.
    static final int ANSWER = 10;

    private static final int BYTES_PER_POINT = 4096;

    private long points = MOST;
    private long refilledNanos;

    FloodGuard(long nowNanos) {
        refilledNanos = nowNanos;
    }

    /// Whether that much was left.
    boolean spend(int cost, long nowNanos) {
        if (points < cost) {
            refill(nowNanos);
        }
        points -= cost;
        return points >= 0;
    }

    /// The client gets this many bytes of an answer, and will open its windows for them.
    void earnBytes(int bytes) {
        earn(2 + bytes / BYTES_PER_POINT);
    }

    void earn(int earned) {
        points = Math.min(MOST, points + earned);
    }

    private void refill(long nowNanos) {
        long due = (nowNanos - refilledNanos) * REFILL_PER_SECOND / 1_000_000_000L;
        if (due > 0) {
            points = Math.min(MOST, points + due);
            refilledNanos = nowNanos;
        }
    }
}
