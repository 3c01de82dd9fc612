package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.RealTimers;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Mount;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.awaitility.core.ConditionTimeoutException;

/// A platform of its own for tests: a local engine on fresh directories, taken off the machine at the end.
final class Platform implements AutoCloseable {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final String DATA = "paddock-engine-";
    private static final Duration POLL = Duration.ofMillis(5);

    final String hash = "%012x".formatted(ThreadLocalRandom.current().nextLong(1L << 48));
    final Path runtime;
    final Path data;
    final Timers timers = new RealTimers();
    final List<DynoEvent> events = new CopyOnWriteArrayList<>();
    LocalEngine engine;
    private final int spares;
    private long diskBytes;
    private long buildDiskBytes;

    Platform() throws IOException {
        this(0, 0);
    }

    /// @param spares how many containers its engine keeps ahead
    Platform(int spares) throws IOException {
        this(spares, 0);
    }

    /// @param diskBytes how much each dyno may write; 0 for no limit
    Platform(int spares, long diskBytes) throws IOException {
        this(runtimesOfRoot(), DATA, spares, diskBytes);
    }

    private Platform(Path runtimes, String data, int spares, long diskBytes) throws IOException {
        this.runtime = runtimes.resolve(hash);
        this.spares = spares;
        this.diskBytes = diskBytes;
        this.data = Files.createTempDirectory(data);
        engine = open();
    }

    /// One whose data directory has a name that programs read otherwise: with a blank, a colon, a comma.
    static Platform oddlyNamed() throws IOException {
        return new Platform(runtimesOfRoot(), "paddock: engine, ", 0, 0);
    }

    /// Of whoever runs this test.
    static Platform ofThisUser() throws IOException {
        return new Platform(Files.createTempDirectory("paddock-run-"), DATA, 0, 0);
    }

    private static Path runtimesOfRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "skipped: containers need root");
        assumeTrue(
                LocalEngine.missingPackages().isEmpty(),
                "skipped: these packages are missing: " + LocalEngine.missingPackages());
        return Path.of("/run/paddock");
    }

    private LocalEngine open() {
        LocalEngine opened = new LocalEngine(settings());
        opened.listen(events::add);
        return opened;
    }

    private LocalSettings settings() {
        return LocalSettings.of(runtime, data, hash, timers)
                .withSpares(spares)
                .withDiskBytes(diskBytes)
                .withBuildDiskBytes(buildDiskBytes);
    }

    /// The same platform, whose new dynos and builds may write this much; 0 for no limit.
    void reopen(long disk, long buildDisk) {
        diskBytes = disk;
        buildDiskBytes = buildDisk;
        reopen();
    }

    /// As after kill -9: the old engine is dropped, a new one takes over.
    void reopen() {
        engine.close();
        events.clear();
        engine = open();
    }

    /// The same, with other programs that get less time.
    ///
    /// @param path where the engine looks for them
    void reopen(String path, Duration patience) {
        engine.close();
        events.clear();
        engine = new LocalEngine(settings(), LocalMachine.read(path, Map.of()), patience);
        engine.listen(events::add);
    }

    /// A path on which all programs of the engine are found but these.
    String hiding(String... programs) throws IOException {
        Path directory = Files.createTempDirectory(data, "path");
        for (String name : Programs.lookedFor()) {
            Optional<Path> program = Command.find(name);
            if (program.isPresent() && !List.of(programs).contains(name)) {
                Files.createSymbolicLink(directory.resolve(name), program.get());
            }
        }
        return directory.toString();
    }

    @Override
    public void close() {
        engine.close();
        LocalEngine.purge(runtime, data, hash);
    }

    DynoSpec bash(String command) {
        return spec(command, DynoKind.FORMATION, new Stdio.Log(), false, Optional.empty());
    }

    DynoSpec web(String command) {
        return spec(command, DynoKind.FORMATION, new Stdio.Log(), true, Optional.empty());
    }

    DynoSpec attached(String command, Stdio stdio) {
        return spec(command, DynoKind.ONE_OFF, stdio, false, Optional.empty());
    }

    /// A web dyno that is created, and begins when somebody attaches.
    DynoSpec waiting(String command) {
        return spec(command, DynoKind.ONE_OFF, new Stdio.Pipes(), true, Optional.empty());
    }

    DynoSpec build(String command, Mount... mounts) {
        DynoSpec spec = spec(command, DynoKind.BUILD, new Stdio.Log(), false, Optional.empty());
        return with(spec, spec.app(), DynoSize.BUILD, Map.of(), spec.slug(), List.of(mounts));
    }

    /// Another dyno of the same kind.
    DynoSpec alike(DynoSpec spec) {
        return new DynoSpec(
                DynoId.random(),
                spec.app(),
                new DynoName(spec.name().type(), spec.name().number() + 1),
                spec.kind(),
                spec.release(),
                spec.size(),
                spec.command(),
                spec.environment(),
                spec.slug(),
                spec.stack(),
                spec.stdio(),
                spec.web(),
                spec.mounts());
    }

    DynoSpec sized(DynoSpec spec, DynoSize size) {
        return with(spec, spec.app(), size, spec.environment(), spec.slug(), spec.mounts());
    }

    DynoSpec released(DynoSpec spec, int release) {
        return new DynoSpec(
                spec.id(),
                spec.app(),
                spec.name(),
                spec.kind(),
                new ReleaseVersion(release),
                spec.size(),
                spec.command(),
                spec.environment(),
                spec.slug(),
                spec.stack(),
                spec.stdio(),
                spec.web(),
                spec.mounts());
    }

    DynoSpec slugged(DynoSpec spec, AppId app, SlugRef slug) {
        return with(spec, app, spec.size(), spec.environment(), Optional.of(slug), spec.mounts());
    }

    DynoSpec configured(DynoSpec spec, Map<String, String> environment) {
        return with(spec, spec.app(), spec.size(), environment, spec.slug(), spec.mounts());
    }

    private static DynoSpec spec(
            String command, DynoKind kind, Stdio stdio, boolean web, Optional<SlugRef> slug) {
        return new DynoSpec(
                DynoId.random(),
                AppId.random(),
                new DynoName(web ? ProcessType.WEB : new ProcessType("worker"), 1),
                kind,
                new ReleaseVersion(1),
                DynoSize.DEFAULT,
                command,
                Map.of("GREETING", "hello"),
                slug,
                "host",
                stdio,
                web,
                List.of());
    }

    private static DynoSpec with(
            DynoSpec spec,
            AppId app,
            DynoSize size,
            Map<String, String> environment,
            Optional<SlugRef> slug,
            List<Mount> mounts) {
        return new DynoSpec(
                spec.id(),
                app,
                spec.name(),
                spec.kind(),
                spec.release(),
                size,
                spec.command(),
                environment,
                slug,
                spec.stack(),
                spec.stdio(),
                spec.web(),
                mounts);
    }

    /// A slug with these files.
    SlugRef slug(Map<String, String> files) throws IOException {
        Path tree = Files.createTempDirectory(data, "tree");
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path path = tree.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
        return slug(tree);
    }

    /// A slug with what is in this directory.
    SlugRef slug(Path tree) throws IOException {
        return slug(tree, ".");
    }

    /// @param packed what tar is told to pack
    SlugRef slug(Path tree, String packed) throws IOException {
        Path archive = data.resolve(UUID.randomUUID() + ".tgz");
        assertThat(
                        Command.run(
                                        "tar",
                                        "-czf",
                                        archive.toString(),
                                        "-C",
                                        tree.toString(),
                                        packed)
                                .ok())
                .isTrue();
        Command.run("chmod", "600", archive.toString());
        String digest = Command.run("sha256sum", archive.toString()).output().substring(0, 64);
        assertThat(HexFormat.of().parseHex(digest)).hasSize(32);
        return new SlugRef(UUID.randomUUID(), archive, digest);
    }

    DynoSpec start(DynoSpec spec) {
        engine.start(spec);
        return spec;
    }

    DynoSpec startUp(DynoSpec spec) {
        engine.start(spec);
        until(() -> told(spec, DynoEvent.Up.class));
        return spec;
    }

    boolean told(DynoSpec spec, Class<? extends DynoEvent> event) {
        return events.stream()
                .anyMatch(told -> told.id().equals(spec.id()) && event.isInstance(told));
    }

    EngineDyno seen(DynoSpec spec) {
        return engine.list().stream()
                .filter(dyno -> dyno.spec().id().equals(spec.id()))
                .findFirst()
                .orElseThrow();
    }

    DynoFiles files(DynoSpec spec) {
        DynoFiles own = DynoFiles.of(settings(), spec.id());
        return Files.exists(own.spec())
                ? own
                : Directory.names(runtime.resolve(DynoFiles.DYNOS)).stream()
                        .map(name -> DynoFiles.of(settings(), DynoId.parse(name)))
                        .filter(files -> holds(files, spec))
                        .findFirst()
                        .orElse(own);
    }

    /// A dyno that began as a spare has the files of that.
    private static boolean holds(DynoFiles files, DynoSpec spec) {
        return Json.read(files.spec())
                .map(SpecJson::parse)
                .filter(found -> found.id().equals(spec.id()))
                .isPresent();
    }

    /// Containers that no dyno has begun from.
    List<Life> spares() {
        return Directory.names(runtime.resolve(DynoFiles.DYNOS)).stream()
                .map(name -> DynoFiles.of(settings(), DynoId.parse(name)))
                .filter(files -> !Files.exists(files.spec()))
                .map(files -> Json.read(files.life()).map(Life::parse))
                .flatMap(Optional::stream)
                .toList();
    }

    /// Until a dyno like this one can begin from a spare.
    void awaitSpare(DynoSpec spec) {
        until(() -> engine.spares().has(spec));
    }

    /// As it stands on disk.
    Life life(DynoSpec spec) {
        return Json.read(files(spec).life()).map(Life::parse).orElseThrow();
    }

    /// The cgroup of a dyno, by its id.
    Cgroup cgroup(String name) {
        return new Cgroup(Cgroup.Hierarchies.detect(), "/paddock-" + hash + "/" + name);
    }

    /// An end that an engine found before anybody listened to it is not told.
    Exit exit(DynoSpec spec) {
        until(() -> told(spec, DynoEvent.Exited.class) || seen(spec).exit().isPresent());
        return seen(spec).exit().orElseThrow();
    }

    /// Waits for what a dyno is to do, and tells what there is to see when it does not.
    void until(BooleanSupplier condition) {
        try {
            await().atMost(LONG)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(POLL)
                    .until(condition::getAsBoolean);
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(scene(), e);
        }
    }

    /// How far each dyno has come, what it said, its processes, its network.
    String scene() {
        StringBuilder scene = new StringBuilder();
        for (EngineDyno dyno : engine.list()) {
            DynoFiles files = files(dyno.spec());
            Life life = life(dyno.spec());
            scene.append(
                    "\n%s %s\n%s\n%s\n"
                            .formatted(
                                    dyno,
                                    life,
                                    Conmon.said(files.log()),
                                    processes(dyno.spec().id())));
            life.place().ifPresent(place -> scene.append(network(place.slot())));
        }
        return scene
                + shell(
                        "cat /proc/sys/net/ipv4/ip_forward; ip -br addr; ip route; ip neigh; nft list table inet paddock_"
                                + hash);
    }

    private String processes(DynoId id) {
        return engine.group(id).processes().stream()
                .map(pid -> shell("ps -o pid,stat,wchan:20,args --no-headers -p " + pid))
                .collect(Collectors.joining("\n"));
    }

    private String network(int slot) {
        String name = "paddock-" + hash + "-" + slot;
        return shell(
                "ip -n %1$s -s addr; ip -n %1$s neigh; ip netns exec %1$s ss -tan".formatted(name));
    }

    private static String shell(String script) {
        return Command.run("sh", "-c", script).output() + "\n";
    }

    /// Everything the dyno wrote, when it has ended.
    List<String> lines(DynoSpec spec) {
        List<String> lines = new ArrayList<>();
        try (DynoOutput output = engine.output(spec.id(), 0)) {
            while (!output.ended()) {
                output.read(LONG).forEach(line -> lines.add(line.text()));
            }
        }
        return lines;
    }

    /// Runs a script in a dyno to its end and gives what it wrote.
    String run(DynoSpec spec) {
        start(spec);
        exit(spec);
        return lines(spec).stream().collect(Collectors.joining("\n"));
    }
}
