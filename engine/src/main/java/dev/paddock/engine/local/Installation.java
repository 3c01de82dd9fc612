package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What one platform has made on this machine for its dynos: directories, a cgroup, mounts, a network and its rules.
///
/// @param network its namespaces are not opened yet
/// @param buildEnvironment what builds get in their environment beyond their spec
record Installation(
        Cgroup cgroup,
        Keepers keepers,
        DynoNetwork network,
        Firewall firewall,
        SlugCache slugs,
        Volumes volumes,
        Launcher launcher,
        Map<String, String> buildEnvironment) {
    /// A link in the runtime directory to the one on disk.
    static final String DATA_LINK = "data";

    private static final String MOUNTS = "mounts";

    Installation {
        buildEnvironment = Map.copyOf(buildEnvironment);
    }

    /// Makes what is missing of it.
    ///
    /// @param patience how long conmon or crun may take for one thing
    static Installation make(LocalSettings settings, Programs programs, Duration patience) {
        directories(settings, programs);
        Path runtime = settings.runtime();
        Cgroup.Hierarchies hierarchies = Cgroup.Hierarchies.detect();
        Cgroup cgroup = cgroup(hierarchies, settings.hash());
        Resolvers resolvers = Resolvers.detect();
        HostStack stack = new HostStack(runtime.resolve("stack"));
        stack.build(resolvers);
        CrunMounts mounts =
                CrunMounts.make(
                        runtime.resolve(MOUNTS), stack, programs.runtime(), hierarchies.hybrid());
        OciRuntime containers = OciRuntime.in(mounts, programs.kind());
        Map<String, String> builds = BuildEnvironment.of(settings.hostEnvironment(), stack);
        Registry.Share share = new Registry(registry(runtime)).claim(settings.hash());
        UserNumbers users = users(settings, share);
        SlugCache slugs =
                new SlugCache(
                        slugs(settings), runtime.resolve("unpack"), stack, containers, cgroup);
        slugs.clean();
        Volumes volumes = Volumes.make(settings, mounts.wrapper(), programs.conmon().isPresent());
        DynoNetwork network = new DynoNetwork(settings.hash(), share.network());
        Firewall firewall = Firewall.of(settings.hash(), registry(runtime));
        firewall.raise(DynoNetwork.addresses(share.network()), resolvers.servers());
        return new Installation(
                cgroup,
                new Keepers(
                        new Conmon(programs.conmon(), containers, patience),
                        new ShellKeeper(containers, patience, settings.timers()),
                        programs.conmon().isPresent()),
                network,
                firewall,
                slugs,
                volumes,
                new Launcher(settings, stack, containers, network, users, slugs, volumes, builds),
                builds);
    }

    private static void directories(LocalSettings settings, Programs programs) {
        Path runtime = settings.runtime();
        // An existing one keeps its mode: the router's user passes through it to its socket.
        if (!Files.isDirectory(runtime)) {
            Directory.createPrivate(runtime);
        }
        for (String name : List.of(DynoFiles.DYNOS, DynoFiles.EXITS, DynoFiles.SOCKETS)) {
            Directory.createPrivate(runtime.resolve(name));
        }
        Directory.createPrivate(programs.kind().containers(runtime));
        Directory.createPrivate(settings.data().resolve(DynoFiles.DYNOS));
        linkData(settings);
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

    private static Path slugs(LocalSettings settings) {
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
        platform.killBelow();
        for (String name : Directory.names(runtime.resolve(DynoFiles.DYNOS))) {
            ProcessIdentity.noted(
                            runtime.resolve(DynoFiles.DYNOS).resolve(name).resolve("conmon.pid"))
                    .filter(beside -> Keepers.isOne(beside, name))
                    .ifPresent(beside -> Signals.send(beside, Signals.KILL));
        }
        platform.remove();
        DynoNetwork.purge(hash);
        Firewall firewall = Firewall.of(hash, registry(runtime));
        firewall.lower();
        CrunMounts.remove(runtime.resolve(MOUNTS));
        for (String name :
                List.of(
                        DynoFiles.DYNOS,
                        DynoFiles.EXITS,
                        DynoFiles.SOCKETS,
                        OciRuntime.Kind.CRUN.program(),
                        OciRuntime.Kind.RUNC.program(),
                        "stack",
                        "users",
                        "unpack",
                        DATA_LINK)) {
            Directory.remove(runtime.resolve(name));
        }
        Directory.remove(data);
        Directory.removeEmpty(runtime);
        if (new Registry(registry(runtime)).release(hash)) {
            firewall.restoreForwarding();
        }
    }
}
