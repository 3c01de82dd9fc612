package dev.paddock.engine.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What a container sees, may do and may use, written as the `config.json` of an OCI bundle.
///
/// @param words the program and its arguments
/// @param environment all of it; nothing is inherited
/// @param user user and group number
/// @param mounts in the order in which they are made, over the stack
/// @param connection to the network
record OciBundle(
        List<String> words,
        Map<String, String> environment,
        int user,
        String workingDirectory,
        Optional<TerminalSize> terminal,
        String hostname,
        Limits limits,
        List<BundleMount> mounts,
        Connection connection) {
    private static final String VERSION = "1.0.0";
    private static final int OPEN_FILES = 10_000;

    /// Whatever the limits of the platform itself are. With 0 for core dumps the machine's handler would still be
    /// called, as root, for a dyno's process that crashed; 1 is the kernel's word for no.
    private static final List<Map<String, Object>> RLIMITS =
            List.of(
                    limit("RLIMIT_NOFILE", OPEN_FILES),
                    limit("RLIMIT_CORE", 1),
                    limit("RLIMIT_MEMLOCK", 64 << 10),
                    limit("RLIMIT_MSGQUEUE", 819_200),
                    limit("RLIMIT_NICE", 0),
                    limit("RLIMIT_RTPRIO", 0));

    /// Terminals of one dyno; all dynos of the machine share the kernel's number of them.
    private static final int TERMINALS = 64;

    /// Dynos die before the platform, the router and the database when the machine runs out of memory.
    private static final int OOM_SCORE = 500;

    private static final List<String> MASKED =
            List.of(
                    "/proc/acpi",
                    "/proc/asound",
                    "/proc/kcore",
                    "/proc/keys",
                    "/proc/key-users",
                    "/proc/latency_stats",
                    "/proc/timer_list",
                    "/proc/timer_stats",
                    "/proc/sched_debug",
                    "/proc/scsi",
                    "/proc/kallsyms",
                    "/proc/modules",
                    "/proc/config.gz",
                    "/proc/kmsg",
                    "/proc/interrupts");
    private static final List<String> READ_ONLY =
            List.of(
                    "/proc/bus",
                    "/proc/fs",
                    "/proc/irq",
                    "/proc/pressure",
                    "/proc/sys",
                    "/proc/sysrq-trigger",
                    "/sys/fs/cgroup");

    OciBundle {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
        mounts = List.copyOf(mounts);
    }

    /// A container's way to others.
    sealed interface Connection {
        /// None: a network of its own, without any link.
        record None() implements Connection {}

        /// A network namespace that is there already.
        record Joined(Path namespace) implements Connection {}

        /// The network of this machine.
        record Host() implements Connection {}
    }

    record TerminalSize(int rows, int columns) {}

    /// @param memoryBytes hard limit; what is above the quota and below it is reported only
    /// @param temporaryBytes size of /tmp in memory; 0 when a mount provides it
    record Limits(long memoryBytes, int processes, int cpuShares, long temporaryBytes) {}

    /// One mount of a config.
    record BundleMount(String type, String source, String target, List<String> options) {
        BundleMount {
            options = List.copyOf(options);
        }

        static BundleMount readOnly(Path source, String target) {
            return bind(source, target, "ro");
        }

        static BundleMount writable(Path source, String target) {
            return bind(source, target, "rw");
        }

        boolean isReadOnly() {
            return options.contains("ro");
        }

        private static BundleMount bind(Path source, String target, String mode) {
            List<String> options = new ArrayList<>(List.of("rbind", mode, "nosuid", "nodev"));
            if (Files.isDirectory(source)) {
                // What else is mounted below comes with it, and the plain options do not reach
                // that.
                options.addAll(List.of("r" + mode, "rnosuid", "rnodev"));
            }
            return new BundleMount("bind", source.toString(), target, options);
        }

        static BundleMount overlay(Path lower, Path upper, Path work, String target) {
            return new BundleMount(
                    "overlay",
                    "overlay",
                    target,
                    List.of(
                            "nosuid",
                            "nodev",
                            "lowerdir=" + lower,
                            "upperdir=" + upper,
                            "workdir=" + work));
        }

        private Map<String, Object> json() {
            return Map.of(
                    "destination", target, "type", type, "source", source, "options", options);
        }
    }

    void write(Path file, HostStack stack, Cgroup cgroup) {
        Json.write(file, config(stack, cgroup));
    }

    Map<String, Object> config(HostStack stack, Cgroup cgroup) {
        Map<String, Object> config = new TreeMap<>();
        config.put("ociVersion", VERSION);
        config.put("process", process());
        config.put("root", Map.of("path", stack.root().toString(), "readonly", true));
        config.put("hostname", hostname);
        config.put("mounts", allMounts().map(BundleMount::json).toList());
        config.put(
                "linux",
                Map.of(
                        "namespaces", namespaces(),
                        "cgroupsPath", cgroup.path(),
                        "resources", resources(cgroup.hierarchies()),
                        "seccomp", Seccomp.profile(),
                        "maskedPaths", MASKED,
                        "readonlyPaths", readOnly(cgroup.hierarchies())));
        return config;
    }

    /// On v1 each hierarchy is a mount of its own, which the runtime leaves writable.
    private static List<String> readOnly(Cgroup.Hierarchies hierarchies) {
        List<String> paths = new ArrayList<>(READ_ONLY);
        hierarchies.controllers().forEach(name -> paths.add("/sys/fs/cgroup/" + name));
        return paths;
    }

    private Map<String, Object> process() {
        Map<String, Object> process = new TreeMap<>();
        process.put("terminal", terminal.isPresent());
        terminal.ifPresent(size ->
                process.put("consoleSize", Map.of("height", size.rows(), "width", size.columns())));
        process.put("user", Map.of("uid", user, "gid", user, "additionalGids", List.of()));
        process.put("args", words);
        process.put(
                "env",
                environment.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList());
        process.put("cwd", workingDirectory);
        process.put(
                "capabilities",
                Map.of(
                        "bounding", List.of(),
                        "effective", List.of(),
                        "inheritable", List.of(),
                        "permitted", List.of(),
                        "ambient", List.of()));
        process.put("noNewPrivileges", true);
        process.put("oomScoreAdj", OOM_SCORE);
        process.put("rlimits", RLIMITS);
        return process;
    }

    private static Map<String, Object> limit(String type, long value) {
        return Map.of("type", type, "hard", value, "soft", value);
    }

    private Stream<BundleMount> allMounts() {
        List<BundleMount> all = new ArrayList<>();
        all.add(kernel("proc", "/proc", "nosuid", "noexec", "nodev"));
        all.add(kernel("tmpfs", "/dev", "nosuid", "strictatime", "mode=755", "size=64k"));
        all.add(
                kernel(
                        "devpts",
                        "/dev/pts",
                        "nosuid",
                        "noexec",
                        "newinstance",
                        "ptmxmode=0666",
                        "mode=0620",
                        "max=" + TERMINALS));
        all.add(kernel("tmpfs", "/dev/shm", "nosuid", "noexec", "nodev", "mode=1777", "size=64m"));
        all.add(kernel("cgroup", "/sys/fs/cgroup", "nosuid", "noexec", "nodev", "ro"));
        if (limits.temporaryBytes() > 0) {
            all.add(
                    kernel(
                            "tmpfs",
                            "/tmp",
                            "nosuid",
                            "nodev",
                            "mode=1777",
                            "size=" + limits.temporaryBytes()));
        }
        all.addAll(mounts);
        return all.stream();
    }

    private static BundleMount kernel(String type, String target, String... options) {
        return new BundleMount(type, type, target, List.of(options));
    }

    private List<Map<String, Object>> namespaces() {
        List<Map<String, Object>> namespaces = new ArrayList<>();
        for (String type : List.of("pid", "mount", "ipc", "uts", "cgroup")) {
            namespaces.add(Map.of("type", type));
        }
        switch (connection) {
            case Connection.None() -> namespaces.add(Map.of("type", "network"));
            case Connection.Joined(Path path) ->
                    namespaces.add(Map.of("type", "network", "path", path.toString()));
            case Connection.Host() -> {}
        }
        return namespaces;
    }

    private Map<String, Object> resources(Cgroup.Hierarchies hierarchies) {
        Map<String, Object> memory = new TreeMap<>();
        memory.put("limit", limits.memoryBytes());
        if (hierarchies.limitsSwap()) {
            // Memory and swap together: no swap.
            memory.put("swap", limits.memoryBytes());
        }
        return Map.of(
                "devices", List.of(Map.of("allow", false, "access", "rwm")),
                "memory", memory,
                "pids", Map.of("limit", limits.processes()),
                "cpu", Map.of("shares", limits.cpuShares()));
    }
}
