package dev.paddock.manifold;

import dev.paddock.core.AppId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What others see of an app: the newest view and picture. The app loop alone renews them; they are read by any thread.
final class Snapshots {
    private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);

    private final Picture picture;
    private final RouterViews routerViews;
    private final LongSupplier revisions;
    private final ManifoldListener listener;
    private final Object lock = new Object();
    private volatile Snapshot newest;

    /// Touched by the app loop alone.
    private List<Views.Routed> routed = List.of();

    Snapshots(
            Picture picture,
            RouterViews routerViews,
            LongSupplier revisions,
            ManifoldListener listener) {
        this.picture = picture;
        this.routerViews = routerViews;
        this.revisions = revisions;
        this.listener = listener;
        AppView nothing = new AppView(picture.observed().app(), revisions.getAsLong(), List.of());
        newest = new Snapshot(nothing, picture.observed(), Optional.empty());
    }

    AppView view() {
        return newest.view;
    }

    Observed observed() {
        return newest.observed;
    }

    /// Waits until the snapshot fits, at most `limit`.
    boolean await(Predicate<Observed> condition, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            while (!condition.test(newest.observed)) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            return true;
        }
    }

    /// Renews the snapshot; a change that routers must know of gets a new revision and is announced.
    void publish() {
        if (isSame(newest.observed, picture.observed())
                && newest.asleep.equals(picture.desired().asleep())) {
            return;
        }
        List<DynoView> views = Views.of(picture.observed(), picture.desired());
        List<DynoView> routes = Views.routes(picture.observed(), picture.desired(), views);
        List<Views.Routed> nowRouted = Views.routed(routes);
        boolean concernsRouters =
                !nowRouted.equals(routed)
                        || picture.observed().adopted() != newest.observed.adopted();
        routed = nowRouted;
        long revision = concernsRouters ? revisions.getAsLong() : newest.view.revision();
        AppView view = new AppView(picture.observed().app(), revision, views, routes);
        routerViews.viewed(view);
        synchronized (lock) {
            newest = new Snapshot(view, picture.observed(), picture.desired().asleep());
            lock.notifyAll();
        }
        if (concernsRouters) {
            announce();
        }
    }

    void announce() {
        AppId app = picture.observed().app();
        try {
            listener.changed(app);
        } catch (RuntimeException e) {
            LOG.warn("app {}: could not announce a change: {}", app, e.toString());
        }
    }

    // Identity on purpose: the fold keeps the very picture when nothing changed, and comparing all
    // of it costs more
    // than planning again.
    @SuppressWarnings("ReferenceEquality")
    static boolean isSame(Observed before, Observed now) {
        return before == now;
    }

    private record Snapshot(AppView view, Observed observed, Optional<Desired.Asleep> asleep) {}
}
