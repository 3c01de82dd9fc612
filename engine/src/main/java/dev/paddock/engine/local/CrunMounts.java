package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The mount namespace in which crun runs. What every dyno would otherwise mount for itself is there already: it is made
/// once, at the start of an engine.
///
/// - The stack is one tree, each part of it read-only, which crun takes over in one step.
/// - crun itself lies on a read-only mount. So a dyno cannot write to its program through `/proc/self/exe`, and crun need
///   not protect itself by a copy at each call: that takes it a second start and a wait for the whole kernel.
/// - On a hybrid machine it lacks the v2 mount: crun refuses v1 controllers beside one.
final class CrunMounts {
    /// What the variable and the read-only program together mean to crun and runc: this is the protected copy.
    static final Map<String, String> ENVIRONMENT = Map.of("_LIBCONTAINER_CLONED_BINARY", "1");

    private static final String NAMESPACE = "ns";
    private static final String PROGRAM = "crun";
    private static final String TABLE = "fstab";

    /// Submounts that came along with a directory are still as the machine has them.
    private static final String MOUNT =
            """
            set -e
            [ -z "$3" ] || umount -l "$3"
            mount --all --fstab "$1"
            findmnt -R -l -n -O rw -o TARGET "$2" | while IFS= read -r target; do
                mount -o remount,bind,ro,nosuid,nodev "$target"
            done
            """;

    /// As a slave of ours the namespace sees later network namespaces come and go, for they are on a mount that is
    /// shared.
    private static final String MAKE =
            """
            set -e
            mkdir -p /run/netns
            mountpoint -q /run/netns || mount --bind /run/netns /run/netns
            mount --make-shared /run/netns
            mount --bind "$1" "$1"
            mount --make-private "$1"
            : >"$2"
            script=$3
            shift 3
            exec unshare --mount="$0" --propagation slave sh -c "$script" sh "$@"
            """;

    private final Path directory;

    private CrunMounts(Path directory) {
        this.directory = directory;
    }

    /// Makes the namespace anew from what is mounted now.
    ///
    /// @param directory of our own, to pin the namespace in
    /// @param crun the program, or one that takes its place
    static CrunMounts make(Path directory, HostStack stack, Path crun, boolean hybrid) {
        remove(directory);
        Directory.createPrivate(directory);
        CrunMounts mounts = new CrunMounts(directory);
        Path table = directory.resolve(TABLE);
        String unwanted = hybrid ? Cgroup.Hierarchies.UNIFIED.toString() : "";
        try {
            Files.writeString(table, mounts.table(stack, crun));
            Command.Result result =
                    Command.run(
                            "sh",
                            "-c",
                            MAKE,
                            mounts.namespace().toString(),
                            directory.toString(),
                            mounts.namespace().toString(),
                            MOUNT,
                            table.toString(),
                            stack.root().toString(),
                            unwanted);
            if (!result.ok()) {
                throw new IllegalStateException(
                        "crun needs mounts of its own on this machine, and they cannot be made: "
                                + result.output());
            }
            return mounts;
        } catch (IOException e) {
            remove(directory);
            throw new UncheckedIOException("cannot write " + table + ": " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            remove(directory);
            throw e;
        }
    }

    private String table(HostStack stack, Path crun) throws IOException {
        Files.createFile(crun());
        List<String> lines = new ArrayList<>();
        lines.add(line(crun, crun(), "bind"));
        lines.add(line(stack.root(), stack.root(), "bind"));
        for (Path bound : stack.bound()) {
            lines.add(line(bound, stack.root().resolve(bound.toString().substring(1)), "rbind"));
        }
        return String.join("", lines);
    }

    private static String line(Path source, Path target, String bind) {
        return "%s %s none %s,ro,nosuid,nodev,rprivate\n"
                .formatted(escaped(source), escaped(target), bind);
    }

    private static String escaped(Path path) {
        return path.toString().replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011");
    }

    private Path namespace() {
        return directory.resolve(NAMESPACE);
    }

    /// The words before a command that is to run there.
    List<String> wrapper() {
        return List.of("nsenter", "--mount=" + namespace());
    }

    /// Where crun is there.
    Path crun() {
        return directory.resolve(PROGRAM);
    }

    static void remove(Path directory) {
        if (Files.isDirectory(directory)) {
            // Nothing of it may be mounted, after a reboot for instance.
            Command.run("umount", "-l", directory.resolve(NAMESPACE).toString());
            Command.run("umount", "-l", directory.toString());
            Directory.remove(directory);
        }
    }
}
