package dev.paddock.deploys;

import dev.paddock.build.SlugStore;
import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.Steps;
import dev.paddock.core.UserError;
import dev.paddock.formation.ReleaseDynos.Outcome;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.LogHub;
import dev.paddock.releases.Releases;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the releases of apps, one after the other per app. One whose slug has a release command is pending until that
/// succeeded; dynos and routes follow only then, and stay as they are when it fails. Safe for any thread.
final class ReleasePhase {
    private static final Logger LOG = LoggerFactory.getLogger(ReleasePhase.class);

    /// A push has waited for its build already and waits as long as a release command may take.
    private static final Duration DEPLOY_WAIT = Duration.ofMinutes(70);

    /// A change through the API is waited for by somebody.
    private static final Duration CHANGE_WAIT = Duration.ofMinutes(2);

    private final Releases releases;
    private final SlugStore slugs;
    private final LogHub logs;
    private final CommandOutputs outputs;
    private final Surroundings surroundings;
    private final AppLocks locks;
    private final InstantSource clock;
    private final Steps steps;

    ReleasePhase(
            Deployments.State state,
            Surroundings surroundings,
            AppLocks locks,
            InstantSource clock) {
        this.releases = state.releases();
        this.slugs = state.slugs();
        this.logs = state.logs();
        this.outputs = state.outputs();
        this.surroundings = surroundings;
        this.locks = locks;
        this.clock = clock;
        this.steps = state.steps();
    }

    /// Makes a release of this slug and returns when it counts or failed. `made` is told what was stored before its
    /// command, if there is one, prints to `output`.
    Release deploy(
            AppId app,
            UUID slug,
            String description,
            Actor user,
            Consumer<Release> made,
            Consumer<String> output)
            throws InterruptedException {
        try (AppLocks.ReleaseTurn turn = locks.release(app, DEPLOY_WAIT)) {
            Release release =
                    create(
                                    app,
                                    user,
                                    newest ->
                                            Optional.of(
                                                    new Releases.Next(
                                                            description,
                                                            Optional.of(slug),
                                                            newest.config())))
                            .orElseThrow();
            made.accept(release);
            return finish(release, turn, output);
        }
    }

    /// Makes a release, if there is something to release, and returns when it is stored; its command, if there is one,
    /// runs on in the background.
    Optional<Release> begin(
            AppId app, Actor user, Function<Release, Optional<Releases.Next>> change) {
        AppLocks.ReleaseTurn turn = locks.release(app, CHANGE_WAIT);
        boolean handedOver = false;
        try {
            Optional<Release> made = create(app, user, change);
            if (made.isPresent() && made.get().status() == Release.Status.PENDING) {
                Thread.ofVirtual()
                        .name("release/" + app)
                        .start(() -> finishInBackground(made.get(), turn));
                handedOver = true;
            } else if (made.isPresent()) {
                surroundings.released(app);
            }
            return made;
        } finally {
            if (!handedOver) {
                turn.close();
            }
        }
    }

    private Optional<Release> create(
            AppId app, Actor user, Function<Release, Optional<Releases.Next>> change) {
        // Nobody else makes a release of this app meanwhile, so that the same is decided twice.
        boolean waits =
                change.apply(releases.newest(app))
                        .flatMap(Releases.Next::slug)
                        .flatMap(slugs::find)
                        .filter(slug -> slug.processTypes().containsKey(ProcessType.RELEASE))
                        .isPresent();
        Release.Status status = waits ? Release.Status.PENDING : Release.Status.SUCCEEDED;
        Optional<Release> made =
                releases.createIfChanged(
                        app,
                        user,
                        newest ->
                                change.apply(newest)
                                        .map(next ->
                                                new Releases.Next(
                                                        next.description(),
                                                        next.slug(),
                                                        next.config(),
                                                        status)));
        made.ifPresent(release -> {
            steps.reached("release: stored");
            String by = " by user " + user.email();
            log(app, release.description() + by);
            log(
                    app,
                    waits
                            ? "Running release " + release.version() + " commands" + by
                            : created(release));
        });
        return made;
    }

    private void finishInBackground(Release release, AppLocks.ReleaseTurn turn) {
        try (turn) {
            Release _ = finish(release, turn, _ -> {});
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (UserError e) {
            LOG.info(
                    "release {} of app {} ends: {}", release.version(), release.app(), e.message());
        } catch (RuntimeException e) {
            LOG.error("release {} of app {} failed", release.version(), release.app(), e);
        }
    }

    private Release finish(Release release, AppLocks.ReleaseTurn turn, Consumer<String> output)
            throws InterruptedException {
        if (release.status() != Release.Status.PENDING) {
            surroundings.released(release.app());
            steps.reached("release: told");
            return release;
        }
        boolean ended = false;
        try {
            Outcome outcome = turn.run(() -> command(release, output));
            ended = true;
            steps.reached("release: command ended");
            return conclude(release, outcome, output);
        } finally {
            if (!ended) {
                Optional<Release> _ = releases.finish(release, Release.Status.FAILED);
            }
        }
    }

    private Outcome command(Release release, Consumer<String> output) throws InterruptedException {
        Slug slug =
                release.slug().flatMap(slugs::find).orElseThrow(() -> UserError.notFound("slug"));
        output.accept("-----> Running release command...");
        try (CommandOutputs.Recording kept = outputs.begin(release.app(), release.id())) {
            return surroundings.runReleaseCommand(
                    release,
                    slug,
                    line -> {
                        kept.accept(line);
                        output.accept(line);
                    });
        }
    }

    private Release conclude(Release release, Outcome outcome, Consumer<String> output) {
        Optional<String> failure =
                switch (outcome) {
                    case Outcome.Succeeded _ -> Optional.empty();
                    case Outcome.Failed(String how, _) -> Optional.of(how);
                    case Outcome.TookTooLong(Duration limit) ->
                            Optional.of("took longer than " + limit.toMinutes() + " minutes");
                    case Outcome.Lost _ -> Optional.of("was lost with its host");
                };
        Release.Status status =
                failure.isEmpty() ? Release.Status.SUCCEEDED : Release.Status.FAILED;
        Release finished = releases.finish(release, status).orElse(release);
        if (failure.isPresent()) {
            log(
                    release.app(),
                    "Release " + release.version() + " command failed: it " + failure.get());
            output.accept(" !     Release command failed: it " + failure.get() + ".");
            output.accept(
                    " !     "
                            + release.version()
                            + " is not live; the release before it stays in service.");
        } else {
            log(release.app(), created(release));
            surroundings.released(release.app());
        }
        return finished;
    }

    private static String created(Release release) {
        return "Release " + release.version() + " created by user " + release.user().email();
    }

    /// Gives up the releases whose commands an earlier platform process did not see end. Called once at start.
    void abandonPending() {
        for (Release release : releases.pending()) {
            surroundings.stopReleaseCommands(release.app());
            if (releases.finish(release, Release.Status.FAILED).isPresent()) {
                log(
                        release.app(),
                        "Release "
                                + release.version()
                                + " command failed: the platform was restarted meanwhile; run it"
                                + " again with heroku releases:retry");
            }
        }
    }

    private void log(AppId app, String text) {
        logs.write(LogLine.of(app, clock.instant(), LogSource.APP, "api", text));
    }
}
