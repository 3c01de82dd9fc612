package dev.paddock.router;

import dev.paddock.routes.Timeouts;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The search of one request for a dyno: choose, wait, connect, try the next one (router.md sections 4 and 5). Owned by
/// its event loop.
final class DynoSearch implements RoutedApp.Waiter, Connector.Attempt {
    private static final int MOST_ATTEMPTS = 10;
    private static final int FIRST_PAUSE_MILLIS = 50;
    private static final int LONGEST_PAUSE_MILLIS = 800;
    private static final int MOST_QUEUE_LIMITS = 4;

    private enum Phase {
        /// Waits for a place, for a dyno to start, or for a quarantine to end.
        WAITING,
        CONNECTING,
        /// Found one, or given up.
        OVER
    }

    private final EventLoop loop;
    private final RoutedApp app;
    private final Exchange exchange;
    private final Deadlines.Deadline deadline;
    private final Timeouts timeouts;
    private final boolean upgrade;
    private final String affinity;
    private final long startNanos;
    private List<Backend> tried = List.of();
    private Phase phase = Phase.WAITING;
    private @Nullable Backend backend;
    private Connector.@Nullable Pending pending;
    private RouterFailure lastConnectFailure = RouterFailure.Dyno.REFUSED;

    /// What to answer when the limit is over; null when something else is tried then.
    private @Nullable RouterFailure onDeadline;

    private boolean waited;
    private @Nullable Backend lastTried;
    private long attemptNanos;
    private long connectNanos = -1;
    private int pauseMillis = FIRST_PAUSE_MILLIS;

    /// @param deadline the exchange's, which this search sets while it is on
    /// @param affinity cookie of the request, empty for none
    DynoSearch(
            EventLoop loop,
            RoutedApp app,
            Exchange exchange,
            Deadlines.Deadline deadline,
            boolean upgrade,
            String affinity,
            long startNanos) {
        this.loop = loop;
        this.app = app;
        this.exchange = exchange;
        this.deadline = deadline;
        this.upgrade = upgrade;
        this.affinity = affinity;
        this.startNanos = startNanos;
        timeouts = loop.index().timeouts();
    }

    void start() {
        choose(startNanos);
    }

    /// Connects afresh to the dyno of a kept connection that turned out closed, or to another if that one is gone.
    void reconnect() {
        Backend same = backend();
        if (same.isRetired()) {
            backend = null;
            app.release(same, false);
            choose();
        } else {
            attemptNanos = System.nanoTime();
            connect(same);
        }
    }

    boolean isOn() {
        return phase != Phase.OVER;
    }

    RoutedApp app() {
        return app;
    }

    /// The dyno that is counted as busy with this request.
    Backend backend() {
        if (backend == null) {
            throw new IllegalStateException("no dyno was found");
        }
        return backend;
    }

    /// Whether a dyno was connected.
    boolean isReached() {
        return backend != null && phase == Phase.OVER && connectNanos >= 0;
    }

    /// The dyno that was tried last.
    @Nullable Backend dyno() {
        return lastTried;
    }

    /// How long the last attempt took, 0 for a kept connection, -1 for none.
    long connectNanos() {
        return connectNanos;
    }

    /// The request ended.
    ///
    /// @param answered whether the app was told that it was answered
    void leave(boolean answered) {
        phase = Phase.OVER;
        cancelAttempt();
        if (waited) {
            app.leave(this);
        }
        if (backend != null) {
            app.release(backend, answered);
            backend = null;
        }
    }

    /// Chooses anew, unless the app went into maintenance, or lost its free hours, in the meantime.
    private void choose() {
        RouterFailure refusal = RouterFailure.Platform.of(app.route());
        if (refusal == null) {
            choose(System.nanoTime());
        } else {
            fail(refusal);
        }
    }

    private void choose(long now) {
        if (loop.isTableVoid(now)) {
            pause();
            return;
        }
        Choice choice = app.acquire(this, now, MOST_ATTEMPTS);
        loop.notice(app);
        switch (choice) {
            case Backend chosen -> attempt(chosen, now);
            case Choice.None none -> {
                switch (none) {
                    case QUEUED -> {
                        loop.queueBegan(app);
                        await(RouterFailure.Platform.BACKLOG, timeouts.queue());
                    }
                    case BACKLOG_FULL -> fail(RouterFailure.Platform.BACKLOG);
                    case QUARANTINED -> pause();
                    case EXHAUSTED -> fail(lastConnectFailure);
                    case BOOTING -> {
                        loop.wake(app);
                        await(RouterFailure.Dyno.BOOT_TIMEOUT, timeouts.boot());
                    }
                    case CRASHED -> fail(RouterFailure.Dyno.CRASHED);
                    case NO_PROCESSES -> fail(RouterFailure.Platform.NO_PROCESSES);
                }
            }
        }
    }

    /// Waits until the limit, counted from the start of the request, is over.
    private void await(RouterFailure whenOver, int limitMillis) {
        phase = Phase.WAITING;
        waited = true;
        onDeadline = whenOver;
        deadline.set(Math.max(1, limitMillis - Ticks.millisSince(startNanos)));
    }

    /// No dyno may be tried at the moment: looks again after growing pauses.
    private void pause() {
        long left = timeouts.queue() - Ticks.millisSince(startNanos);
        if (left <= 0) {
            fail(RouterFailure.Platform.FAULT);
            return;
        }
        phase = Phase.WAITING;
        onDeadline = null;
        deadline.set(Math.min(pauseMillis, left));
        pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
    }

    private void attempt(Backend chosen, long now) {
        backend = chosen;
        lastTried = chosen;
        attemptNanos = now;
        DynoStream kept =
                app.route().dynoKeepalive() && !upgrade
                        ? loop.connector().takeKept(chosen, exchange)
                        : null;
        if (kept != null) {
            connectNanos = 0;
            found(kept, now);
        } else {
            connect(chosen);
        }
    }

    private void connect(Backend to) {
        phase = Phase.CONNECTING;
        onDeadline = null;
        deadline.set(timeouts.connect());
        pending = loop.connector().connect(to, exchange, this);
    }

    @Override
    public void connected(DynoStream fresh) {
        pending = null;
        long now = System.nanoTime();
        connectNanos = Math.max(1, now - attemptNanos);
        app.connected(backend());
        found(fresh, now);
    }

    private void found(DynoStream dyno, long now) {
        phase = Phase.OVER;
        exchange.found(dyno, now);
    }

    @Override
    public void notConnected() {
        pending = null;
        tryNext(RouterFailure.Dyno.REFUSED);
    }

    /// Others will give theirs back; until the limit of the queue this is tried again.
    @Override
    public void noSocket() {
        pending = null;
        Backend untried = backend();
        backend = null;
        app.release(untried, false);
        pause();
    }

    /// The dyno is left alone for a while, and another one is chosen.
    private void tryNext(RouterFailure why) {
        Backend failed = backend();
        backend = null;
        connectNanos = Math.max(1, System.nanoTime() - attemptNanos);
        lastConnectFailure = why;
        if (tried.isEmpty()) {
            tried = new ArrayList<>(2);
        }
        tried.add(failed);
        app.quarantine(failed, System.nanoTime() + timeouts.quarantine() * 1_000_000L);
        loop.deadlines().create(app::quarantineEnded).set(timeouts.quarantine());
        app.release(failed, false);
        loop.trouble(app, failed, why);
        choose();
    }

    /// The exchange's deadline is over while the search is on.
    void expired() {
        if (phase == Phase.CONNECTING) {
            cancelAttempt();
            tryNext(RouterFailure.Dyno.CONNECT_TIMEOUT);
        } else if (onDeadline == null) {
            choose();
        } else if (onDeadline == RouterFailure.Platform.BACKLOG && isMoving()) {
            deadline.set(Math.max(1, timeouts.queue() - Ticks.millisSince(app.movedNanos())));
        } else {
            fail(onDeadline);
        }
    }

    /// A queue that gives out dynos is worth waiting in: its limit is on standing still, and a few times that in all.
    private boolean isMoving() {
        return app.movedNanos() != 0
                && Ticks.millisSince(app.movedNanos()) < timeouts.queue()
                && Ticks.millisSince(startNanos) < (long) MOST_QUEUE_LIMITS * timeouts.queue();
    }

    private void fail(RouterFailure failure) {
        phase = Phase.OVER;
        exchange.fail(failure);
    }

    private void cancelAttempt() {
        if (pending != null) {
            pending.cancel();
            pending = null;
        }
    }

    @Override
    public void granted(Backend given) {
        loop.execute(() -> {
            if (phase != Phase.WAITING) {
                app.release(given, false);
            } else if (given.isRetired() || loop.isTableVoid(System.nanoTime())) {
                // Between the giving and now another table came.
                app.release(given, false);
                choose();
            } else {
                attempt(given, System.nanoTime());
            }
        });
    }

    @Override
    public void appChanged() {
        loop.execute(() -> {
            if (phase == Phase.WAITING) {
                choose();
            }
        });
    }

    @Override
    public List<Backend> tried() {
        return tried;
    }

    @Override
    public String affinity() {
        return affinity;
    }

    @Override
    public boolean isUpgrade() {
        return upgrade;
    }

    @Override
    public long waitingSinceNanos() {
        return startNanos;
    }
}
