package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Engine;
import java.util.Optional;
import java.util.concurrent.Executor;

/// Keeps the dynos of all apps as wanted: one loop per app. Safe for any thread.
public final class Manifold implements AutoCloseable {
    /// @param effects runs the loops' actions and listener calls; a virtual thread per task in production
    public Manifold(
            Engine engine,
            Timers timers,
            Executor effects,
            ManifoldListener listener,
            RestartPolicy restarts) {
        throw new UnsupportedOperationException();
    }

    /// Reads `engine.list()` once, takes over what runs, and from then on looks again every few seconds. Called after
    /// `want` has been called for every app that should run something; dynos of other apps are retired.
    public void start() {
        throw new UnsupportedOperationException();
    }

    /// Only `Formations` and start-up call this.
    public void want(AppId app, Desired desired) {
        throw new UnsupportedOperationException();
    }

    /// Replaces dynos that run now; resets their crash back-off. Both empty: all formation dynos.
    public void restart(AppId app, Optional<ProcessType> type, Optional<DynoName> name) {
        throw new UnsupportedOperationException();
    }

    /// Stops a dyno: a formation dyno is started anew by the manifold, a one-off ends.
    public void stop(AppId app, DynoName name) {
        throw new UnsupportedOperationException();
    }

    /// Starts a one-off or release dyno; it is never restarted.
    public void run(DynoSpec spec) {
        throw new UnsupportedOperationException();
    }

    /// The engine's events.
    public void accept(DynoEvent event) {
        throw new UnsupportedOperationException();
    }

    /// All connected routers serve a table built from this revision of the app's view, or a later one: dynos that
    /// were not routable in it may now be stopped and their addresses reused.
    public void routed(AppId app, long revision) {
        throw new UnsupportedOperationException();
    }

    /// Hangs up a one-off whose client went away.
    public void hangUp(AppId app, DynoId dyno) {
        throw new UnsupportedOperationException();
    }

    /// The newest snapshot; empty dynos for an app the manifold does not know.
    public AppView view(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// Retires every dyno of the app and waits until all ended and are forgotten, at most `limit`.
    public boolean quiet(AppId app, java.time.Duration limit) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    /// Stops deciding; dynos go on running.
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
