package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.DynoRoute;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// One app as it is served: its route, its dynos with their loads, and the requests that wait. Survives table swaps.
///
/// Safe for any thread; choosing and counting, and giving back and handing on, are one step each under one lock.
final class RoutedApp {
    private static final int BACKLOG_PER_DYNO = 50;
    private static final int UNANSWERED_PER_DYNO = 200;
    private static final int UPGRADES_PER_DYNO = 1000;
    private static final int MOST_BOOT_WAITERS = 10_000;

    private final Object lock = new Object();
    private final AppLoad load = new AppLoad();
    private volatile AppRoute route;
    private List<Backend> up = List.of();
    private final List<Backend> candidates = new ArrayList<>();
    private final ArrayDeque<Waiter> queue = new ArrayDeque<>();
    private final Set<Waiter> bootWaiters = new LinkedHashSet<>();
    private int unanswered;
    private long turn;
    private volatile long movedNanos;

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
            up = backends(route);
        }
    }

    AppRoute route() {
        return route;
    }

    AppLoad load() {
        return load;
    }

    /// Puts a new route in force and returns the dynos that are no longer in it.
    List<Backend> update(AppRoute changed) {
        List<Backend> gone = new ArrayList<>();
        List<Waiter> waiting;
        List<Grant> grants;
        synchronized (lock) {
            List<Backend> now = backends(changed);
            for (Backend old : up) {
                if (!now.contains(old)) {
                    old.retire();
                    gone.add(old);
                }
            }
            up = now;
            route = changed;
            waiting = new ArrayList<>(bootWaiters);
            bootWaiters.clear();
            grants = takeGrants();
            if (up.isEmpty()) {
                waiting.addAll(queue);
                queue.clear();
            }
        }
        waiting.forEach(Waiter::appChanged);
        grants.forEach(Grant::hand);
        return gone;
    }

    /// The app left the table: what waits finds no dyno.
    List<Backend> retire() {
        AppRoute last = route;
        return update(AppRoute.of(last.id(), last.name(), List.of(), List.of()));
    }

    /// Chooses a dyno for the request and counts it, or lets the request wait.
    Choice acquire(Waiter request, long nowNanos, int mostAttempts) {
        synchronized (lock) {
            if (up.isEmpty()) {
                return whenNoneIsUp(request);
            }
            List<Backend> tried = request.tried();
            if (tried.size() >= mostAttempts) {
                return Choice.None.EXHAUSTED;
            }
            boolean untried = false;
            boolean busy = false;
            int limit = route.maxInFlightPerDyno().orElse(Integer.MAX_VALUE);
            candidates.clear();
            for (Backend backend : up) {
                if (tried.isEmpty() || !tried.contains(backend)) {
                    untried = true;
                    if (!backend.isQuarantined(nowNanos)) {
                        if (backend.inFlight() < limit) {
                            candidates.add(backend);
                        } else {
                            busy = true;
                        }
                    }
                }
            }
            if (!untried) {
                return Choice.None.EXHAUSTED;
            }
            if (route.maxInFlightPerDyno().isEmpty()
                    && unanswered
                            >= up.size()
                                    * (request.isUpgrade()
                                            ? UPGRADES_PER_DYNO
                                            : UNANSWERED_PER_DYNO)) {
                return Choice.None.BACKLOG_FULL;
            }
            if (!candidates.isEmpty() && (queue.isEmpty() || !tried.isEmpty())) {
                return take(pick(request));
            }
            if (busy || !candidates.isEmpty()) {
                int backlog = route.maxBacklog().orElse(BACKLOG_PER_DYNO * up.size());
                if (queue.size() >= backlog) {
                    return Choice.None.BACKLOG_FULL;
                }
                queue.add(request);
                return Choice.None.QUEUED;
            }
            return tried.isEmpty() ? Choice.None.QUARANTINED : Choice.None.EXHAUSTED;
        }
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
            backend.add(-1);
            if (!answered) {
                unanswered--;
            }
            if (queue.isEmpty()) {
                return;
            }
            grants = takeGrants();
        }
        grants.forEach(Grant::hand);
    }

    void quarantine(Backend backend, long untilNanos) {
        synchronized (lock) {
            backend.quarantine(untilNanos);
        }
    }

    void connected(Backend backend) {
        synchronized (lock) {
            backend.release();
        }
    }

    /// When a waiting request was last given a dyno.
    long movedNanos() {
        return movedNanos;
    }

    /// The request waits no longer.
    void leave(Waiter request) {
        synchronized (lock) {
            queue.remove(request);
            bootWaiters.remove(request);
        }
    }

    /// The loads of now, for the platform: name and requests in flight of each dyno that is up.
    Snapshot snapshot(long nowNanos) {
        synchronized (lock) {
            List<ControlFrame.DynoLoad> dynos = new ArrayList<>(up.size());
            for (Backend backend : up) {
                dynos.add(new ControlFrame.DynoLoad(backend.name(), backend.inFlight()));
            }
            Waiter oldest = queue.peek();
            int waiting = queue.size() + bootWaiters.size();
            if (oldest == null && !bootWaiters.isEmpty()) {
                oldest = bootWaiters.iterator().next();
            }
            long wait = oldest == null ? 0 : nowNanos - oldest.waitingSinceNanos();
            return new Snapshot(dynos, waiting, wait / 1_000_000);
        }
    }

    /// What [#snapshot] found.
    record Snapshot(List<ControlFrame.DynoLoad> dynos, int queued, long oldestWaitMillis) {}

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

    private Backend pick(Waiter request) {
        String cookie = route.affinity() ? request.affinity() : "";
        if (!cookie.isEmpty()) {
            for (Backend candidate : candidates) {
                if (candidate.affinity().equals(cookie)) {
                    return candidate;
                }
            }
        }
        return BackendChooser.choose(
                route.balance(), candidates, turn++, ThreadLocalRandom.current());
    }

    private Backend take(Backend backend) {
        backend.add(1);
        unanswered++;
        return backend;
    }

    /// Gives free places to the requests that wait longest.
    private List<Grant> takeGrants() {
        List<Grant> grants = new ArrayList<>(1);
        long now = System.nanoTime();
        int limit = route.maxInFlightPerDyno().orElse(Integer.MAX_VALUE);
        while (!queue.isEmpty()) {
            Waiter first = queue.peek();
            candidates.clear();
            for (Backend backend : up) {
                if (backend.inFlight() < limit
                        && !backend.isQuarantined(now)
                        && !first.tried().contains(backend)) {
                    candidates.add(backend);
                }
            }
            if (candidates.isEmpty()) {
                break;
            }
            queue.remove();
            movedNanos = now;
            grants.add(new Grant(first, take(pick(first))));
        }
        return grants;
    }

    private List<Backend> backends(AppRoute from) {
        List<Backend> now = new ArrayList<>();
        for (DynoRoute dyno : from.dynos()) {
            if (dyno.state() == DynoRoute.State.UP) {
                Backend known = find(dyno);
                now.add(known == null ? new Backend(from.name(), dyno) : known);
            }
        }
        return now;
    }

    private @Nullable Backend find(DynoRoute dyno) {
        for (Backend backend : up) {
            if (backend.is(dyno)) {
                return backend;
            }
        }
        return null;
    }
}
