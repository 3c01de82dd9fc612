package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Has the kernel move processes into cgroups at once: the mount option `favordynmods` of Linux 6.0, for all cgroups of
/// the machine. Without it a move after a pause waits for an RCU grace period, some 10 ms of a dyno's start.
final class QuickCgroups {
    private static final String OPTION = "favordynmods";
    private static final String ROOT = "/sys/fs/cgroup";
    private static final Path MOUNTS = Path.of("/proc/self/mounts");

    private final Path memory;

    /// @param registry the directory shared by all platforms, where the former options are kept
    QuickCgroups(Path registry) {
        memory = registry.resolve("cgroup_options");
    }

    /// A mount of cgroups: any one decides for the whole machine.
    record Hierarchy(String point, List<String> options) {
        Hierarchy {
            options = List.copyOf(options);
        }

        /// The unified one, else the first of the others.
        static Optional<Hierarchy> of(String mounts) {
            Hierarchy first = null;
            for (String line : mounts.split("\n", -1)) {
                String[] fields = line.split(" ", -1);
                if (fields.length < 4 || !fields[1].startsWith(ROOT)) {
                    continue;
                }
                Hierarchy found = new Hierarchy(fields[1], List.of(fields[3].split(",", -1)));
                if (fields[2].equals("cgroup2")) {
                    return Optional.of(found);
                }
                if (fields[2].equals("cgroup") && first == null) {
                    first = found;
                }
            }
            return Optional.ofNullable(first);
        }

        boolean isQuick() {
            return options.contains(OPTION);
        }

        Hierarchy quick() {
            List<String> more = new ArrayList<>(options);
            more.add(OPTION);
            return new Hierarchy(point, more);
        }

        /// The command gives the kernel these options and no others.
        List<String> command() {
            return List.of(
                    "mount",
                    "--options-mode=ignore",
                    "-o",
                    "remount," + String.join(",", options),
                    "none",
                    point);
        }
    }

    /// A kernel that cannot do it, or does not let us, only starts dynos later.
    void on() {
        Hierarchy before = hierarchy().orElse(null);
        if (before == null || before.isQuick()) {
            return;
        }
        try {
            // First, so that a platform killed in between leaves what undoes it.
            Files.writeString(memory, before.point() + " " + String.join(",", before.options()));
            Command.run(before.quick().command(), "");
            if (!hierarchy().map(Hierarchy::isQuick).orElse(false)) {
                Files.delete(memory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot note the cgroups' former options", e);
        }
    }

    /// What of it is in force now.
    List<String> changes() {
        return Files.exists(memory)
                ? List.of(
                        "the cgroups' mount option "
                                + OPTION
                                + " (for all platforms of this machine)")
                : List.of();
    }

    /// Gives the cgroups back the options they had before the first platform.
    void restore() {
        try {
            if (Files.exists(memory)) {
                String[] before = Files.readString(memory).split(" ", -1);
                Command.run(
                        new Hierarchy(before[0], List.of(before[1].split(",", -1))).command(), "");
                Files.delete(memory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot restore the cgroups' options", e);
        }
    }

    private static Optional<Hierarchy> hierarchy() {
        try {
            return Hierarchy.of(Files.readString(MOUNTS, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the mounts of this machine", e);
        }
    }
}
