package dev.paddock.deploys;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Feature;
import dev.paddock.build.Builder;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.dyno.Engine;
import dev.paddock.formation.Formations;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.Manifold;
import dev.paddock.releases.Releases;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The changes that concern everything at once: push, config, rollback, rename, destruction. One at a time per app;
/// the next waits. Safe for any thread.
///
/// Each writes the database first and tells dynos and routes after; they look at the database themselves, so that a
/// telling that is lost or doubled does no harm.
public final class Deployments {
    private static final Logger LOG = LoggerFactory.getLogger(Deployments.class);

    private static final String REPOSITORY_SUFFIX = ".git";
    private static final int SHORT_COMMIT = 8;

    /// A destruction that failed (PostgreSQL away, a dyno that does not end) is tried again this often.
    private static final int FINISH_ATTEMPTS = 20;

    private static final Duration FINISH_PAUSE = Duration.ofSeconds(30);

    private final Apps apps;
    private final Releases releases;
    private final SlugStore slugs;
    private final LogHub logs;
    private final Path repositories;
    private final String publicUrl;
    private final Surroundings surroundings;
    private final InstantSource clock;
    private final AppLocks locks = new AppLocks();

    public Deployments(Parts parts) {
        this(
                new State(
                        parts.apps(),
                        parts.releases(),
                        parts.slugs(),
                        parts.logs(),
                        parts.repositories(),
                        parts.publicUrl()),
                new Surroundings.Live(parts),
                InstantSource.system());
    }

    Deployments(State state, Surroundings surroundings, InstantSource clock) {
        this.apps = state.apps();
        this.releases = state.releases();
        this.slugs = state.slugs();
        this.logs = state.logs();
        this.repositories = state.repositories();
        this.publicUrl = state.publicUrl();
        this.surroundings = surroundings;
        this.clock = clock;
    }

    public App create(
            Account owner,
            Optional<AppName> name,
            Optional<String> stack,
            Optional<String> region) {
        App app = apps.create(owner, name, stack, region);
        log(app.id(), "Initial release by user " + owner.email());
        log(app.id(), "Release v1 created by user " + owner.email());
        surroundings.changed(app.id());
        return app;
    }

    /// Builds the tree and releases it. Output lines go to `output`, the last ones naming the release and the URL.
    /// Empty when the build failed; its reason went to the output. Throws UserError when too many builds wait already
    /// or the app is destroyed meanwhile.
    public Optional<Release> deploy(App app, Push push, Actor user, Consumer<String> output)
            throws InterruptedException {
        AppId id = app.id();
        Runnable waiting = () -> output.accept("-----> Waiting for another build of this app");
        try (AppLocks.BuildTurn turn = locks.build(id, waiting)) {
            Builder.Source source = source(id, push);
            log(id, "Build started by user " + user.email());
            return switch (turn.run(() -> surroundings.build(source, output))) {
                case Builder.BuildResult.Built(Slug slug) ->
                        Optional.of(release(id, slug, push, user, output));
                case Builder.BuildResult.Failed(String reason) -> {
                    log(id, "Build failed: " + reason);
                    output.accept(" !     Build failed: " + reason);
                    output.accept(" !");
                    output.accept(" !     Push failed");
                    yield Optional.empty();
                }
            };
        }
    }

    private Builder.Source source(AppId id, Push push) {
        App app = apps.find(id).orElseThrow(() -> UserError.notFound("app"));
        return new Builder.Source(
                id, app.stack(), newest(id).config(), push.tar(), push.commit(), push.message());
    }

    private Release release(AppId app, Slug slug, Push push, Actor user, Consumer<String> output) {
        log(app, "Build succeeded");
        output.accept("-----> Launching...");
        String deploy =
                "Deploy "
                        + push.commit()
                                .substring(0, Math.min(SHORT_COMMIT, push.commit().length()));
        try (AppLocks.Turn _ = locks.change(app)) {
            Release made =
                    releases.create(
                            app,
                            user,
                            newest ->
                                    new Releases.Next(
                                            deploy, Optional.of(slug.id()), newest.config()));
            announce(made, deploy);
            output.accept("       Released " + made.version());
            output.accept("       " + url(app) + " deployed to Paddock");
            return made;
        }
    }

    /// Sets (value) and unsets (null) config vars in one release named after them. When nothing changes there is no
    /// release, and the newest one is returned.
    public Release configure(AppId app, Map<String, Optional<String>> changes, Actor user) {
        try (AppLocks.Turn _ = locks.change(app)) {
            Optional<Release> made =
                    releases.createIfChanged(
                            app,
                            user,
                            newest ->
                                    ConfigChange.of(newest.config(), changes)
                                            .map(change ->
                                                    new Releases.Next(
                                                            change.description(),
                                                            newest.slug(),
                                                            change.config())));
            made.ifPresent(release -> announce(release, release.description()));
            return made.orElseGet(() -> newest(app));
        }
    }

    /// Throws UserError when that release cannot be run: it has no slug, failed, or does not exist.
    public Release rollback(AppId app, String versionOrId, Actor user) {
        try (AppLocks.Turn _ = locks.change(app)) {
            Release target =
                    releases.find(app, versionOrId)
                            .orElseThrow(() -> UserError.notFound("release"));
            if (target.status() != Release.Status.SUCCEEDED) {
                throw UserError.invalid(
                        "Cannot roll back to "
                                + target.version()
                                + ": that release did not succeed. See which did with: heroku"
                                + " releases");
            }
            if (target.slug().isEmpty()) {
                throw UserError.invalid(
                        "Cannot roll back to "
                                + target.version()
                                + ": it has no slug, since nothing was deployed yet. See later ones"
                                + " with: heroku releases");
            }
            String description = "Rollback to " + target.version();
            Release made =
                    releases.create(
                            app,
                            user,
                            _ -> new Releases.Next(description, target.slug(), target.config()));
            announce(made, description);
            return made;
        }
    }

    /// Releases the code of another app's release on `target`, which keeps its own config. Throws UserError when that
    /// release has no code, or the app is destroyed meanwhile.
    public Release promote(App source, Release promoted, AppId target, Actor user) {
        Slug slug =
                promoted.slug()
                        .flatMap(slugs::find)
                        .orElseThrow(() ->
                                UserError.invalid(
                                        "Release "
                                                + promoted.version()
                                                + " of "
                                                + source.name()
                                                + " has no slug to promote."));
        String description =
                "Promote "
                        + source.name()
                        + " "
                        + promoted.version()
                        + slug.commit().map(commit -> " " + shortened(commit)).orElse("");
        try (AppLocks.Turn _ = locks.change(target)) {
            Slug shared = slugs.share(slug, target);
            Release made =
                    releases.create(
                            target,
                            user,
                            newest ->
                                    new Releases.Next(
                                            description,
                                            Optional.of(shared.id()),
                                            newest.config()));
            announce(made, description);
            return made;
        }
    }

    private static String shortened(String commit) {
        return commit.substring(0, Math.min(SHORT_COMMIT, commit.length()));
    }

    public App rename(App app, AppName name, Actor user) {
        try (AppLocks.Turn _ = locks.change(app.id())) {
            App renamed = apps.rename(app, name);
            log(app.id(), "Rename to " + name + " by user " + user.email());
            surroundings.changed(app.id());
            return renamed;
        }
    }

    public App setMaintenance(App app, boolean on, Actor user) {
        try (AppLocks.Turn _ = locks.change(app.id())) {
            App changed = apps.setMaintenance(app, on);
            String state = on ? "on" : "off";
            log(app.id(), "Maintenance mode turned " + state + " by user " + user.email());
            surroundings.changed(app.id());
            return changed;
        }
    }

    /// Throws UserError.notFound("feature") for an unknown name.
    public Feature setFeature(App app, String name, boolean enabled, Actor user) {
        try (AppLocks.Turn _ = locks.change(app.id())) {
            Feature feature = apps.setFeature(app.id(), name, enabled);
            String verb = enabled ? "Enable " : "Disable ";
            log(app.id(), verb + feature.name() + " feature by user " + user.email());
            // Dynos that start from now on are told of it, too.
            surroundings.released(app.id());
            return feature;
        }
    }

    /// Ends everything of the app: routes, dynos, slugs, repository, log, rows; returns when nothing is left.
    public void destroy(App app, Actor user) {
        if (!apps.beginDestroying(app.id())) {
            throw UserError.notFound("app");
        }
        LOG.info("App {} ({}) is destroyed by {}", app.name(), app.id(), user.email());
        try {
            finish(app.id());
        } catch (RuntimeException e) {
            LOG.error("Destroying app {} failed for now", app.id(), e);
            finishLater(app.id(), FINISH_PAUSE);
            throw new UserError(
                    "unavailable",
                    "App "
                            + app.name()
                            + " is being destroyed, but that is not done yet. The platform goes on"
                            + " with it by itself; the name is free when it is done.");
        }
    }

    /// Goes on, in the background, with destructions that an earlier platform process began, and deletes repositories
    /// that belong to no app. Called once at start, before users are let in.
    public void resume() {
        List<AppId> unfinished = apps.destroying();
        unfinished.forEach(app -> finishLater(app, Duration.ZERO));
        Set<Path> known = new HashSet<>();
        unfinished.forEach(app -> known.add(repository(app)));
        apps.all().forEach(app -> known.add(repository(app.id())));
        if (!Files.isDirectory(repositories)) {
            return;
        }
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(repositories, "*" + REPOSITORY_SUFFIX)) {
            for (Path repository : found) {
                if (!known.contains(repository)) {
                    Trees.delete(repository);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting repositories of no app", e);
        }
    }

    /// The git repositories of apps.
    public Path repository(AppId app) {
        return repositories.resolve(app + REPOSITORY_SUFFIX);
    }

    /// Each step may be repeated; the row goes last, so that what is left undone is known.
    private void finish(AppId app) {
        try (AppLocks.Turn _ = locks.destroy(app)) {
            if (!surroundings.end(app)) {
                throw new IllegalStateException("Dynos of app " + app + " do not end");
            }
            surroundings.discard(app);
            slugs.remove(app);
            Trees.delete(repository(app));
            logs.remove(app);
            apps.delete(app);
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting the repository of app " + app, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while destroying app " + app, e);
        }
    }

    private void finishLater(AppId app, Duration pause) {
        Thread.ofVirtual()
                .name("destroy/" + app)
                .start(() -> {
                    Duration next = pause;
                    for (int attempt = 1; attempt <= FINISH_ATTEMPTS; attempt++) {
                        try {
                            Thread.sleep(next);
                            finish(app);
                            return;
                        } catch (RuntimeException e) {
                            LOG.error("Destroying app {}, attempt {}", app, attempt, e);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                            return;
                        }
                        next = FINISH_PAUSE;
                    }
                });
    }

    /// A release was made: its lines in the log, then dynos and routes follow.
    private void announce(Release made, String what) {
        String by = " by user " + made.user().email();
        log(made.app(), what + by);
        log(made.app(), "Release " + made.version() + " created" + by);
        surroundings.released(made.app());
    }

    private Release newest(AppId app) {
        return releases.list(app, Optional.empty(), 1).stream()
                .findFirst()
                .orElseThrow(() -> UserError.notFound("app"));
    }

    private String url(AppId app) {
        String name = apps.find(app).map(found -> found.name().value()).orElse("");
        return publicUrl.replace("%s", name);
    }

    private void log(AppId app, String text) {
        logs.write(LogLine.of(app, clock.instant(), LogSource.APP, "api", text));
    }

    /// A tree that was pushed.
    public record Push(InputStream tar, String commit, String message) {}

    /// All that this orchestrator needs.
    ///
    /// @param publicUrl how apps are reached through the router, with `%s` for the app's name
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

    /// The parts that keep state of their own.
    record State(
            Apps apps,
            Releases releases,
            SlugStore slugs,
            LogHub logs,
            Path repositories,
            String publicUrl) {}
}
