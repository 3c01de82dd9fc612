package dev.paddock.deploys;

import dev.paddock.build.Builder;
import dev.paddock.build.Builder.BuildResult;
import dev.paddock.build.SlugStore;
import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.formation.ReleaseDynos;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// Builds that make real slugs without a build dyno, and a list of what dynos and routes were told. Safe for any
/// thread.
final class FakeSurroundings implements Surroundings {
    private final SlugStore slugs;
    private final Path work;
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final AtomicInteger building = new AtomicInteger();
    private final AtomicInteger mostBuilding = new AtomicInteger();
    private volatile Optional<String> failure = Optional.empty();
    private volatile Optional<CountDownLatch> gate = Optional.empty();
    private volatile Map<ProcessType, String> types = Map.of(ProcessType.WEB, "serve");
    private volatile boolean commandFails;
    private volatile Optional<CountDownLatch> commandGate = Optional.empty();
    private final AtomicInteger endsInVain = new AtomicInteger();

    FakeSurroundings(SlugStore slugs, Path work) {
        this.slugs = slugs;
        this.work = work;
    }

    /// `build`, `released`, `changed`, `end`, `discard`, in order.
    List<String> told() {
        return List.copyOf(told);
    }

    /// Slugs have a release command from now on.
    void declareReleaseCommand(boolean fails) {
        types = Map.of(ProcessType.WEB, "serve", ProcessType.RELEASE, "migrate");
        commandFails = fails;
    }

    /// Release commands wait for this latch.
    void holdCommands(CountDownLatch until) {
        commandGate = Optional.of(until);
    }

    void failBuilds(String reason) {
        failure = Optional.of(reason);
    }

    /// Builds wait for this latch.
    void holdBuilds(CountDownLatch until) {
        gate = Optional.of(until);
    }

    /// The next `times` destructions find dynos that do not end.
    void endInVain(int times) {
        endsInVain.set(times);
    }

    int building() {
        return building.get();
    }

    int mostBuilding() {
        return mostBuilding.get();
    }

    @Override
    public BuildResult build(Builder.Source source, Consumer<String> output)
            throws InterruptedException {
        told.add("build");
        mostBuilding.accumulateAndGet(building.incrementAndGet(), Math::max);
        try {
            output.accept("-----> Building");
            if (gate.isPresent()) {
                gate.get().await();
            }
            return failure.<BuildResult>map(BuildResult.Failed::new)
                    .orElseGet(() -> new BuildResult.Built(slug(source)));
        } finally {
            building.decrementAndGet();
        }
    }

    private Slug slug(Builder.Source source) {
        try {
            Path file = Files.createTempFile(work, "slug", ".tar.gz");
            Files.writeString(file, "a slug");
            return slugs.add(
                    new Slug(
                            UUID.randomUUID(),
                            source.app(),
                            "0".repeat(64),
                            Files.size(file),
                            Optional.of(source.commit()),
                            source.commitDescription(),
                            source.stack(),
                            types,
                            "test",
                            Instant.EPOCH),
                    file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ReleaseDynos.Outcome runReleaseCommand(
            Release release, Slug slug, Consumer<String> output) throws InterruptedException {
        told.add("release command");
        output.accept("migrating for " + release.version());
        if (commandGate.isPresent()) {
            commandGate.get().await();
        }
        return commandFails
                ? new ReleaseDynos.Outcome.Failed("exited with status 1")
                : new ReleaseDynos.Outcome.Succeeded();
    }

    @Override
    public void stopReleaseCommands(AppId app) {
        told.add("stop release commands");
    }

    @Override
    public void released(AppId app) {
        told.add("released");
    }

    @Override
    public void changed(AppId app) {
        told.add("changed");
    }

    @Override
    public boolean end(AppId app) {
        told.add("end");
        return endsInVain.getAndDecrement() <= 0;
    }

    @Override
    public void removeCache(AppId app) {
        told.add("remove cache");
    }

    @Override
    public void discard(AppId app) {
        told.add("discard");
    }
}
