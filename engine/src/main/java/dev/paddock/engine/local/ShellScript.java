package dev.paddock.engine.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Scripts that start a dyno. They hold its config vars, so nobody else reads them.
final class ShellScript {
    private ShellScript() {}

    /// Writes a file anew, for our user alone from its first byte on.
    static void write(Path file, String content) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, content);
    }

    /// As one word of a shell, whatever is in it.
    static String quoted(Object word) {
        return "'" + word.toString().replace("'", "'\\''") + "'";
    }
}
