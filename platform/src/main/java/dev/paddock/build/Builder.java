package dev.paddock.build;

import dev.paddock.build.BuildDirectory.PackedSlug;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Slug;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Stdio;
import dev.paddock.outbound.OutboundTargets;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns a source tree into a slug by running buildpacks in a build dyno. The tree and the slug pass through as
/// opaque bytes. Safe for any thread.
public final class Builder {
    private static final Logger LOG = LoggerFactory.getLogger(Builder.class);

    private static final ProcessType BUILD = new ProcessType("build");
    private static final int REASON_CHARS = 200;
    private static final int DESCRIPTION_CHARS = 100;
    private static final long SLUG_WARNING_BYTES = 300L * 1024 * 1024;
    private static final int KILLED = 137;
    private static final String NO_SPACE =
            "there is not enough disk space left for builds on this machine; ask the operator to"
                    + " free some";

    /// Until build dynos of an earlier process must be gone at start.
    private static final Duration CLEAN_LIMIT = Duration.ofSeconds(30);

    private static final Duration CLEAN_POLL = Duration.ofMillis(20);

    /// web first, as people read it.
    private static final Comparator<ProcessType> TYPE_ORDER =
            Comparator.comparing((ProcessType type) -> !type.isWeb())
                    .thenComparing(Comparator.naturalOrder());

    private final Engine engine;
    private final SlugStore slugs;
    private final InstantSource clock;
    private final Path work;
    private final Path caches;
    private final BuildLimits limits;
    private final Fetcher fetcher;
    private final Semaphore places;
    private final Map<DynoId, BuildDyno> running = new ConcurrentHashMap<>();

    public Builder(
            Engine engine, SlugStore slugs, OutboundTargets targets, Path work, Path caches) {
        this(engine, slugs, targets, InstantSource.system(), work, caches, BuildLimits.DEFAULT);
    }

    Builder(
            Engine engine,
            SlugStore slugs,
            OutboundTargets targets,
            InstantSource clock,
            Path work,
            Path caches,
            BuildLimits limits) {
        this.engine = engine;
        this.slugs = slugs;
        this.clock = clock;
        this.work = work;
        this.caches = caches;
        this.limits = limits;
        this.fetcher = new Fetcher(targets);
        this.places = new Semaphore(limits.concurrent(), true);
    }

    /// Builds; lines for the user go to `output` as they come (without line ends). Takes up to 15 minutes once it is
    /// its turn. Interrupting the thread stops the build dyno.
    public BuildResult build(Source source, Consumer<String> output) throws InterruptedException {
        if (!places.tryAcquire(0, TimeUnit.SECONDS)) {
            output.accept("-----> Waiting for another build to finish");
            places.acquire();
        }
        try {
            output.accept("-----> Building on the Paddock stack");
            return new BuildResult.Built(buildNow(source, output));
        } catch (BuildFailed e) {
            return new BuildResult.Failed(e.reason());
        } catch (IOException e) {
            return diskFull(new UncheckedIOException(e));
        } catch (UncheckedIOException e) {
            return diskFull(e);
        } finally {
            places.release();
        }
    }

    private Slug buildNow(Source source, Consumer<String> output)
            throws IOException, InterruptedException {
        DynoId id = DynoId.random();
        BuildDirectory directory = BuildDirectory.create(work, id, caches, source.app());
        try {
            if (!directory.hasFreeBytes(limits.diskReserveBytes())) {
                throw new BuildFailed(NO_SPACE);
            }
            directory.writeConfig(source.config());
            fetch(source, directory, output);
            run(source, id, directory, output);
            Map<ProcessType, String> types = processTypes(directory, output);
            PackedSlug packed = directory.takeSlug(limits.slugBytes());
            output.accept("       Done: " + size(packed.bytes()));
            if (packed.bytes() > SLUG_WARNING_BYTES) {
                output.accept(
                        " !     The slug is over the soft limit of "
                                + size(SLUG_WARNING_BYTES)
                                + " and will be slow to start");
            }
            return slugs.add(slug(source, directory, types, packed), packed.file());
        } finally {
            tidy(directory, output);
        }
    }

    private void fetch(Source source, BuildDirectory directory, Consumer<String> output)
            throws IOException {
        switch (source.tree()) {
            case Tree.Tar(InputStream tar) -> directory.writeSource(tar, limits.sourceBytes());
            case Tree.Upload(Path file, var checksum) ->
                    directory.writeArchive(
                            Files.newInputStream(file), checksum, limits.sourceBytes());
            case Tree.Remote(URI url, var checksum) -> {
                output.accept("-----> Fetching the source");
                directory.writeArchive(
                        fetcher.open(url, "the source", limits.sourceBytes()),
                        checksum,
                        limits.sourceBytes());
            }
        }
        if (!source.buildpacks().isEmpty()) {
            output.accept("-----> Using buildpacks:");
            for (int i = 0; i < source.buildpacks().size(); i++) {
                output.accept("       " + (i + 1) + ". " + source.buildpacks().get(i).shown());
            }
            directory.writeBuildpacks(source.buildpacks(), fetcher, limits.buildpackBytes());
        }
    }

    private void run(Source source, DynoId id, BuildDirectory directory, Consumer<String> output)
            throws IOException, InterruptedException {
        BuildDyno dyno = new BuildDyno(engine, spec(source, id, directory));
        running.put(id, dyno);
        try {
            switch (dyno.run(output, trouble(directory))) {
                case BuildDyno.End.Lost _ ->
                        throw new BuildFailed("the build dyno was lost with its host; push again");
                case BuildDyno.End.Exited(Exit exit) -> {
                    if (exit.cause() != Exit.Cause.PROCESS || exit.status() != 0) {
                        throw new BuildFailed(reason(exit, directory));
                    }
                }
            }
        } finally {
            running.remove(id);
        }
    }

    private DynoSpec spec(Source source, DynoId id, BuildDirectory directory) {
        return new DynoSpec(
                id,
                source.app(),
                new DynoName(BUILD, freeNumber()),
                DynoKind.BUILD,
                ReleaseVersion.NONE,
                DynoSize.BUILD,
                "exec " + BuildDirectory.ROOT + "/buildpacks/build " + BuildDirectory.ROOT,
                Map.of(
                        "STACK", source.stack(),
                        "SOURCE_VERSION", source.commit(),
                        "REQUEST_ID", UUID.randomUUID().toString()),
                Optional.empty(),
                source.stack(),
                new Stdio.Log(),
                false,
                directory.mounts());
    }

    private int freeNumber() {
        while (true) {
            int number = ThreadLocalRandom.current().nextInt(1000, 10_000);
            if (running.values().stream().noneMatch(dyno -> dyno.number() == number)) {
                return number;
            }
        }
    }

    private Supplier<Optional<String>> trouble(BuildDirectory directory) {
        long deadline = System.nanoTime() + limits.time().toNanos();
        return () -> {
            if (System.nanoTime() - deadline > 0) {
                return Optional.of(
                        "the build took longer than " + words(limits.time()) + " and was stopped");
            }
            return directory.hasFreeBytes(limits.diskReserveBytes())
                    ? Optional.empty()
                    : Optional.of(NO_SPACE);
        };
    }

    private static String reason(Exit exit, BuildDirectory directory) throws IOException {
        return switch (exit.cause()) {
            case OUT_OF_MEMORY ->
                    "the build needed more memory than the "
                            + BuildLimits.megabytes(DynoSize.BUILD.memoryBytes())
                            + " MB of a build dyno and was stopped";
            case LAUNCH_FAILED, CHECKSUM ->
                    "the build dyno could not be started: "
                            + BuildDirectory.printable(exit.detail(), REASON_CHARS);
            case GRACE_EXPIRED -> "the build dyno was stopped";
            case PROCESS ->
                    directory
                            .resultLine("failure", REASON_CHARS)
                            .orElse(
                                    exit.status() == KILLED
                                            ? "the build dyno was killed"
                                            : "the build ended with status " + exit.status());
        };
    }

    private static Map<ProcessType, String> processTypes(
            BuildDirectory directory, Consumer<String> output) throws IOException {
        output.accept("-----> Discovering process types");
        Map<ProcessType, String> declared =
                directory
                        .result("procfile", Procfile.MAX_BYTES)
                        .map(Procfile::parse)
                        .orElse(Map.of());
        Map<ProcessType, String> defaults =
                new TreeMap<>(
                        directory
                                .result("release.yml", Procfile.MAX_BYTES)
                                .map(Procfile::parseRelease)
                                .orElse(Map.of()));
        defaults.keySet().removeAll(declared.keySet());
        output.accept("       Procfile declares types -> " + names(declared));
        List<String> addons =
                directory
                        .result("release.yml", Procfile.MAX_BYTES)
                        .map(Procfile::parseAddons)
                        .orElse(List.of());
        if (!addons.isEmpty()) {
            output.accept(
                    " !     The buildpack asks for add-ons, which are not made by themselves here: "
                            + String.join(", ", addons));
        }
        if (!defaults.isEmpty()) {
            output.accept("       Default types of the buildpack -> " + names(defaults));
        }
        Map<ProcessType, String> all = new TreeMap<>(defaults);
        all.putAll(declared);
        return all;
    }

    private static String names(Map<ProcessType, String> types) {
        return types.isEmpty()
                ? "(none)"
                : types.keySet().stream()
                        .sorted(TYPE_ORDER)
                        .map(ProcessType::toString)
                        .collect(Collectors.joining(", "));
    }

    private Slug slug(
            Source source,
            BuildDirectory directory,
            Map<ProcessType, String> types,
            PackedSlug packed)
            throws IOException {
        return new Slug(
                UUID.randomUUID(),
                source.app(),
                packed.sha256(),
                packed.bytes(),
                Optional.of(source.commit()).filter(commit -> !commit.isEmpty()),
                source.commitDescription(),
                source.stack(),
                types,
                directory.resultLine("buildpack", DESCRIPTION_CHARS).orElse("unknown"),
                clock.instant());
    }

    private void tidy(BuildDirectory directory, Consumer<String> output) {
        try {
            directory.remove();
            if (directory.cacheBytes() > limits.cacheBytes()) {
                output.accept(
                        "       The build cache is over "
                                + size(limits.cacheBytes())
                                + " and is emptied");
                directory.emptyCache();
            }
        } catch (UncheckedIOException e) {
            LOG.error("files of a build are left behind until the next start", e);
        }
    }

    /// The engine's events; those of dynos that are no builds are ignored.
    public void accept(DynoEvent event) {
        BuildDyno dyno = running.get(event.id());
        if (dyno != null) {
            dyno.accept(event);
        }
    }

    /// Retires build dynos that an earlier platform process left and removes their files. Called once at start.
    public void clean() {
        for (EngineDyno dyno : leftOver()) {
            engine.retire(dyno.spec().id(), Duration.ZERO);
        }
        try {
            forgetLeftOver();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        if (Files.isDirectory(work, LinkOption.NOFOLLOW_LINKS)) {
            for (Path directory : children(work)) {
                FileTree.remove(directory);
            }
        }
    }

    private void forgetLeftOver() throws InterruptedException {
        long endBy = System.nanoTime() + CLEAN_LIMIT.toNanos();
        List<EngineDyno> left = leftOver();
        while (!left.isEmpty()) {
            if (System.nanoTime() - endBy > 0) {
                LOG.error("{} build dynos of an earlier process do not end", left.size());
                return;
            }
            for (EngineDyno dyno : left) {
                if (dyno.exit().isPresent()) {
                    engine.forget(dyno.spec().id());
                }
            }
            left = leftOver();
            if (!left.isEmpty()) {
                Thread.sleep(CLEAN_POLL);
            }
        }
    }

    private List<EngineDyno> leftOver() {
        return engine.list().stream()
                .filter(dyno -> dyno.spec().kind() == DynoKind.BUILD)
                .filter(dyno -> !running.containsKey(dyno.spec().id()))
                .toList();
    }

    private static List<Path> children(Path directory) {
        try (Stream<Path> children = Files.list(directory)) {
            return children.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Deletes the build cache of an app.
    public void removeCache(AppId app) {
        FileTree.remove(caches.resolve(app.toString()));
    }

    private static BuildResult diskFull(UncheckedIOException e) {
        if (String.valueOf(e.getMessage()).contains("No space left on device")) {
            return new BuildResult.Failed(NO_SPACE);
        }
        throw e;
    }

    /// `12K`, `3.4M`.
    private static String size(long bytes) {
        long kilobytes = Math.max(1, (bytes + 1023) / 1024);
        return kilobytes < 1024
                ? kilobytes + "K"
                : String.format(Locale.ROOT, "%.1fM", kilobytes / 1024.0);
    }

    private static String words(Duration time) {
        return time.toMinutes() > 0 ? time.toMinutes() + " minutes" : time.toMillis() + " ms";
    }

    /// What is to be built.
    ///
    /// @param buildpacks what the user chose, in order; none to have one of ours chosen by the tree
    public record Source(
            AppId app,
            String stack,
            ConfigVars config,
            List<Buildpack> buildpacks,
            Tree tree,
            String commit,
            String commitDescription) {}

    /// The files of an app; hostile, never unpacked outside the build dyno.
    public sealed interface Tree {
        /// An uncompressed tar that this platform made itself.
        record Tar(InputStream tar) implements Tree {}

        /// A tar that a user uploaded, which may be gzipped.
        record Upload(Path file, Optional<String> checksum) implements Tree {}

        /// A tar that a user has somewhere else, which may be gzipped.
        record Remote(URI url, Optional<String> checksum) implements Tree {}
    }

    /// What came of a build.
    public sealed interface BuildResult {
        record Built(Slug slug) implements BuildResult {}

        /// `reason` is one line for the user; the details went to the output.
        record Failed(String reason) implements BuildResult {}
    }
}
