package dev.paddock.daemons;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Where the machine's programs are. Absolute, since a daemon is started with an empty environment.
final class Programs {
    private static final List<Path> DIRECTORIES =
            Stream.of("/usr/bin", "/bin", "/usr/sbin", "/sbin").map(Path::of).toList();

    private Programs() {}

    static String path(String name) {
        return DIRECTORIES.stream()
                .map(directory -> directory.resolve(name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() ->
                        new IllegalStateException(
                                "The program "
                                        + name
                                        + " is missing; it is part of the package"
                                        + " util-linux (or, for sh, dash)."))
                .toString();
    }
}
