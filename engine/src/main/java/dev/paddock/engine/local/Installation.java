package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// What one platform has made on this machine for its dynos: directories, and with root a cgroup, mounts, a network and
/// its rules. [UserInstallation] makes one without root.
///
/// @param network its namespaces are not opened yet
/// @param buildEnvironment what builds get in their environment beyond their spec
/// @param weaknesses of the network and of the data directory
/// @param memoryLook how often dynos are looked at
record Installation(
        Sandbox sandbox,
        Keepers keepers,
        Network network,
        SlugCache slugs,
        Volumes volumes,
        Launcher launcher,
        Map<String, String> buildEnvironment,
        List<String> weaknesses,
        Duration memoryLook) {
    /// A link in the runtime directory to the one on disk.
    static final String DATA_LINK = "data";

    static final String STACK = "stack";
    static final String USERS = "users";
    static final String UNPACK = "unpack";

    private static final String MOUNTS = "mounts";
    private static final int MOST_ATTEMPTS = 100;
    private static final Duration BREATH = Duration.ofMillis(10);

    /// At ends of which no hint came, and at who is over the quota; the kernel keeps the hard limit.
    private static final Duration LOOK = Duration.ofSeconds(5);

    Installation {
        buildEnvironment = Map.copyOf(buildEnvironment);
        weaknesses = List.copyOf(weaknesses);
    }

    /// Makes what is missing of it.
    ///
    /// @param patience how long conmon or crun may take for one thing
    static Installation make(LocalSettings settings, Programs programs, Duration patience) {
        directories(settings, programs);
        Path runtime = settings.runtime();
        Cgroup.Hierarchies hierarchies = Cgroup.Hierarchies.detect();
        Cgroup cgroup = cgroup(hierarchies, settings.hash());
        Registry.Share share =
                new Registry(registry(runtime))
                        .claim(
                                settings.hash(),
                                Routes.ofThisMachine()
                                        .inUse(DynoNetwork.linkPrefix(settings.hash())));
        new QuickCgroups(registry(runtime)).on();
        Networks networks =
                Networks.make(programs.names(), settings.hash(), share, registry(runtime));
        Network network = networks.network();
        HostStack stack = new HostStack(runtime.resolve(STACK));
        stack.build(networks.resolvers());
        CrunMounts mounts =
                CrunMounts.make(
                        runtime.resolve(MOUNTS), stack, programs.runtime(), hierarchies.hybrid());
        OciRuntime containers = OciRuntime.in(mounts, programs.kind());
        Map<String, String> builds = BuildEnvironment.of(settings.hostEnvironment(), stack);
        UserNumbers users = users(settings, share);
        Layers layers = Layers.tried(settings.data(), mounts.wrapper());
        Sandbox sandbox =
                new OciSandbox(containers, stack, cgroup, layers.held(), runtime.resolve(UNPACK));
        SlugCache slugs = new SlugCache(slugs(settings), sandbox);
        slugs.clean();
        Volumes volumes =
                programs.conmon().isPresent()
                        ? Volumes.make(settings, mounts.wrapper())
                        : Volumes.none(
                                settings,
                                "that needs conmon, which makes containers before they begin");
        return new Installation(
                sandbox,
                new Keepers(
                        new Conmon(programs.conmon(), containers, patience),
                        new ShellKeeper(sandbox, patience, settings.timers()),
                        programs.conmon().isPresent()),
                network,
                slugs,
                volumes,
                new Launcher(settings, stack, sandbox, network, users, slugs, volumes, builds),
                builds,
                Stream.of(networks.weaknesses(), layers.weaknesses())
                        .flatMap(List::stream)
                        .toList(),
                LOOK);
    }

    private static void directories(LocalSettings settings, Programs programs) {
        directories(settings);
        Directory.createPrivate(programs.kind().containers(settings.runtime()));
        linkData(settings);
    }

    static void directories(LocalSettings settings) {
        Path runtime = settings.runtime();
        // An existing one keeps its mode: the router's user passes through it to its socket.
        if (!Files.isDirectory(runtime)) {
            Directory.createPrivate(runtime);
        }
        for (String name : List.of(DynoFiles.DYNOS, DynoFiles.EXITS, DynoFiles.SOCKETS)) {
            Directory.createPrivate(runtime.resolve(name));
        }
        Directory.createPrivate(settings.data().resolve(DynoFiles.DYNOS));
    }

    private static void linkData(LocalSettings settings) {
        Path link = settings.runtime().resolve(DATA_LINK);
        try {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, settings.data().toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create " + link + ": " + e.getMessage(), e);
        }
    }

    /// Unpacked slugs belong to the users, and are dropped when those change.
    private static UserNumbers users(LocalSettings settings, Registry.Share share) {
        Path numbers = settings.data().resolve("users.json");
        if (UserNumbers.moved(numbers, share.firstUser())) {
            Directory.remove(slugs(settings));
        }
        return new UserNumbers(numbers, share.firstUser());
    }

    static Path slugs(LocalSettings settings) {
        return settings.data().resolve("slugs");
    }

    static Cgroup cgroup(Cgroup.Hierarchies hierarchies, String hash) {
        return new Cgroup(hierarchies, "/paddock-" + hash);
    }

    static Path registry(Path runtime) {
        return runtime.toAbsolutePath().resolve("..").normalize();
    }

    /// Ends every dyno of a platform at once and removes all that engines of it left on this machine, the data
    /// directory included. No engine of the platform may be open.
    static void purge(Path runtime, Path data, String hash) {
        Cgroup platform = cgroup(Cgroup.Hierarchies.detect(), hash);
        removeDynos(runtime, platform::killBelow);
        insist(() -> {
            // What was about to enter it has now.
            platform.killBelow();
            platform.remove();
        });
        DynoNetwork.purge(hash);
        Firewall firewall = Firewall.of(hash, registry(runtime));
        firewall.lower();
        CrunMounts.remove(runtime.resolve(MOUNTS));
        for (String name :
                List.of(
                        DynoFiles.EXITS,
                        DynoFiles.SOCKETS,
                        OciRuntime.Kind.CRUN.program(),
                        OciRuntime.Kind.RUNC.program(),
                        STACK,
                        USERS,
                        UNPACK,
                        DATA_LINK)) {
            Directory.remove(runtime.resolve(name));
        }
        Directory.remove(data);
        Directory.removeEmpty(runtime);
        if (new Registry(registry(runtime)).release(hash)) {
            firewall.restoreForwarding();
            new QuickCgroups(registry(runtime)).restore();
        }
    }

    /// Starts that were under way go on meanwhile: they may leave more files and processes, until there is no directory
    /// left for them to begin in.
    static void removeDynos(Path runtime, Runnable killDynos) {
        insist(() -> {
            killDynos.run();
            killKeepers(runtime);
            Directory.remove(runtime.resolve(DynoFiles.DYNOS));
        });
        killKeepers(runtime);
        killDynos.run();
    }

    /// Until it succeeds, or often failed.
    private static void insist(Runnable removal) {
        for (int attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
            try {
                removal.run();
                return;
            } catch (IllegalStateException | UncheckedIOException e) {
                LockSupport.parkNanos(BREATH.toNanos());
            }
        }
        removal.run();
    }

    /// What stays beside dynos, whether it has noted itself already or not; so nothing notes their end any more.
    private static void killKeepers(Path runtime) {
        String dynos = runtime.resolve(DynoFiles.DYNOS) + "/";
        WatchedGroup.everybody()
                .flatMap(pid -> ProcessIdentity.of(pid).stream())
                .filter(process -> Keepers.isOneBelow(process, dynos))
                .forEach(Keepers::kill);
    }
}
