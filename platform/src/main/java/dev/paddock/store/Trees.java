package dev.paddock.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// Whole directories with all that is in them.
public final class Trees {
    private Trees() {}

    /// Deletes a directory and what is below it, on one file system, following no links; nothing happens when it does
    /// not exist. `rm` does it: tenants choose names that Java cannot represent.
    public static void delete(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Process rm =
                new ProcessBuilder(
                                "rm",
                                "-rf",
                                "--one-file-system",
                                "--",
                                directory.toAbsolutePath().toString())
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(rm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (rm.waitFor() != 0) {
                throw new IOException("Removing " + directory + ": " + said.strip());
            }
        } catch (InterruptedException e) {
            rm.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while removing " + directory, e);
        }
    }
}
