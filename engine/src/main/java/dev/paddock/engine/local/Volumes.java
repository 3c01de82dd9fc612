package dev.paddock.engine.local;

import dev.paddock.engine.local.Conmon.LaunchFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Writable layers of a limited size: each a file system of its own, in a file. It is mounted only while the container
/// is made, in the mount namespace of the runtime; from then on the container's own mount holds it, and the kernel lets
/// go of the loop device as the container ends. Safe for any thread.
///
/// @param wrapper words before a command that is to run in that namespace
/// @param template an empty file system; empty where disks are not limited
/// @param failure why they are not, although they should be
record Volumes(List<String> wrapper, Optional<Path> template, Optional<String> failure) {
    /// No journal, for nothing of it is kept; all blocks for the dyno.
    private static final String MAKE =
            """
            rm -f "$1"
            truncate -s "$2" "$1.new"
            mkfs.ext4 -q -F -m 0 -O ^has_journal,^resize_inode "$1.new"
            mv "$1.new" "$1"
            """;

    /// The kernel is not to write all inodes in the background: the file stays as small as what the dyno wrote.
    private static final String MOUNT =
            """
            set -e
            cp --sparse=always --reflink=auto "$1" "$2"
            mkdir -p "$3"
            mount -t ext4 -o loop,nosuid,nodev,noinit_itable,discard "$2" "$3"
            mkdir "$3/upper" "$3/work"
            chown "$4:$4" "$3/upper"
            """;

    Volumes {
        wrapper = List.copyOf(wrapper);
    }

    /// None, although they are wanted, perhaps.
    static Volumes none(LocalSettings settings, String reason) {
        return new Volumes(
                List.of(),
                Optional.empty(),
                settings.diskBytes() == 0 ? Optional.empty() : Optional.of(reason));
    }

    static Volumes make(LocalSettings settings, List<String> wrapper) {
        Path template = settings.data().resolve("empty-disk.img");
        if (settings.diskBytes() == 0) {
            return new Volumes(wrapper, Optional.empty(), Optional.empty());
        }
        Command.Result made =
                Command.run(
                        "sh",
                        "-e",
                        "-c",
                        MAKE,
                        "sh",
                        template.toString(),
                        Long.toString(settings.diskBytes()));
        Volumes volumes = new Volumes(wrapper, Optional.of(template), Optional.empty());
        if (made.ok()) {
            Path trial = settings.data().resolve("volume");
            Command.Result mounted = volumes.mount(trial, 0);
            volumes.unmount(trial);
            Directory.remove(trial, image(trial));
            made = mounted;
        }
        return made.ok()
                ? volumes
                : new Volumes(wrapper, Optional.empty(), Optional.of(made.output()));
    }

    /// In words for the operator.
    Optional<String> weakness() {
        return failure.map(why ->
                "Dynos can fill the disk of this machine: their own cannot be limited, "
                        + why
                        + ".");
    }

    /// Where the dyno's layer is to be, ready to be used; empty where disks are not limited.
    Optional<Path> mount(DynoFiles files, int user) throws LaunchFailure {
        if (template.isEmpty()) {
            return Optional.empty();
        }
        Command.Result mounted = mount(files.volume(), user);
        if (!mounted.ok()) {
            throw new LaunchFailure("no disk can be made for the dyno: " + mounted.output(), null);
        }
        return Optional.of(files.volume());
    }

    private Command.Result mount(Path volume, int user) {
        return inside(
                "sh",
                "-c",
                MOUNT,
                "sh",
                template.orElseThrow().toString(),
                image(volume).toString(),
                volume.toString(),
                Integer.toString(user));
    }

    /// The container holds it by itself now, or was not made.
    void unmount(DynoFiles files) {
        if (template.isPresent()) {
            unmount(files.volume());
        }
    }

    private void unmount(Path volume) {
        inside("umount", "-l", volume.toString());
    }

    static Path image(Path volume) {
        return volume.resolveSibling(volume.getFileName() + ".img");
    }

    private Command.Result inside(String... words) {
        List<String> all = new ArrayList<>(wrapper);
        all.addAll(List.of(words));
        return Command.run(all, "");
    }
}
