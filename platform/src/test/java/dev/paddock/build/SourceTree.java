package dev.paddock.build;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Files in a directory of a test, and the tar of them.
final class SourceTree {
    private final Path directory;

    SourceTree(Path directory) {
        this.directory = directory;
    }

    SourceTree with(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        return this;
    }

    SourceTree withFilesOf(Path other) throws IOException {
        try (var files = Files.list(other)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                with(file.getFileName().toString(), Files.readString(file));
            }
        }
        return this;
    }

    InputStream tar() throws IOException {
        Files.createDirectories(directory);
        Process process =
                new ProcessBuilder("tar", "-c", "-C", directory.toString(), ".")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        process.getOutputStream().close();
        return new ByteArrayInputStream(process.getInputStream().readAllBytes());
    }
}
