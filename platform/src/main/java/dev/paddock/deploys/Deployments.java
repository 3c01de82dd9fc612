package dev.paddock.deploys;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Apps;
import dev.paddock.build.Builder;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.Release;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.dyno.Engine;
import dev.paddock.formation.Formations;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// The changes that concern everything at once: push, config, rollback, rename, destruction. One at a time per app;
/// the next waits. Safe for any thread.
public final class Deployments {
    public Deployments(Parts parts) {
        throw new UnsupportedOperationException();
    }

    public App create(
            Account owner,
            Optional<AppName> name,
            Optional<String> stack,
            Optional<String> region) {
        throw new UnsupportedOperationException();
    }

    /// Builds the tree and releases it. Output lines go to `output`, the last ones naming the release and the URL.
    /// Empty when the build failed; its reason went to the output.
    public Optional<Release> deploy(App app, Push push, Actor user, Consumer<String> output)
            throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    /// Sets (value) and unsets (null) config vars in one release named after them; no release when nothing changes.
    public Release configure(AppId app, Map<String, Optional<String>> changes, Actor user) {
        throw new UnsupportedOperationException();
    }

    /// Throws UserError when that release cannot be run: it has no slug, failed, or does not exist.
    public Release rollback(AppId app, String versionOrId, Actor user) {
        throw new UnsupportedOperationException();
    }

    public App rename(App app, AppName name, Actor user) {
        throw new UnsupportedOperationException();
    }

    public App setMaintenance(App app, boolean on, Actor user) {
        throw new UnsupportedOperationException();
    }

    /// Ends everything of the app: routes, dynos, slugs, repository, log, rows; returns when nothing is left.
    public void destroy(App app, Actor user) {
        throw new UnsupportedOperationException();
    }

    /// Finishes destructions that an earlier platform process began. Called once at start.
    public void resume() {
        throw new UnsupportedOperationException();
    }

    /// The git repositories of apps.
    public Path repository(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// A tree that was pushed.
    public record Push(InputStream tar, String commit, String message) {}

    /// All that this orchestrator needs.
    public record Parts(
            Apps apps,
            SlugStore slugs,
            Builder builder,
            Releases releases,
            Formations formations,
            Manifold manifold,
            Engine engine,
            RoutePublisher routes,
            LogHub logs,
            Path repositories,
            String domain,
            String publicUrl) {}
}
