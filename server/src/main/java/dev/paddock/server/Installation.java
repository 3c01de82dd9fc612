package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The folders of the installed program: its jars, and what is made of them once for all platforms it starts.
public record Installation(Path lib) {
    /// Where the launcher says the jars are; throws UserError when there is no router among them.
    public static Installation here() {
        String named = System.getenv("PADDOCK_LIB");
        Path lib = Path.of(named == null ? "server/target/lib" : named).toAbsolutePath();
        if (!Files.isDirectory(lib.resolve("router"))) {
            throw new UserError(
                    "unavailable",
                    "Found no router in %s. Start the platform with the launcher ./paddock, which sets PADDOCK_LIB."
                            .formatted(lib.resolve("router")));
        }
        return new Installation(lib);
    }

    /// The jars that the router's process loads, in the order in which it looks through them.
    List<Path> routerJars() {
        Path folder = lib.resolve("router");
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Looking for the router's libraries in " + folder, e);
        }
    }

    /// The native libraries that the router's process loads.
    List<Path> routerLibraries() {
        Path folder = lib.resolve("router").resolve(RouterJvm.NATIVE);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Looking for the router's libraries in " + folder, e);
        }
    }

    /// java's archives of loaded and linked classes, which halve a start; see the launcher.
    Path archives() {
        return lib.resolveSibling("archives");
    }

    /// PostgreSQL's programs, unpacked.
    public Path postgres() {
        return lib.resolveSibling("postgres");
    }
}
