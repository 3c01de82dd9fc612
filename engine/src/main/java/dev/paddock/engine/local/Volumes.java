package dev.paddock.engine.local;

import dev.paddock.dyno.DynoKind;
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
/// @param forDynos an empty file system; empty where their disks are not limited
/// @param forBuilds the same for build dynos
/// @param failures why some are not limited, although they should be
record Volumes(
        List<String> wrapper,
        Optional<Path> forDynos,
        Optional<Path> forBuilds,
        List<String> failures) {
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
            mkdir "$3/upper" "$3/work" "$3/tmp"
            chown "$4:$4" "$3/upper" "$3/tmp"
            """;

    Volumes {
        wrapper = List.copyOf(wrapper);
        failures = List.copyOf(failures);
    }

    /// None, although they are wanted, perhaps.
    static Volumes none(LocalSettings settings, String reason) {
        boolean wanted = settings.diskBytes() > 0 || settings.buildDiskBytes() > 0;
        return new Volumes(
                List.of(),
                Optional.empty(),
                Optional.empty(),
                wanted ? List.of(reason) : List.of());
    }

    static Volumes make(LocalSettings settings, List<String> wrapper) {
        List<String> failures = new ArrayList<>();
        Path data = settings.data();
        Optional<Path> forDynos =
                template(data.resolve("empty-disk.img"), settings.diskBytes(), wrapper, failures);
        Optional<Path> forBuilds =
                template(
                        data.resolve("empty-build-disk.img"),
                        settings.buildDiskBytes(),
                        wrapper,
                        failures);
        return new Volumes(wrapper, forDynos, forBuilds, failures.stream().distinct().toList());
    }

    /// One that could be made and mounted.
    private static Optional<Path> template(
            Path template, long bytes, List<String> wrapper, List<String> failures) {
        if (bytes == 0) {
            return Optional.empty();
        }
        Command.Result made =
                Command.run(
                        "sh", "-e", "-c", MAKE, "sh", template.toString(), Long.toString(bytes));
        if (made.ok()) {
            Path trial = template.resolveSibling("volume");
            made = mount(wrapper, template, trial, 0);
            unmount(wrapper, trial);
            Directory.remove(trial, image(trial));
        }
        if (!made.ok()) {
            failures.add(made.output());
        }
        return made.ok() ? Optional.of(template) : Optional.empty();
    }

    /// In words for the operator.
    List<String> weaknesses() {
        return failures.stream()
                .map(why ->
                        "Dynos or builds can fill the disk of this machine: their own cannot be limited, "
                                + why
                                + ".")
                .toList();
    }

    /// Where the dyno's layer is to be, ready to be used; empty where disks are not limited.
    Optional<Path> mount(DynoKind kind, DynoFiles files, int user) throws LaunchFailure {
        Optional<Path> template = template(kind);
        if (template.isEmpty()) {
            return Optional.empty();
        }
        Command.Result mounted = mount(wrapper, template.get(), files.volume(), user);
        if (!mounted.ok()) {
            throw new LaunchFailure("no disk can be made for the dyno: " + mounted.output(), null);
        }
        return Optional.of(files.volume());
    }

    private Optional<Path> template(DynoKind kind) {
        return kind == DynoKind.BUILD ? forBuilds : forDynos;
    }

    private static Command.Result mount(
            List<String> wrapper, Path template, Path volume, int user) {
        return inside(
                wrapper,
                "sh",
                "-c",
                MOUNT,
                "sh",
                template.toString(),
                image(volume).toString(),
                volume.toString(),
                Integer.toString(user));
    }

    /// The container holds it by itself now, or was not made.
    void unmount(DynoKind kind, DynoFiles files) {
        if (template(kind).isPresent()) {
            unmount(wrapper, files.volume());
        }
    }

    private static void unmount(List<String> wrapper, Path volume) {
        inside(wrapper, "umount", "-l", volume.toString());
    }

    static Path image(Path volume) {
        return volume.resolveSibling(volume.getFileName() + ".img");
    }

    private static Command.Result inside(List<String> wrapper, String... words) {
        List<String> all = new ArrayList<>(wrapper);
        all.addAll(List.of(words));
        return Command.run(all, "");
    }
}
