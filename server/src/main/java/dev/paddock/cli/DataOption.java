package dev.paddock.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// `--data`: which platform is meant.
final class DataOption {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "The data directory. Default: .paddock beside the launcher.")
    @Nullable Path data;

    /// Absolute; relative ones start at the caller's directory.
    Path path() {
        if (data != null) {
            return data.toAbsolutePath().normalize();
        }
        String home = System.getenv("PADDOCK_HOME");
        return Path.of(home == null ? "" : home, ".paddock").toAbsolutePath().normalize();
    }
}
