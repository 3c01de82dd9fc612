package dev.paddock.engine.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Whether a data directory can hold the layers that dynos have over their slugs. A file system that is an overlay
/// itself, as in a container of Docker, cannot; nor can most that lie on another machine.
record Layers(boolean held, Path data) {
    /// What is tried is in nobody's way: the namespace sees nothing of it any more, and others never did.
    private static final String TRIAL =
            """
            rm -rf "$1"
            mkdir "$1" && cd "$1" && mkdir lower upper work target || exit
            mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work target && umount target
            status=$?
            cd / && rm -rf "$1"
            exit $status
            """;

    /// Tries it.
    ///
    /// @param wrapper words before a command that is to run in the mount namespace of the runtime
    static Layers tried(Path data, List<String> wrapper) {
        List<String> words = new ArrayList<>(wrapper);
        words.addAll(List.of("sh", "-c", TRIAL, "sh", data.resolve("layers").toString()));
        return new Layers(Command.run(words, "").ok(), data);
    }

    /// In words for the operator.
    List<String> weaknesses() {
        return held
                ? List.of()
                : List.of(
                        "Each dyno gets a copy of its slug, which takes time and disk: the file system of %s cannot hold layers over it. Choose a directory on a local disk with --data."
                                .formatted(data));
    }
}
