package dev.paddock.daemons;

import java.nio.file.Path;

/// A file or directory that a confined process sees at another place, because its user could not reach the real one.
///
/// @param target a path that the process's user can reach; made when it does not exist
public record Bind(Path source, Path target, boolean writable) {
    public static Bind readOnly(Path source, Path target) {
        return new Bind(source, target, false);
    }

    public static Bind writable(Path source, Path target) {
        return new Bind(source, target, true);
    }
}
