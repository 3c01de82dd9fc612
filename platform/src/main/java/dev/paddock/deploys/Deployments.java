package dev.paddock.deploys;

import dev.paddock.accounts.Account;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Feature;
import dev.paddock.build.Build;
import dev.paddock.build.Builder;
import dev.paddock.build.Buildpack;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.Steps;
import dev.paddock.core.UserError;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.dyno.Engine;
import dev.paddock.formation.Formations;
import dev.paddock.formation.ReleaseDynos;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.Manifold;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.releases.Releases;
import dev.paddock.store.Trees;
import java.io.IOException;
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
import java.util.function.Supplier;
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

    /// A destruction that failed (PostgreSQL away, a dyno that does not end) is tried again this often.
    private static final int FINISH_ATTEMPTS = 20;

    private static final Duration FINISH_PAUSE = Duration.ofSeconds(30);

    private final Apps apps;
    private final Releases releases;
    private final SlugStore slugs;
    private final LogHub logs;
    private final CommandOutputs outputs;
    private final Builds builds;
    private final Path repositories;
    private final Surroundings surroundings;
    private final Steps steps;
    private final InstantSource clock;
    private final AppLocks locks = new AppLocks();
    private final ReleasePhase phase;
    private final BuildRuns runs;

    public Deployments(Parts parts) {
        this(
                new State(
                        parts.apps(),
                        parts.releases(),
                        parts.slugs(),
                        parts.builds(),
                        parts.buildpacks(),
                        parts.targets(),
                        parts.logs(),
                        parts.outputs(),
                        parts.repositories(),
                        parts.publicUrl(),
                        parts.steps()),
                new Surroundings.Live(parts),
                InstantSource.system());
    }

    Deployments(State state, Surroundings surroundings, InstantSource clock) {
        this.apps = state.apps();
        this.releases = state.releases();
        this.slugs = state.slugs();
        this.logs = state.logs();
        this.repositories = state.repositories();
        this.surroundings = surroundings;
        this.steps = state.steps();
        this.clock = clock;
        this.outputs = state.outputs();
        this.builds = state.builds();
        this.phase = new ReleasePhase(state, surroundings, locks, clock);
        this.runs = new BuildRuns(state, surroundings, locks, phase, clock);
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
        return runs.run(app, push, user, output);
    }

    /// As [#deploy], but returns when the build is stored; it goes on in the background, and its output is kept.
    public Build build(App app, Push push, Actor user) {
        return runs.start(app, push, user);
    }

    /// Throws UserError when the build has ended.
    public void cancelBuild(Build build) {
        runs.cancel(build);
    }

    /// Deletes what the app's builds left for the next one. Throws UserError while one is going on.
    public void purgeBuildCache(AppId app) {
        try (AppLocks.Turn _ = locks.betweenBuilds(app)) {
            surroundings.removeCache(app);
        }
    }

    /// Sets (value) and unsets (null) config vars in one release named after them. When nothing changes there is no
    /// release, and the newest one is returned.
    public Release configure(AppId app, Map<String, Optional<String>> changes, Actor user) {
        return phase.begin(
                        app,
                        user,
                        newest ->
                                ConfigChange.of(newest.config(), changes)
                                        .map(change ->
                                                new Releases.Next(
                                                        change.description(),
                                                        newest.slug(),
                                                        change.config())))
                .orElseGet(() -> releases.newest(app));
    }

    /// Throws UserError when that release cannot be run: it has no slug, failed, or does not exist.
    public Release rollback(AppId app, String versionOrId, Actor user) {
        Release target =
                releases.find(app, versionOrId).orElseThrow(() -> UserError.notFound("release"));
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
        Releases.Next next =
                new Releases.Next(
                        "Rollback to " + target.version(), target.slug(), target.config());
        return phase.begin(app, user, _ -> Optional.of(next)).orElseThrow();
    }

    /// Releases a slug, also one of another app, with the app's config vars.
    public Release release(AppId app, Slug slug, Optional<String> description, Actor user) {
        if (slug.bytes() == 0) {
            throw UserError.invalid(
                    "Nothing was uploaded to this slug: PUT its archive to its `blob` URL first.");
        }
        String said =
                description.orElseGet(
                        () -> "Deploy " + slug.commit().map(BuildRuns::shortened).orElse("slug"));
        return phase.begin(
                        app,
                        user,
                        newest ->
                                Optional.of(
                                        new Releases.Next(
                                                said, Optional.of(slug.id()), newest.config())))
                .orElseThrow();
    }

    /// Releases the code of another app's release on `target`, which keeps its own config, and returns when that counts
    /// or failed; `made` is told what was stored before its command runs. Throws UserError when that release has no code,
    /// or the app is destroyed meanwhile.
    public Release promote(
            App source, Release promoted, AppId target, Actor user, Consumer<Release> made)
            throws InterruptedException {
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
                        + slug.commit().map(commit -> " " + BuildRuns.shortened(commit)).orElse("");
        return phase.deploy(target, slug.id(), description, user, made, _ -> {});
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

    /// Makes a change that concerns nothing but what it writes, while no other change of the app goes on.
    public <T> T alone(AppId app, Supplier<T> change) {
        try (AppLocks.Turn _ = locks.change(app)) {
            return change.get();
        }
    }

    /// Ends everything of the app: routes, dynos, slugs, repository, log, rows; returns when nothing is left.
    public void destroy(App app, Actor user) {
        if (!apps.beginDestroying(app.id())) {
            throw UserError.notFound("app");
        }
        steps.reached("destroy: marked");
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

    /// Gives up releases whose command, and builds that, an earlier platform process began. Called once at start, before users are let in
    /// and after the manifold has taken over what runs.
    public void abandonUnfinished() {
        phase.abandonPending();
        slugs.clean();
        builds.failPending();
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
            steps.reached("destroy: ended");
            surroundings.discard(app);
            steps.reached("destroy: discarded");
            slugs.remove(app);
            steps.reached("destroy: slugs");
            Trees.delete(repository(app));
            logs.remove(app);
            outputs.remove(app);
            steps.reached("destroy: files");
            apps.delete(app);
            steps.reached("destroy: done");
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

    private void log(AppId app, String text) {
        logs.write(LogLine.of(app, clock.instant(), LogSource.APP, "api", text));
    }

    /// A tree that was pushed, or is to be built for another reason.
    ///
    /// @param buildpacks for this build only; the app's when there are none
    public record Push(Builder.Tree tree, List<Buildpack> buildpacks, Build.Origin origin) {
        /// A commit that was pushed with git.
        public static Push ofCommit(Builder.Tree tree, String commit, String message) {
            return new Push(
                    tree, List.of(), new Build.Origin("", Optional.empty(), commit, message));
        }
    }

    /// All that this orchestrator needs.
    ///
    /// @param publicUrl how apps are reached through the router, with `%s` for the app's name
    public record Parts(
            Apps apps,
            SlugStore slugs,
            Builder builder,
            Builds builds,
            Buildpacks buildpacks,
            OutboundTargets targets,
            Releases releases,
            Formations formations,
            ReleaseDynos releaseDynos,
            Manifold manifold,
            Engine engine,
            RoutePublisher routes,
            LogHub logs,
            CommandOutputs outputs,
            Path repositories,
            String domain,
            String publicUrl,
            Steps steps) {}

    /// The parts that keep state of their own.
    record State(
            Apps apps,
            Releases releases,
            SlugStore slugs,
            Builds builds,
            Buildpacks buildpacks,
            OutboundTargets targets,
            LogHub logs,
            CommandOutputs outputs,
            Path repositories,
            String publicUrl,
            Steps steps) {}
}
