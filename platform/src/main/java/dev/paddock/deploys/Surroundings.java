package dev.paddock.deploys;

import dev.paddock.build.Builder;
import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.formation.ReleaseDynos;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a deployment sets in motion outside the database: builds, dynos, routes.
interface Surroundings {
    Builder.BuildResult build(Builder.Source source, Consumer<String> output)
            throws InterruptedException;

    /// Runs the release command of the slug to its end.
    ReleaseDynos.Outcome runReleaseCommand(Release release, Slug slug, Consumer<String> output)
            throws InterruptedException;

    /// Stops release commands that nobody waits for.
    void stopReleaseCommands(AppId app);

    /// There is a new current release: dynos and routes follow it.
    void released(AppId app);

    /// Something that only routes depend on has changed.
    void changed(AppId app);

    /// Ends routes and dynos of an app that is being destroyed, in this order. False when dynos do not end in time.
    boolean end(AppId app) throws InterruptedException;

    /// Deletes what builds of the app left for the next one.
    void removeCache(AppId app);

    /// Drops what engine and builder keep for an app without dynos.
    void discard(AppId app);

    /// The real ones.
    record Live(Deployments.Parts parts) implements Surroundings {
        private static final Logger LOG = LoggerFactory.getLogger(Surroundings.class);

        /// A router takes a table in milliseconds; when there is none to ask, nothing is routed either.
        private static final Duration SETTLE_LIMIT = Duration.ofSeconds(10);

        /// SIGTERM, 30 seconds of grace, SIGKILL.
        private static final Duration QUIET_LIMIT = Duration.ofSeconds(60);

        @Override
        public Builder.BuildResult build(Builder.Source source, Consumer<String> output)
                throws InterruptedException {
            return parts.builder().build(source, output);
        }

        @Override
        public ReleaseDynos.Outcome runReleaseCommand(
                Release release, Slug slug, Consumer<String> output) throws InterruptedException {
            return parts.releaseDynos().run(release, slug, output);
        }

        @Override
        public void stopReleaseCommands(AppId app) {
            parts.releaseDynos().stopAll(app);
        }

        @Override
        public void released(AppId app) {
            parts.formations().released(app);
            parts.routes().changed(app);
        }

        @Override
        public void changed(AppId app) {
            parts.routes().changed(app);
        }

        @Override
        public boolean end(AppId app) throws InterruptedException {
            parts.formations().wantNothing(app);
            parts.routes().changed(app);
            if (!parts.routes().settle(SETTLE_LIMIT)) {
                LOG.warn("No router confirmed that app {} is gone", app);
            }
            return parts.manifold().quiet(app, QUIET_LIMIT);
        }

        @Override
        public void removeCache(AppId app) {
            parts.builder().removeCache(app);
        }

        @Override
        public void discard(AppId app) {
            parts.engine().discard(app);
            parts.builder().removeCache(app);
        }
    }
}
