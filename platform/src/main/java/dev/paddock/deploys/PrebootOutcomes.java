package dev.paddock.deploys;

import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.core.UserError;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.formation.Formations;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import dev.paddock.manifold.ManifoldListener.Preboot;
import dev.paddock.manifold.ManifoldListener.Preboot.GivenUp;
import dev.paddock.manifold.ManifoldListener.Preboot.TookOver;
import dev.paddock.releases.Releases;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;

/// What becomes of a release, or a new size, whose web dynos took over or did not come up. Safe for any thread; doing it
/// twice does no harm.
public final class PrebootOutcomes {
    private final Releases releases;
    private final Formations formations;
    private final Consumer<AppId> routes;
    private final LogSink log;
    private final InstantSource clock;

    public PrebootOutcomes(
            Releases releases,
            Formations formations,
            RoutePublisher routes,
            LogSink log,
            InstantSource clock) {
        this(releases, formations, routes::changed, log, clock);
    }

    PrebootOutcomes(
            Releases releases,
            Formations formations,
            Consumer<AppId> routes,
            LogSink log,
            InstantSource clock) {
        this.releases = releases;
        this.formations = formations;
        this.routes = routes;
        this.log = log;
        this.clock = clock;
    }

    /// Returns when it is stored.
    public void ended(AppId app, Preboot outcome) {
        try {
            switch (outcome) {
                case TookOver(var release) -> {
                    formations.tookOver(app);
                    log(app, "Release " + release + " took over: all its web dynos are up");
                }
                case GivenUp failure -> givenUp(app, failure);
            }
        } catch (UserError _) {
            // The app is gone, or going.
        }
    }

    private void givenUp(AppId app, GivenUp failure) {
        if (failure.kept().isPresent()) {
            String kept = failure.kept().get().name();
            if (formations.keepSize(app, failure.size(), failure.kept().get())) {
                log(
                        app,
                        "Size "
                                + failure.size().name()
                                + " of web failed: "
                                + failure.why()
                                + "; dynos of size "
                                + kept
                                + " stay in service");
            }
            return;
        }
        Optional<Release> failed = releases.fail(app, failure.release());
        if (failed.isPresent()) {
            log(
                    app,
                    "Release "
                            + failure.release()
                            + " failed: "
                            + failure.why()
                            + "; the web dynos of the release before stay in service");
        }
        // Also when it was stored before: the manifold may have been told too early to hear it.
        formations.released(app);
        routes.accept(app);
    }

    private void log(AppId app, String text) {
        log.write(LogLine.of(app, clock.instant(), LogSource.APP, "api", text));
    }
}
