package dev.paddock.engine.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The mount namespace in which crun runs on a hybrid machine. crun refuses v1 controllers beside a v2 mount, so it
/// does not get to see the latter. Made once: to unshare for every call costs more than the call.
final class CrunMounts {
    private static final String NAME = "ns";

    private CrunMounts() {}

    /// Makes the namespace anew from what is mounted now. As a slave of ours it sees later network namespaces come and
    /// go, for they are on a mount that is shared.
    ///
    /// @param directory of our own, to pin the namespace in
    /// @return the words before a command that is to run in it
    static List<String> make(Path directory) {
        remove(directory);
        Directory.createPrivate(directory);
        String script =
                """
                set -e
                mkdir -p /run/netns
                mountpoint -q /run/netns || mount --bind /run/netns /run/netns
                mount --make-shared /run/netns
                mount --bind "$1" "$1"
                mount --make-private "$1"
                : >"$1/$2"
                exec unshare --mount="$1/$2" --propagation slave umount -l "$3"
                """;
        Command.Result result =
                Command.run(
                        "sh",
                        "-c",
                        script,
                        "sh",
                        directory.toString(),
                        NAME,
                        Cgroup.Hierarchies.UNIFIED.toString());
        if (!result.ok()) {
            remove(directory);
            throw new IllegalStateException(
                    "crun needs a mount namespace without "
                            + Cgroup.Hierarchies.UNIFIED
                            + " on this machine, and it cannot be made: "
                            + result.output());
        }
        return List.of("nsenter", "--mount=" + directory.resolve(NAME));
    }

    static void remove(Path directory) {
        if (Files.isDirectory(directory)) {
            // Nothing of it may be mounted, after a reboot for instance.
            Command.run("umount", "-l", directory.resolve(NAME).toString());
            Command.run("umount", "-l", directory.toString());
            Directory.remove(directory);
        }
    }
}
