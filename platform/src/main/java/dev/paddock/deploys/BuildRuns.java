package dev.paddock.deploys;

import dev.paddock.apps.Apps;
import dev.paddock.build.Build;
import dev.paddock.build.Builder;
import dev.paddock.build.Buildpack;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.Steps;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Deployments.Push;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.LogHub;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.releases.Releases;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds trees and releases what comes of them, one at a time per app. Safe for any thread.
final class BuildRuns {
    private static final Logger LOG = LoggerFactory.getLogger(BuildRuns.class);

    /// What stands for the commit in a release's description.
    private static final int SHORT_COMMIT = 8;

    private final Apps apps;
    private final Releases releases;
    private final Builds builds;
    private final Buildpacks buildpacks;
    private final OutboundTargets targets;
    private final LogHub logs;
    private final CommandOutputs outputs;
    private final String publicUrl;
    private final Surroundings surroundings;
    private final AppLocks locks;
    private final ReleasePhase phase;
    private final InstantSource clock;
    private final Steps steps;
    private final Map<UUID, Cancellable> running = new ConcurrentHashMap<>();

    BuildRuns(
            Deployments.State state,
            Surroundings surroundings,
            AppLocks locks,
            ReleasePhase phase,
            InstantSource clock) {
        this.apps = state.apps();
        this.releases = state.releases();
        this.builds = state.builds();
        this.buildpacks = state.buildpacks();
        this.targets = state.targets();
        this.logs = state.logs();
        this.outputs = state.outputs();
        this.publicUrl = state.publicUrl();
        this.surroundings = surroundings;
        this.locks = locks;
        this.phase = phase;
        this.clock = clock;
        this.steps = state.steps();
    }

    /// Builds and releases; empty when the build failed.
    Optional<Release> run(App app, Push push, Actor user, Consumer<String> output)
            throws InterruptedException {
        Begun begun = begin(app, push, user);
        return run(begun, push, user, output);
    }

    /// Returns when the build is stored; it goes on in the background.
    Build start(App app, Push push, Actor user) {
        Begun begun = begin(app, push, user);
        Thread.ofVirtual()
                .name("build/" + begun.build().id())
                .start(() -> runInBackground(begun, push, user));
        return begun.build();
    }

    private void runInBackground(Begun begun, Push push, Actor user) {
        try {
            Optional<Release> _ = run(begun, push, user, _ -> {});
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (UserError e) {
            LOG.info("build {} ends: {}", begun.build().id(), e.message());
        } catch (RuntimeException e) {
            LOG.error("build {} failed", begun.build().id(), e);
        }
    }

    private Begun begin(App app, Push push, Actor user) {
        ConfigVars config = releases.newest(app.id()).config();
        List<Buildpack> packs =
                push.buildpacks().isEmpty() ? chosen(app.id(), config) : push.buildpacks();
        Build build = builds.begin(app.id(), user, app.stack(), packs, push.origin());
        Cancellable run = new Cancellable();
        running.put(build.id(), run);
        Begun begun = new Begun(build, outputs.begin(app.id(), build.id()), run);
        steps.reached("push: begun");
        return begun;
    }

    /// The app's buildpacks; else the one that the config var BUILDPACK_URL names, as in the old days.
    private List<Buildpack> chosen(AppId app, ConfigVars config) {
        List<Buildpack> chosen = buildpacks.list(app);
        String url = config.values().getOrDefault("BUILDPACK_URL", "");
        return chosen.isEmpty() && !url.isBlank()
                ? List.of(Buildpack.parse(url.strip(), targets))
                : chosen;
    }

    private Optional<Release> run(Begun begun, Push push, Actor user, Consumer<String> output)
            throws InterruptedException {
        Build build = begun.build();
        try (CommandOutputs.Recording kept = begun.output()) {
            Consumer<String> both =
                    line -> {
                        kept.accept(line);
                        output.accept(line);
                        steps.reached("build: " + line.strip());
                    };
            Optional<Slug> slug = build(begun, push, user, both);
            if (slug.isEmpty()) {
                return Optional.empty();
            }
            Release release = release(build, slug.get(), push, user, both);
            steps.reached("push: released");
            return Optional.of(release);
        } catch (UserError e) {
            // Whoever waits for the build through the API reads why.
            begun.output().accept(" !     " + e.message());
            throw e;
        } finally {
            running.remove(build.id());
            builds.failed(build);
        }
    }

    private Optional<Slug> build(Begun begun, Push push, Actor user, Consumer<String> output)
            throws InterruptedException {
        AppId id = begun.build().app();
        Runnable waiting = () -> output.accept("-----> Waiting for another build of this app");
        try {
            begun.run().begin();
            try (AppLocks.BuildTurn turn = locks.build(id, waiting)) {
                Builder.Source source = source(begun.build(), push);
                log(id, "Build started by user " + user.email());
                return switch (turn.run(() -> surroundings.build(source, output))) {
                    case Builder.BuildResult.Built(Slug slug) -> Optional.of(slug);
                    case Builder.BuildResult.Failed(String reason) -> {
                        fail(id, reason, output);
                        yield Optional.empty();
                    }
                };
            }
        } catch (InterruptedException | RuntimeException e) {
            // An interrupt also shows as a closed channel.
            if (!begun.run().wasCancelled()) {
                throw e;
            }
            fail(id, "it was cancelled", output);
            return Optional.empty();
        } finally {
            begun.run().end();
        }
    }

    private void fail(AppId app, String reason, Consumer<String> output) {
        log(app, "Build failed: " + reason);
        output.accept(" !     Build failed: " + reason);
        output.accept(" !");
        output.accept(" !     Push failed");
    }

    private Builder.Source source(Build build, Push push) {
        AppId id = build.app();
        App app = apps.find(id).orElseThrow(() -> UserError.notFound("app"));
        return new Builder.Source(
                id,
                app.stack(),
                releases.newest(id).config(),
                build.buildpacks(),
                push.tree(),
                push.origin().version(),
                push.origin().description());
    }

    private Release release(Build build, Slug slug, Push push, Actor user, Consumer<String> output)
            throws InterruptedException {
        steps.reached("push: built");
        log(build.app(), "Build succeeded");
        builds.built(build, slug.id());
        steps.reached("push: releasing");
        output.accept("-----> Launching...");
        return phase.deploy(
                build.app(),
                slug.id(),
                "Deploy " + shortened(push.origin().version()),
                user,
                made -> {
                    builds.released(build, made.id());
                    announce(made, output);
                },
                output);
    }

    static String shortened(String commit) {
        return commit.substring(0, Math.min(SHORT_COMMIT, commit.length()));
    }

    private void announce(Release made, Consumer<String> output) {
        if (made.status() == Release.Status.PENDING) {
            output.accept(
                    " !     Release command declared: this new release will not be available until"
                            + " the command succeeds.");
        }
        output.accept("       Released " + made.version());
        output.accept("       " + url(made.app()) + " deployed to Paddock");
    }

    private String url(AppId app) {
        String name = apps.find(app).map(found -> found.name().value()).orElse("");
        return publicUrl.replace("%s", name);
    }

    /// Cuts off a build; one that is being released already goes on. Throws UserError when it has ended.
    void cancel(Build build) {
        Cancellable run = running.get(build.id());
        if (run == null || !run.cancel()) {
            throw new UserError("conflict", "The build has ended already.");
        }
    }

    private void log(AppId app, String text) {
        logs.write(LogLine.of(app, clock.instant(), LogSource.APP, "api", text));
    }

    private record Begun(Build build, CommandOutputs.Recording output, Cancellable run) {}

    /// A build that may be cut off while it builds. Safe for any thread.
    private static final class Cancellable {
        private Optional<Thread> building = Optional.empty();
        private boolean cancelled;
        private boolean ended;

        synchronized void begin() throws InterruptedException {
            if (cancelled) {
                throw new InterruptedException();
            }
            building = Optional.of(Thread.currentThread());
        }

        synchronized boolean cancel() {
            if (ended) {
                return false;
            }
            cancelled = true;
            building.ifPresent(Thread::interrupt);
            return true;
        }

        synchronized boolean wasCancelled() {
            return cancelled;
        }

        synchronized void end() {
            building = Optional.empty();
            ended = true;
            if (cancelled) {
                // The interrupt was ours and is not to reach what the thread does next.
                boolean _ = Thread.interrupted();
            }
        }
    }
}
