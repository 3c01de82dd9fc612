package dev.paddock.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// Removes directories with all that is in them, on one file system, following no link. `rm` does it: tenants chose
/// names in there that Java cannot represent.
final class Trees {
    private Trees() {}

    static void remove(Path root) {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            Process rm =
                    new ProcessBuilder("rm", "-rf", "--one-file-system", "--", root.toString())
                            .redirectInput(Path.of("/dev/null").toFile())
                            .redirectErrorStream(true)
                            .start();
            String said = new String(rm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (rm.waitFor() != 0) {
                throw new IOException(said.strip());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Removing " + root + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while removing " + root, e);
        }
    }
}
