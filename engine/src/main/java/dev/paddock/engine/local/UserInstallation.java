package dev.paddock.engine.local;

import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a platform of an ordinary user makes for its dynos: directories, nothing else. All run as that user, in the
/// network of this machine.
final class UserInstallation {
    /// Nobody else keeps the limits.
    private static final Duration LOOK = Duration.ofSeconds(1);

    /// Where a plain process is told the path itself, which no word of a command must be split at.
    private static final Pattern PLAIN_PATH = Pattern.compile("[A-Za-z0-9_./+@%,=-]*");

    private UserInstallation() {}

    /// Makes what is missing of it.
    static Installation make(LocalSettings settings, UserSandbox machine, Duration patience) {
        if (!machine.works()) {
            requirePlain(settings.data());
        }
        Installation.directories(settings);
        Path runtime = settings.runtime();
        HostStack stack = new HostStack(runtime.resolve(Installation.STACK));
        stack.build(Resolvers.ofThisMachine());
        Sandbox sandbox = sandbox(machine, stack, runtime);
        SlugCache slugs = new SlugCache(Installation.slugs(settings), sandbox);
        slugs.clean();
        var builds = BuildEnvironment.of(settings.hostEnvironment(), stack);
        Network network = new HostNetwork(Optional.empty());
        Volumes volumes = Volumes.none(settings, "that needs root");
        return new Installation(
                sandbox,
                Keepers.of(new ShellKeeper(sandbox, patience, settings.timers())),
                network,
                slugs,
                volumes,
                new Launcher(
                        settings,
                        stack,
                        sandbox,
                        network,
                        new Users.Shared(user(runtime)),
                        slugs,
                        volumes,
                        builds),
                builds,
                List.of(),
                LOOK);
    }

    private static void requirePlain(Path data) {
        if (!PLAIN_PATH.matcher(data.toString()).matches()) {
            throw UserError.invalid(
                    "Without bubblewrap dynos are plain processes, whose commands name their files by the path of the data directory, and %s holds characters at which a shell would split or read them otherwise. Choose another directory with --data, or install bubblewrap (`apt-get install bubblewrap`)."
                            .formatted(data));
        }
    }

    private static Sandbox sandbox(UserSandbox machine, HostStack stack, Path runtime) {
        Path scratch = runtime.resolve(Installation.UNPACK);
        return machine.works()
                ? new Bubblewrap(machine, stack, scratch)
                : new PlainProcesses(stack, scratch);
    }

    /// Our own: that of what we made.
    private static int user(Path runtime) {
        try {
            return (int) Files.getAttribute(runtime, "unix:uid");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at " + runtime, e);
        }
    }

    /// Ends every dyno of a platform at once and removes all that engines of it left on this machine, the data
    /// directory included. No engine of the platform may be open.
    static void purge(Path runtime, Path data) {
        HostStack stack = new HostStack(runtime.resolve(Installation.STACK));
        Path scratch = runtime.resolve(Installation.UNPACK);
        List<DynoFiles> dynos =
                Directory.names(runtime.resolve(DynoFiles.DYNOS)).stream()
                        .map(name -> DynoFiles.of(runtime, data, DynoId.parse(name)))
                        .toList();
        Installation.removeDynos(
                runtime,
                () -> {
                    for (DynoFiles files : dynos) {
                        new Bubblewrap(UserSandbox.UNTRIED, stack, scratch).group(files).kill();
                        new PlainProcesses(stack, scratch).group(files).kill();
                    }
                });
        for (String name :
                List.of(
                        DynoFiles.EXITS,
                        DynoFiles.SOCKETS,
                        Installation.STACK,
                        Installation.USERS,
                        Installation.UNPACK)) {
            Directory.remove(runtime.resolve(name));
        }
        Directory.remove(data);
        Directory.removeEmpty(runtime);
    }
}
