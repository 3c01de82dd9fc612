package dev.paddock.formation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.build.SlugStore;
import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Stdio;
import dev.paddock.log.LogSource;
import dev.paddock.logs.LogFilter;
import dev.paddock.logs.LogFollower;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.DynoView;
import dev.paddock.manifold.Manifold;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// Runs the release commands of apps, each in a dyno `release.NNNN`. Safe for any thread.
public final class ReleaseDynos {
    /// After this a release command is stopped.
    private static final Duration LIMIT = Duration.ofHours(1);

    /// SIGTERM, 30 seconds of grace, SIGKILL, and the time to record it.
    private static final Duration END_LIMIT = Duration.ofSeconds(60);

    private static final Duration POLL = Duration.ofMillis(100);
    private static final int FIRST_NUMBER = 1000;
    private static final int LAST_NUMBER = 9999;

    private final Manifold manifold;
    private final SlugStore slugs;
    private final LogHub logs;
    private final Map<DynoId, Optional<DynoTransition>> running = new ConcurrentHashMap<>();

    public ReleaseDynos(Manifold manifold, SlugStore slugs, LogHub logs) {
        this.manifold = manifold;
        this.slugs = slugs;
        this.logs = logs;
    }

    /// What the manifold concluded, after it was told in the log.
    public void transition(DynoTransition transition) {
        if (transition.isEnd()) {
            running.replace(transition.dyno(), Optional.of(transition));
        }
    }

    /// Runs the release command of a slug to its end; what it prints goes to `output` too. Interrupting the thread
    /// stops the dyno.
    public Outcome run(Release release, Slug slug, Consumer<String> output)
            throws InterruptedException {
        return run(
                release,
                slug,
                ProcessType.RELEASE,
                slug.processTypes().getOrDefault(ProcessType.RELEASE, ""),
                output);
    }

    /// As [#run(Release, Slug, Consumer)], with another command, in a dyno of that type.
    public Outcome run(
            Release release, Slug slug, ProcessType type, String command, Consumer<String> output)
            throws InterruptedException {
        DynoSpec spec = spec(release, slug, type, command);
        AppId app = release.app();
        LogFilter its =
                new LogFilter(Optional.of(LogSource.APP), Optional.of(spec.name().toString()));
        running.put(spec.id(), Optional.empty());
        boolean ended = false;
        try (LogFollower lines = logs.follow(app, its, logs.end(app))) {
            manifold.run(spec);
            Optional<DynoTransition> end = follow(spec.id(), lines, output, LIMIT);
            boolean inTime = end.isPresent();
            if (!inTime) {
                manifold.stop(app, spec.name());
                end = follow(spec.id(), lines, output, END_LIMIT);
            }
            ended = end.isPresent();
            pass(lines.read(Duration.ZERO), output);
            return inTime ? outcome(end.get()) : new Outcome.TookTooLong(LIMIT);
        } finally {
            running.remove(spec.id());
            if (!ended) {
                manifold.stop(app, spec.name());
            }
        }
    }

    private DynoSpec spec(Release release, Slug slug, ProcessType type, String command) {
        return new DynoSpec(
                DynoId.random(),
                release.app(),
                unusedName(release.app(), type),
                DynoKind.RELEASE,
                release.version(),
                DynoSize.DEFAULT,
                command,
                RunningReleases.environment(release.config()),
                Optional.of(slugs.ref(slug)),
                slug.stack(),
                new Stdio.Log(),
                false,
                List.of());
    }

    private DynoName unusedName(AppId app, ProcessType type) {
        Set<DynoName> used =
                manifold.view(app).dynos().stream().map(DynoView::name).collect(Collectors.toSet());
        while (true) {
            int number = ThreadLocalRandom.current().nextInt(FIRST_NUMBER, LAST_NUMBER + 1);
            DynoName name = new DynoName(type, number);
            if (!used.contains(name)) {
                return name;
            }
        }
    }

    private Optional<DynoTransition> follow(
            DynoId id, LogFollower lines, Consumer<String> output, Duration limit)
            throws InterruptedException {
        long endBy = System.nanoTime() + limit.toNanos();
        Optional<DynoTransition> end = running.getOrDefault(id, Optional.empty());
        while (end.isEmpty() && System.nanoTime() - endBy < 0) {
            pass(lines.read(POLL), output);
            end = running.getOrDefault(id, Optional.empty());
        }
        return end;
    }

    private static void pass(List<LogHub.Entry> entries, Consumer<String> output) {
        for (LogHub.Entry entry : entries) {
            output.accept(new String(entry.line().text().getBytes(ISO_8859_1), UTF_8));
        }
    }

    private static Outcome outcome(DynoTransition end) {
        Optional<Exit> exit = end.exit();
        if (exit.isEmpty()) {
            return new Outcome.Lost();
        }
        return switch (exit.get().cause()) {
            case PROCESS ->
                    exit.get().status() == 0
                            ? new Outcome.Succeeded()
                            : new Outcome.Failed(
                                    "exited with status " + exit.get().status(),
                                    exit.get().status());
            case GRACE_EXPIRED -> new Outcome.Failed("was stopped");
            case OUT_OF_MEMORY -> new Outcome.Failed("needed more memory than its dyno has");
            case LAUNCH_FAILED, CHECKSUM -> new Outcome.Failed("could not be started");
        };
    }

    /// Stops the release dynos that an earlier platform process left: nobody waits for them any more.
    public void stopAll(AppId app) {
        manifold.view(app).dynos().stream()
                .filter(dyno -> dyno.kind() == DynoKind.RELEASE)
                .forEach(dyno -> manifold.stop(app, dyno.name()));
    }

    /// What came of a release command.
    public sealed interface Outcome {
        record Succeeded() implements Outcome {}

        /// `how` completes the sentence "The release command ...".
        record Failed(String how, int status) implements Outcome {
            /// It did not end by itself.
            public Failed(String how) {
                this(how, 1);
            }
        }

        record TookTooLong(Duration limit) implements Outcome {}

        /// Its dyno went with its host.
        record Lost() implements Outcome {}
    }
}
