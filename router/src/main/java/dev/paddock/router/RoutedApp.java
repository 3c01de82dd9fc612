package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.DynoRoute;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// One app as it is served: its route, its dynos with their loads, and the requests that wait. Survives table swaps.
///
/// Safe for any thread. One small lock makes one step each of: a dyno or a place in the queue; giving a dyno back or
/// handing it to the first who waits. Whoever was handed one is told outside the lock.
final class RoutedApp {
    private static final int BACKLOG_PER_DYNO = 50;
    private static final int UNANSWERED_PER_DYNO = 200;
    private static final int UPGRADES_PER_DYNO = 1000;
    private static final int MOST_BOOT_WAITERS = 10_000;

    private final Object lock = new Object();
    private final DynoPool pool = new DynoPool();
    private volatile AppRoute route;

    /// In the order of their coming; null until the first one waits, as for most apps none ever does.
    private @Nullable LinkedHashSet<Waiter> queue;

    private @Nullable LinkedHashSet<Waiter> bootWaiters;
    private int unanswered;
    private volatile long movedNanos;
    private volatile boolean gone;
    private volatile boolean noticed;

    /// A request that waits for a dyno.
    interface Waiter {
        /// A dyno is counted as busy with this request from now on. Called on any thread.
        void granted(Backend backend);

        /// The dynos of the app changed: choose again. Called on any thread.
        void appChanged();

        /// Dynos that failed for this request already.
        List<Backend> tried();

        /// The affinity cookie of the request, empty for none.
        String affinity();

        /// Whether it asks for a tunnel, of which a dyno can hold many more.
        boolean isUpgrade();

        long waitingSinceNanos();
    }

    RoutedApp(AppRoute route) {
        this.route = route;
        synchronized (lock) {
            pool.use(route);
        }
    }

    AppRoute route() {
        return route;
    }

    /// Puts a new route in force and returns the dynos that are no longer up in it.
    List<Backend> update(AppRoute changed) {
        List<Backend> left;
        List<Waiter> again = new ArrayList<>(0);
        List<Grant> grants;
        synchronized (lock) {
            left = pool.use(changed);
            route = changed;
            grants = takeGrants();
            moveAll(bootWaiters, again);
            if (pool.size() == 0 || RouterFailure.Platform.of(changed) != null) {
                moveAll(queue, again);
            }
        }
        grants.forEach(Grant::hand);
        again.forEach(Waiter::appChanged);
        return left;
    }

    /// The app left the table: what waits finds no dyno.
    List<Backend> retire() {
        gone = true;
        AppRoute last = route;
        return update(AppRoute.of(last.id(), last.name(), List.of(), List.of()));
    }

    /// Whether it left the table.
    boolean isGone() {
        return gone;
    }

    /// Chooses a dyno for the request and counts it, or lets the request wait.
    Choice acquire(Waiter request, long nowNanos, int mostAttempts) {
        Choice choice;
        List<Grant> grants;
        synchronized (lock) {
            choice = choose(request, nowNanos, mostAttempts);
            if (choice != Choice.None.QUEUED || !pool.hasOpen(nowNanos)) {
                return choice;
            }
            // Those in front cannot use what is free, because they tried it.
            grants = takeGrants();
        }
        grants.forEach(Grant::hand);
        return choice;
    }

    private Choice choose(Waiter request, long nowNanos, int mostAttempts) {
        if (pool.size() == 0) {
            return whenNoneIsUp(request);
        }
        AppRoute now = route;
        List<Backend> tried = request.tried();
        if (tried.size() >= mostAttempts || pool.isExhausted(tried)) {
            return Choice.None.EXHAUSTED;
        }
        if (now.maxInFlightPerDyno().isEmpty()
                && unanswered
                        >= pool.size()
                                * (request.isUpgrade() ? UPGRADES_PER_DYNO : UNANSWERED_PER_DYNO)) {
            return Choice.None.BACKLOG_FULL;
        }
        boolean nobodyWaits = queue == null || queue.isEmpty();
        // Who had a dyno already that could not be connected does not line up again.
        if (nobodyWaits || !tried.isEmpty()) {
            Backend taken = take(request, nowNanos);
            if (taken != null) {
                return taken;
            }
        }
        if (!pool.isWorthWaiting(tried)) {
            return tried.isEmpty() ? Choice.None.QUARANTINED : Choice.None.EXHAUSTED;
        }
        int waiting = queue == null ? 0 : queue.size();
        if (waiting >= now.maxBacklog().orElse(BACKLOG_PER_DYNO * pool.size())) {
            return Choice.None.BACKLOG_FULL;
        }
        if (queue == null) {
            queue = new LinkedHashSet<>();
        }
        queue.add(request);
        return Choice.None.QUEUED;
    }

    /// The dyno began its answer, so the request no longer counts as one the app owes.
    void answered() {
        synchronized (lock) {
            unanswered--;
        }
    }

    /// The request left its dyno; whoever waits first gets the place.
    ///
    /// @param answered whether [#answered] was called for it
    void release(Backend backend, boolean answered) {
        List<Grant> grants;
        synchronized (lock) {
            pool.giveBack(backend);
            if (!answered) {
                unanswered--;
            }
            if (queue == null || queue.isEmpty()) {
                return;
            }
            grants = takeGrants();
        }
        grants.forEach(Grant::hand);
    }

    /// The dyno could not be connected: it is left alone, and [#quarantineEnded] is to be called when that is over.
    void quarantine(Backend backend, long untilNanos) {
        synchronized (lock) {
            pool.quarantine(backend, untilNanos);
        }
    }

    /// A quarantine may be over: whoever waits first gets the place, even if nobody gives one back.
    void quarantineEnded() {
        List<Grant> grants;
        synchronized (lock) {
            grants = takeGrants();
        }
        grants.forEach(Grant::hand);
    }

    void connected(Backend backend) {
        List<Grant> grants;
        synchronized (lock) {
            if (!backend.isQuarantined()) {
                return;
            }
            pool.endQuarantine(backend);
            grants = takeGrants();
        }
        grants.forEach(Grant::hand);
    }

    /// When a waiting request was last given a dyno.
    long movedNanos() {
        return movedNanos;
    }

    /// The request waits no longer.
    void leave(Waiter request) {
        synchronized (lock) {
            if (queue != null) {
                queue.remove(request);
            }
            if (bootWaiters != null) {
                bootWaiters.remove(request);
            }
        }
    }

    /// The loads of now, for the platform: name and requests in flight of each dyno that is up.
    Snapshot snapshot(long nowNanos) {
        synchronized (lock) {
            int waiting =
                    (queue == null ? 0 : queue.size())
                            + (bootWaiters == null ? 0 : bootWaiters.size());
            Waiter oldest = first(queue);
            if (oldest == null) {
                oldest = first(bootWaiters);
            }
            long wait = oldest == null ? 0 : nowNanos - oldest.waitingSinceNanos();
            return new Snapshot(pool.loads(), waiting, wait / 1_000_000);
        }
    }

    /// Addresses of its dynos that left the table in the middle of requests.
    List<String> leaving() {
        synchronized (lock) {
            return pool.leaving();
        }
    }

    /// What [#snapshot] found.
    record Snapshot(List<ControlFrame.DynoLoad> dynos, int queued, long oldestWaitMillis) {
        boolean isBusy() {
            return queued > 0 || dynos.stream().anyMatch(dyno -> dyno.inFlight() > 0);
        }
    }

    /// Whether [RouterStats] knows that the app has traffic.
    boolean isNoticed() {
        return noticed;
    }

    void noticed(boolean now) {
        noticed = now;
    }

    private record Grant(Waiter request, Backend backend) {
        void hand() {
            request.granted(backend);
        }
    }

    private Choice whenNoneIsUp(Waiter request) {
        boolean crashed = false;
        for (DynoRoute dyno : route.dynos()) {
            switch (dyno.state()) {
                case STARTING -> {
                    if (bootWaiters == null) {
                        bootWaiters = new LinkedHashSet<>();
                    }
                    if (bootWaiters.size() >= MOST_BOOT_WAITERS) {
                        return Choice.None.BACKLOG_FULL;
                    }
                    bootWaiters.add(request);
                    return Choice.None.BOOTING;
                }
                case CRASHED -> crashed = true;
                case UP -> {}
            }
        }
        return crashed ? Choice.None.CRASHED : Choice.None.NO_PROCESSES;
    }

    private @Nullable Backend take(Waiter request, long nowNanos) {
        AppRoute now = route;
        Backend taken =
                pool.take(
                        now.balance(),
                        request.tried(),
                        now.affinity() ? request.affinity() : "",
                        nowNanos,
                        ThreadLocalRandom.current());
        if (taken != null) {
            unanswered++;
        }
        return taken;
    }

    /// Gives free places to the requests that wait longest.
    private List<Grant> takeGrants() {
        if (queue == null || queue.isEmpty()) {
            return List.of();
        }
        List<Grant> grants = new ArrayList<>(1);
        long now = System.nanoTime();
        Iterator<Waiter> line = queue.iterator();
        while (line.hasNext() && pool.hasOpen(now)) {
            Waiter next = line.next();
            Backend taken = take(next, now);
            // Null when all that is free was tried for it: then the one behind it may have it.
            if (taken != null) {
                line.remove();
                movedNanos = now;
                grants.add(new Grant(next, taken));
            }
        }
        return grants;
    }

    private static @Nullable Waiter first(@Nullable Set<Waiter> waiting) {
        return waiting == null || waiting.isEmpty() ? null : waiting.iterator().next();
    }

    private static void moveAll(@Nullable Set<Waiter> from, List<Waiter> to) {
        if (from != null) {
            to.addAll(from);
            from.clear();
        }
    }
}
