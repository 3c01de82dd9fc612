package dev.paddock.build;

import dev.paddock.daemons.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Whole directories that tenants filled. The system's own `rm` and `du` walk them: they follow no link and manage
/// any depth and length of names, which Java's paths do not.
final class FileTree {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private FileTree() {}

    /// Removes a directory with everything in it; it need not exist.
    static void remove(Path directory) {
        run(List.of("rm", "-rf", "--one-file-system", "--", directory.toString()));
    }

    /// The bytes that its files take on the disk.
    static long bytes(Path directory) {
        String output = run(List.of("du", "-skx", "--", directory.toString()));
        return Long.parseLong(output.substring(0, output.indexOf('\t'))) * 1024;
    }

    /// Interrupts are put off: tidying is what an interrupted build still has to do.
    private static String run(List<String> command) {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    Command.Result result = Command.run(command, LIMIT);
                    if (!result.ok()) {
                        throw new UncheckedIOException(
                                new IOException(
                                        String.join(" ", command) + " failed: " + result.output()));
                    }
                    return result.output();
                } catch (IllegalStateException e) {
                    if (!Thread.interrupted()) {
                        throw e;
                    }
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
