package dev.paddock.engine.local;

import dev.paddock.dyno.DynoUsage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// The cgroup of one dyno, or of all dynos of a platform, on a v1, v2 or hybrid machine: which processes are in it,
/// what they use, and its removal. Limits are set by crun when it creates the cgroup.
///
/// @param path below the root of each hierarchy
record Cgroup(Hierarchies hierarchies, String path) implements ProcessGroup {
    private static final Path PROCESSES = Path.of("/proc");

    /// The hierarchies of this machine.
    ///
    /// @param root where they are mounted
    /// @param controllers on v1 the directories below the root, one per hierarchy; empty on v2
    /// @param hybrid v1 controllers beside a v2 mount, which crun 1.8 refuses
    record Hierarchies(Path root, List<String> controllers, boolean hybrid) {
        private static final Path ROOT = Path.of("/sys/fs/cgroup");
        static final Path UNIFIED = ROOT.resolve("unified");

        static Hierarchies detect() {
            try {
                return of(ROOT, Files.readString(Path.of("/proc/self/mounts")));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read the mounts of this machine", e);
            }
        }

        static Hierarchies of(Path root, String mounts) {
            List<String> controllers = new ArrayList<>();
            boolean unified = false;
            for (String line : mounts.split("\n", -1)) {
                String[] fields = line.split(" ", -1);
                if (fields.length < 3 || !fields[1].startsWith(root + "/")) {
                    continue;
                }
                if (fields[2].equals("cgroup")) {
                    controllers.add(root.relativize(Path.of(fields[1])).toString());
                } else if (fields[2].equals("cgroup2")) {
                    unified = true;
                }
            }
            return new Hierarchies(
                    root, List.copyOf(controllers), unified && !controllers.isEmpty());
        }

        boolean v2() {
            return controllers.isEmpty();
        }

        /// Whether the kernel gives a controller.
        boolean gives(String controller) {
            if (!v2()) {
                return Files.isDirectory(root.resolve(controller));
            }
            try {
                String all = Files.readString(root.resolve("cgroup.controllers")).strip();
                return List.of(all.split(" ", -1)).contains(controller);
            } catch (IOException e) {
                // There is no v2 either.
                return false;
            }
        }

        /// Whether swap is counted, so that it can be forbidden.
        boolean limitsSwap() {
            return v2() || Files.exists(root.resolve("memory/memory.memsw.limit_in_bytes"));
        }
    }

    Cgroup child(String name) {
        return new Cgroup(hierarchies, path + "/" + name);
    }

    @Override
    public List<Long> processes() {
        try {
            return Files.readAllLines(directory("pids").resolve("cgroup.procs")).stream()
                    .map(Long::valueOf)
                    .toList();
        } catch (IOException e) {
            // The cgroup is gone, and with it every process.
            return List.of();
        }
    }

    boolean contains(long pid) {
        try {
            String marker = ":" + path;
            return Files.readAllLines(Path.of("/proc/" + pid + "/cgroup")).stream()
                    .anyMatch(line -> line.endsWith(marker));
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void signal(long pid, int signal) {
        Signals.send(pid, signal, this::contains);
    }

    /// Kills what is in this cgroup and in those right below it.
    void killBelow() {
        kill();
        Directory.names(directory("pids")).stream()
                .map(this::child)
                .filter(Cgroup::exists)
                .forEach(Cgroup::kill);
    }

    @Override
    public long memoryBytes() {
        Path memory = directory("memory");
        String usage = hierarchies.v2() ? "memory.current" : "memory.usage_in_bytes";
        return number(memory.resolve(usage)).orElse(0);
    }

    @Override
    public long inactiveFileBytes() {
        String key = hierarchies.v2() ? "inactive_file" : "total_inactive_file";
        return value(directory("memory").resolve("memory.stat"), key);
    }

    /// How many processes the kernel killed at the memory limit; readable until the cgroup is removed.
    @Override
    public long memoryKills() {
        String file = hierarchies.v2() ? "memory.events" : "memory.oom_control";
        return value(directory("memory").resolve(file), "oom_kill");
    }

    /// The kernel does.
    @Override
    public void enforce(long mostBytes) {}

    @Override
    public DynoUsage usage() {
        return new CgroupUsage(this, PROCESSES).read();
    }

    boolean exists() {
        return directories().stream().anyMatch(Files::exists);
    }

    /// Removes the cgroup and those below it; they hold no process any more.
    @Override
    public void remove() {
        for (Path directory : directories()) {
            remove(directory);
        }
    }

    private static void remove(Path directory) {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> children = Files.list(directory)) {
            children.filter(Files::isDirectory).forEach(Cgroup::remove);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + directory, e);
        }
        try {
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove the cgroup " + directory, e);
        }
    }

    private List<Path> directories() {
        if (hierarchies.v2()) {
            return List.of(directory(""));
        }
        return hierarchies.controllers().stream().map(this::directory).toList();
    }

    /// A file of this cgroup; on v2, where there is one hierarchy only, whatever the controller.
    Path file(String controller, String name) {
        return directory(controller).resolve(name);
    }

    private Path directory(String controller) {
        Path root = hierarchies.root();
        return (hierarchies.v2() ? root : root.resolve(controller)).resolve(path.substring(1));
    }

    static OptionalLong number(Path file) {
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(file).strip()));
        } catch (IOException e) {
            // A cgroup that is being removed answers ENODEV.
            return OptionalLong.empty();
        }
    }

    static long value(Path file, String key) {
        try (Stream<String> lines = Files.lines(file, StandardCharsets.US_ASCII)) {
            return lines.filter(line -> line.startsWith(key + " "))
                    .mapToLong(line -> Long.parseLong(line.substring(key.length() + 1)))
                    .findFirst()
                    .orElse(0);
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }
}
