package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame.DynoLoad;
import dev.paddock.routes.DynoRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The dynos of one app that are up, and what each is busy with. Guarded by the lock of its [RoutedApp].
final class DynoPool {
    private List<Backend> up = List.of();

    /// Left the table while they were busy: when one comes back, what it is busy with still counts.
    private final List<Backend> leaving = new ArrayList<>(0);

    /// Those of `up` that may be given a request: not quarantined, not full. Made when it is needed, for most apps of a
    /// big table are never asked for.
    private @Nullable LoadBuckets open;

    private int limit = Integer.MAX_VALUE;
    private int quarantined;
    private long nextReleaseNanos;
    private int lastPlace = -1;

    /// Puts the dynos of a route in force and returns those that are no longer up.
    List<Backend> use(AppRoute route) {
        List<Backend> now = new ArrayList<>(route.dynos().size());
        for (DynoRoute dyno : route.dynos()) {
            if (dyno.state() == DynoRoute.State.UP) {
                Backend known = known(dyno, now.size());
                if (known == null) {
                    known = find(now, dyno);
                }
                Backend backend = known == null ? new Backend(route.name(), dyno) : known;
                if (!isAtItsPlace(backend, now)) {
                    backend.place(now.size());
                    now.add(backend);
                }
            }
        }
        List<Backend> gone = new ArrayList<>(0);
        for (Backend old : up) {
            if (!isAtItsPlace(old, now)) {
                old.retire();
                gone.add(old);
                if (old.inFlight() > 0) {
                    leaving.add(old);
                }
            }
        }
        leaving.removeIf(old -> !old.isRetired());
        up = now;
        open = null;
        limit = route.maxInFlightPerDyno().orElse(Integer.MAX_VALUE);
        countQuarantined();
        return gone;
    }

    private static boolean isAtItsPlace(Backend backend, List<Backend> dynos) {
        int place = backend.place();
        return place >= 0 && place < dynos.size() && dynos.get(place) == backend;
    }

    private void countQuarantined() {
        quarantined = 0;
        for (Backend backend : up) {
            if (backend.isQuarantined()) {
                noteQuarantine(backend.quarantinedUntil());
            }
        }
    }

    private void noteQuarantine(long untilNanos) {
        if (quarantined == 0 || untilNanos - nextReleaseNanos < 0) {
            nextReleaseNanos = untilNanos;
        }
        quarantined++;
    }

    int size() {
        return up.size();
    }

    /// Whether any dyno may be given a request.
    boolean hasOpen(long nowNanos) {
        endQuarantines(nowNanos);
        return open().size() > 0;
    }

    /// Chooses a dyno that was not tried yet and counts it as busy; null for none.
    ///
    /// @param cookie what [Backend#affinity] of the dyno to prefer says, empty for none
    @Nullable Backend take(
            AppRoute.Balance balance,
            List<Backend> tried,
            String cookie,
            long nowNanos,
            RandomGenerator random) {
        endQuarantines(nowNanos);
        Backend chosen = bound(cookie, tried);
        if (chosen == null) {
            chosen = choose(balance, tried, random);
        }
        if (chosen != null) {
            lastPlace = chosen.place();
            count(chosen, 1);
        }
        return chosen;
    }

    private @Nullable Backend choose(
            AppRoute.Balance balance, List<Backend> tried, RandomGenerator random) {
        LoadBuckets choice = open();
        // By index: an iterator for each request is what an allocation profile shows.
        for (int i = 0; i < tried.size(); i++) {
            if (isOpen(tried.get(i))) {
                choice.remove(tried.get(i).place(), tried.get(i).inFlight());
            }
        }
        Backend chosen =
                choice.size() == 0
                        ? null
                        : BackendChooser.choose(balance, up, choice, lastPlace, random);
        for (int i = 0; i < tried.size(); i++) {
            if (isOpen(tried.get(i))) {
                choice.add(tried.get(i).place(), tried.get(i).inFlight());
            }
        }
        return chosen;
    }

    void giveBack(Backend backend) {
        count(backend, -1);
        if (backend.inFlight() == 0 && backend.isRetired()) {
            leaving.remove(backend);
        }
    }

    /// Whether every dyno was tried.
    boolean isExhausted(List<Backend> tried) {
        int triedHere = 0;
        for (int i = 0; i < tried.size(); i++) {
            if (!tried.get(i).isRetired()) {
                triedHere++;
            }
        }
        return triedHere >= up.size();
    }

    /// Whether a dyno that was not tried is only busy, so that waiting helps.
    boolean isWorthWaiting(List<Backend> tried) {
        if (quarantined == 0) {
            return !isExhausted(tried);
        }
        for (Backend backend : up) {
            if (!backend.isQuarantined() && !tried.contains(backend)) {
                return true;
            }
        }
        return false;
    }

    void quarantine(Backend backend, long untilNanos) {
        endQuarantine(backend);
        if (isOpen(backend)) {
            open().remove(backend.place(), backend.inFlight());
        }
        backend.quarantine(untilNanos);
        if (!backend.isRetired()) {
            noteQuarantine(untilNanos);
        }
    }

    void endQuarantine(Backend backend) {
        if (!backend.isQuarantined()) {
            return;
        }
        backend.endQuarantine();
        if (!backend.isRetired()) {
            quarantined--;
            if (isOpen(backend)) {
                open().add(backend.place(), backend.inFlight());
            }
        }
    }

    /// Addresses of dynos that are no longer up and still busy.
    List<String> leaving() {
        return leaving.stream().map(Backend::addressText).toList();
    }

    List<DynoLoad> loads() {
        List<DynoLoad> loads = new ArrayList<>(up.size());
        for (Backend backend : up) {
            loads.add(new DynoLoad(backend.name(), backend.inFlight()));
        }
        return loads;
    }

    private void endQuarantines(long nowNanos) {
        if (quarantined == 0 || nowNanos - nextReleaseNanos < 0) {
            return;
        }
        long next = Long.MAX_VALUE;
        for (Backend backend : up) {
            if (backend.isQuarantined()) {
                long left = backend.quarantinedUntil() - nowNanos;
                if (left <= 0) {
                    endQuarantine(backend);
                } else {
                    next = Math.min(next, left);
                }
            }
        }
        nextReleaseNanos = nowNanos + Math.min(next, Long.MAX_VALUE / 2);
    }

    private void count(Backend backend, int requests) {
        if (isOpen(backend)) {
            open().remove(backend.place(), backend.inFlight());
        }
        backend.add(requests);
        if (isOpen(backend)) {
            open().add(backend.place(), backend.inFlight());
        }
    }

    private boolean isOpen(Backend backend) {
        return !backend.isRetired() && !backend.isQuarantined() && backend.inFlight() < limit;
    }

    private LoadBuckets open() {
        LoadBuckets made = open;
        if (made == null) {
            made = new LoadBuckets(up.size());
            for (Backend backend : up) {
                if (isOpen(backend)) {
                    made.add(backend.place(), backend.inFlight());
                }
            }
            open = made;
        }
        return made;
    }

    private @Nullable Backend bound(String cookie, List<Backend> tried) {
        if (!cookie.isEmpty()) {
            for (Backend backend : up) {
                if (isOpen(backend)
                        && backend.affinity().equals(cookie)
                        && !tried.contains(backend)) {
                    return backend;
                }
            }
        }
        return null;
    }

    /// @param place where it is likely to be, for tables change little
    private @Nullable Backend known(DynoRoute dyno, int place) {
        if (place < up.size() && up.get(place).is(dyno)) {
            return up.get(place);
        }
        Backend here = find(up, dyno);
        return here == null ? find(leaving, dyno) : here;
    }

    private static @Nullable Backend find(List<Backend> among, DynoRoute dyno) {
        for (Backend backend : among) {
            if (backend.is(dyno)) {
                return backend;
            }
        }
        return null;
    }
}
