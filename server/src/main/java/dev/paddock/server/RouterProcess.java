package dev.paddock.server;

import dev.paddock.daemons.Bind;
import dev.paddock.daemons.Confinement;
import dev.paddock.daemons.Daemon;
import dev.paddock.daemons.DaemonSpec;
import dev.paddock.daemons.SystemUser;
import dev.paddock.domains.Routers;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The router's process: adopted when one that fits lives, else started as a user of its own, and started again when
/// it dies. One of another build hands its listeners over to the new one and ends when its last request did; if the new
/// one fails before, the old one serves on. Processes outlive this object: closing it only ends the watch. Safe for any
/// thread.
final class RouterProcess implements AutoCloseable {
    static final String USER = "paddock-router";

    private static final Logger LOG = LoggerFactory.getLogger(RouterProcess.class);

    /// Requests in flight get the router's own 30 s to end.
    private static final Duration STOP_GRACE = Duration.ofSeconds(35);

    private static final Duration WATCH_EVERY = Duration.ofMillis(500);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    /// A router that lived this long had a good start; its end is not another failure in a row.
    private static final Duration GOOD_LIFE = Duration.ofMinutes(1);

    private final Settings settings;
    private final DataDirectory data;
    private final RuntimeDirectory runtime;
    private final Installation installation;
    private final Object lock = new Object();

    // All below: guarded by lock.
    private Optional<Daemon> current = Optional.empty();

    /// The router of another build, until it has ended.
    private Optional<Daemon> older = Optional.empty();

    private boolean closed;

    RouterProcess(
            Settings settings,
            DataDirectory data,
            RuntimeDirectory runtime,
            Installation installation) {
        this.settings = settings;
        this.data = data;
        this.runtime = runtime;
        this.installation = installation;
    }

    /// Adopts the living router when it runs the same program on the same ports; starts ours beside one of another
    /// build on the same ports, which [#handOver] ends; else stops it and starts ours. Throws UserError when a port is
    /// held by somebody else.
    void start() {
        DaemonSpec spec = spec();
        synchronized (lock) {
            current = Daemon.find(spec.record());
            older = Daemon.find(olderRecord(runtime));
            if (current.isEmpty() && older.isPresent()) {
                // The younger one failed while no platform was there to see it.
                current = Optional.of(older.get().moveRecord(spec.record()));
                older = Optional.empty();
            }
            if (current.filter(living -> living.matches(spec.version())).isPresent()) {
                LOG.info("Adopted the router, process {}", pid());
            } else if (older.isEmpty() && current.filter(this::canHandOver).isPresent()) {
                startBesideOlder(spec, current.get());
            } else {
                older.ifPresent(RouterProcess::stopOther);
                older = Optional.empty();
                current.ifPresent(RouterProcess::stopOther);
                Ports.requireFree("--http", settings.http());
                Ports.requireFree("--https", settings.https());
                current = Optional.of(Daemon.start(spec));
                LOG.info("Started the router, process {}", pid());
            }
            if (older.isEmpty()) {
                removeOtherPrograms(spec);
            }
        }
        Thread.ofVirtual().name("router-watch").start(() -> watch(spec));
    }

    private static void stopOther(Daemon other) {
        LOG.info("Stopping the router of an earlier build, process {}", other.pid());
        other.stop(STOP_GRACE);
    }

    /// Whether it listens where ours would, and offers that.
    private boolean canHandOver(Daemon living) {
        return living.version().endsWith(placeMark()) && Files.exists(handoverSocket());
    }

    private void startBesideOlder(DaemonSpec spec, Daemon living) {
        Daemon kept = living.moveRecord(olderRecord(runtime));
        try {
            Daemon younger = Daemon.start(spec);
            LOG.info(
                    "Started the router, process {}, which takes over from process {}",
                    younger.pid(),
                    kept.pid());
            current = Optional.of(younger);
            older = Optional.of(kept);
        } catch (IllegalStateException | UncheckedIOException e) {
            LOG.error("Could not start the new router; the old one serves on", e);
            current = Optional.of(kept.moveRecord(spec.record()));
        }
    }

    /// Called when routers can connect and there is a table: the new router, if there is one, takes over.
    void handOver(Routers routers) {
        synchronized (lock) {
            if (older.isPresent()) {
                routers.handOver(pid(), handoverSocketInside());
            }
        }
    }

    /// The living ones, which all have to acknowledge tables.
    List<Long> pids() {
        synchronized (lock) {
            return Stream.concat(current.stream(), older.stream()).map(Daemon::pid).toList();
        }
    }

    long pid() {
        synchronized (lock) {
            return current.map(Daemon::pid).orElse(0L);
        }
    }

    boolean alive() {
        synchronized (lock) {
            return current.filter(Daemon::alive).isPresent();
        }
    }

    /// What the router said last, for messages.
    String lastWords() {
        return Daemon.tail(output());
    }

    /// Ends the router; requests in flight are finished first.
    void stop() {
        close();
        stopLeftOver(runtime);
    }

    /// Stops the router of a platform that is not running any more; false when there was none.
    static boolean stopLeftOver(RuntimeDirectory runtime) {
        List<Daemon> living =
                Stream.of(record(runtime), olderRecord(runtime))
                        .flatMap(record -> Daemon.find(record).stream())
                        .toList();
        living.forEach(router -> router.signal("TERM"));
        living.forEach(router -> router.stop(STOP_GRACE));
        return !living.isEmpty();
    }

    static Optional<Daemon> find(RuntimeDirectory runtime) {
        return Daemon.find(record(runtime));
    }

    private static Path record(RuntimeDirectory runtime) {
        return runtime.path().resolve("router.daemon");
    }

    private static Path olderRecord(RuntimeDirectory runtime) {
        return runtime.path().resolve("router-older.daemon");
    }

    /// Where a router offers its listeners: in the one directory it may write to when it is confined.
    private Path handoverSocket() {
        return Superuser.here()
                ? data.router().resolve("handover")
                : runtime.path().resolve("router.handover");
    }

    private Path handoverSocketInside() {
        return Superuser.here()
                ? runtime.path().resolve("router-state").resolve("handover")
                : handoverSocket();
    }

    private Path output() {
        return data.path().resolve("router.out");
    }

    private void watch(DaemonSpec spec) {
        Duration pause = FIRST_PAUSE;
        long born = System.nanoTime();
        try {
            while (true) {
                Thread.sleep(WATCH_EVERY);
                synchronized (lock) {
                    if (closed) {
                        return;
                    }
                    boolean alive = current.filter(Daemon::alive).isPresent();
                    if (older.isPresent() && !older.get().alive()) {
                        LOG.info("The router of the earlier build has ended");
                        older = Optional.empty();
                        removeOtherPrograms(spec);
                    }
                    if (!alive && older.isPresent()) {
                        LOG.error(
                                "The new router ended while the old one lives, which serves on. Its"
                                        + " last words: {}",
                                lastWords());
                        current = Optional.of(older.get().moveRecord(spec.record()));
                        older = Optional.empty();
                        continue;
                    }
                    if (alive) {
                        continue;
                    }
                }
                if (System.nanoTime() - born > GOOD_LIFE.toNanos()) {
                    pause = FIRST_PAUSE;
                }
                LOG.warn(
                        "The router ended; starting it again in {} ms. Its last words: {}",
                        pause.toMillis(),
                        lastWords());
                Thread.sleep(pause);
                pause = longer(pause);
                born = System.nanoTime();
                restart(spec);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void restart(DaemonSpec spec) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            try {
                current = Optional.of(Daemon.start(spec));
            } catch (IllegalStateException | UncheckedIOException e) {
                LOG.error("Could not start the router", e);
            }
        }
    }

    private static Duration longer(Duration pause) {
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
    }

    private DaemonSpec spec() {
        String version = version();
        Path programs = copyPrograms(version);
        Path state = makeState();
        Path java = Path.of(System.getProperty("java.home"));
        List<Bind> binds = new ArrayList<>();
        binds.add(Bind.readOnly(programs, runtime.path().resolve("router-programs")));
        binds.add(Bind.writable(state, runtime.path().resolve("router-state")));
        Path archives = installation.archives();
        if (Files.isDirectory(archives)) {
            binds.add(Bind.readOnly(archives, runtime.path().resolve("router-archives")));
        }
        if (!passable(java)) {
            binds.add(Bind.readOnly(java, runtime.path().resolve("router-java")));
        }
        Confinement confinement = Confinement.as(USER, binds).withLowPorts();
        Path home = confinement.inside(java);
        Path insidePrograms = confinement.inside(programs);
        Path insideState = confinement.inside(state);
        Path archive = confinement.inside(archives).resolve(RouterJvm.ARCHIVE);
        List<Path> jars =
                installation.routerJars().stream()
                        .map(jar -> insidePrograms.resolve(jar.getFileName()))
                        .toList();
        List<String> command =
                RouterJvm.command(home, "-XX:AOTCache=" + archive, jars, insideState);
        command.addAll(List.of("--http", settings.http().toString()));
        command.addAll(List.of("--https", settings.https().toString()));
        command.addAll(List.of("--control", runtime.controlSocket().toString()));
        command.addAll(List.of("--state", insideState.toString()));
        command.addAll(List.of("--handover", handoverSocketInside().toString()));
        return new DaemonSpec(
                record(runtime),
                version,
                command,
                Map.of("LC_ALL", "C.UTF-8", "PATH", "/usr/bin:/bin"),
                output(),
                confinement);
    }

    /// Changes with the router's program, its ports and its java.
    private String version() {
        CRC32 checksum = new CRC32();
        for (Path jar : installation.routerJars()) {
            checksum.update(jar.getFileName().toString().getBytes(StandardCharsets.UTF_8));
            if (jar.getFileName().toString().startsWith("paddock-")) {
                try {
                    checksum.update(Files.readAllBytes(jar));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        checksum.update(System.getProperty("java.home").getBytes(StandardCharsets.UTF_8));
        return ProductVersion.text()
                + "-"
                + Runtime.version().feature()
                + "-"
                + Long.toHexString(checksum.getValue())
                + placeMark();
    }

    /// Ends the version of every router that listens where ours would.
    private String placeMark() {
        CRC32 checksum = new CRC32();
        String place = settings.http() + " " + settings.https();
        checksum.update(place.getBytes(StandardCharsets.UTF_8));
        return "-" + Long.toHexString(checksum.getValue());
    }

    /// A copy, because a build overwrites the jars that a living router still reads from.
    private Path copyPrograms(String version) {
        Path copy = data.routerPrograms().resolve(version);
        try {
            if (Files.isDirectory(copy)) {
                return copy;
            }
            Path unfinished = data.routerPrograms().resolve(version + ".new");
            Trees.delete(unfinished);
            Files.createDirectories(unfinished);
            for (Path jar : installation.routerJars()) {
                copyReadable(jar, unfinished.resolve(jar.getFileName()));
            }
            Path libraries = Files.createDirectory(unfinished.resolve(RouterJvm.NATIVE));
            for (Path library : installation.routerLibraries()) {
                copyReadable(library, libraries.resolve(library.getFileName()));
            }
            for (Path folder : List.of(libraries, unfinished)) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            Files.move(unfinished, copy, StandardCopyOption.ATOMIC_MOVE);
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException("Copying the router's program to " + copy, e);
        }
    }

    private static void copyReadable(Path source, Path target) throws IOException {
        // With its dates, by which java knows whether a class data archive fits.
        Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
    }

    private void removeOtherPrograms(DaemonSpec spec) {
        try (Stream<Path> all = Files.list(data.routerPrograms())) {
            for (Path other :
                    all.filter(path -> !path.getFileName().toString().equals(spec.version()))
                            .toList()) {
                Trees.delete(other);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path makeState() {
        Path state = data.router();
        try {
            Files.createDirectories(state);
            Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
            Optional<SystemUser> user = SystemUser.ensure(USER);
            if (user.isPresent()) {
                Files.setAttribute(state, "unix:uid", user.get().uid());
                Files.setAttribute(state, "unix:gid", user.get().gid());
            }
            return state;
        } catch (IOException e) {
            throw new UncheckedIOException("Making the router's directory " + state, e);
        }
    }

    /// Whether every user may pass through all directories on the way.
    private static boolean passable(Path path) {
        try {
            for (Path at = path.toRealPath(); at != null; at = at.getParent()) {
                if (!Files.getPosixFilePermissions(at)
                        .contains(PosixFilePermission.OTHERS_EXECUTE)) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
    }
}
