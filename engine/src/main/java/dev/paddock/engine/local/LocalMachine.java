package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What this machine gives dynos to run with. Looking at it changes nothing.
///
/// @param root whether this process may make containers and their network
/// @param programs where the engine's programs are, by name; only those that were found
/// @param sandbox what there is for dynos without root
/// @param nameServers whether there is one that dynos can reach
/// @param proxyOnLoopback whether builds are to use a proxy that they cannot reach
public record LocalMachine(
        boolean root,
        Map<String, Path> programs,
        Cgroups cgroups,
        Kernel kernel,
        UserSandbox sandbox,
        boolean nameServers,
        boolean proxyOnLoopback) {
    private static final List<String> NAMESPACES =
            List.of("cgroup", "ipc", "mnt", "net", "pid", "uts");
    private static final List<String> CONTROLLERS = List.of("cpu", "memory", "pids");
    private static final Path FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");

    public LocalMachine {
        programs = Map.copyOf(programs);
    }

    /// How the control groups are mounted.
    public enum CgroupVersion {
        NONE,
        V1,
        /// v1 controllers, and a v2 mount beside them.
        HYBRID,
        V2
    }

    /// What may be limited.
    ///
    /// @param controllers those of [#CONTROLLERS] that there are
    /// @param countsSwap whether swap can be forbidden to a dyno
    public record Cgroups(CgroupVersion version, Set<String> controllers, boolean countsSwap) {
        public Cgroups {
            controllers = Set.copyOf(controllers);
        }

        static Cgroups of(Cgroup.Hierarchies hierarchies) {
            Path root = hierarchies.root();
            Set<String> given =
                    CONTROLLERS.stream().filter(hierarchies::gives).collect(Collectors.toSet());
            CgroupVersion version =
                    hierarchies.hybrid()
                            ? CgroupVersion.HYBRID
                            : !hierarchies.v2()
                                    ? CgroupVersion.V1
                                    : Files.exists(root.resolve("cgroup.controllers"))
                                            ? CgroupVersion.V2
                                            : CgroupVersion.NONE;
            return new Cgroups(version, given, hierarchies.limitsSwap());
        }
    }

    /// What the kernel was built with, and the swap it has.
    ///
    /// @param swap whether anything can be swapped out at present
    /// @param missingNamespaces the kinds of namespaces that dynos need and the kernel lacks
    public record Kernel(
            boolean seccomp, boolean overlay, boolean swap, List<String> missingNamespaces) {
        public Kernel {
            missingNamespaces = List.copyOf(missingNamespaces);
        }

        static Kernel read() {
            return new Kernel(
                    Files.exists(Path.of("/proc/sys/kernel/seccomp/actions_avail")),
                    // One that is a module is loaded at the first mount.
                    text("/proc/filesystems").contains("\toverlay\n")
                            || Files.exists(modules("overlayfs/overlay.ko"))
                            || Files.exists(modules("overlayfs/overlay.ko.xz"))
                            || Files.exists(modules("overlayfs/overlay.ko.zst")),
                    text("/proc/swaps").lines().count() > 1,
                    NAMESPACES.stream()
                            .filter(kind -> !Files.exists(Path.of("/proc/self/ns", kind)))
                            .toList());
        }

        private static Path modules(String file) {
            return Path.of(
                    "/lib/modules", text("/proc/sys/kernel/osrelease").strip(), "kernel/fs", file);
        }
    }

    /// Looks at it.
    ///
    /// @param environment where settings for builds are taken from
    public static LocalMachine read(Map<String, String> environment) {
        return read(Command.PATH, environment);
    }

    /// @param path where programs are looked for
    static LocalMachine read(String path, Map<String, String> environment) {
        Map<String, Path> programs = new TreeMap<>();
        for (String name : Programs.lookedFor()) {
            Command.find(name, path).ifPresent(file -> programs.put(name, file));
        }
        boolean root = isRoot();
        return new LocalMachine(
                root,
                programs,
                Cgroups.of(Cgroup.Hierarchies.detect()),
                Kernel.read(),
                root
                        ? UserSandbox.UNTRIED
                        : UserSandbox.tried(Optional.ofNullable(programs.get(UserSandbox.PROGRAM))),
                !Resolvers.detect().servers().isEmpty(),
                BuildEnvironment.proxyOnLoopback(
                        BuildEnvironment.settings(BuildEnvironment.withFiles(environment))));
    }

    /// Whether this process may make containers and their network.
    static boolean isRoot() {
        return Files.isWritable(FORWARDING);
    }

    private static String text(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /// What is missing or weaker, the worst first.
    public List<Lack> lacks() {
        if (!root) {
            return sandbox.lacks();
        }
        return Stream.of(Programs.lacks(programs.keySet()), ofKernel(), ofOutside())
                .flatMap(List::stream)
                .sorted((one, other) -> Boolean.compare(other.essential(), one.essential()))
                .toList();
    }

    private List<Lack> ofKernel() {
        List<Lack> lacks = new ArrayList<>();
        List<String> controllers =
                CONTROLLERS.stream().filter(name -> !cgroups.controllers().contains(name)).toList();
        if (!controllers.isEmpty()) {
            lacks.add(
                    Lack.essential(
                            "cgroups",
                            "Dynos cannot run: the kernel gives no cgroup controller for "
                                    + String.join(", ", controllers)
                                    + ", so nothing could keep one dyno from taking the whole machine.",
                            "Boot with them (`cgroup_enable=memory` on the kernel's command line is what is usually"
                                    + " missing)."));
        }
        if (!kernel.missingNamespaces().isEmpty()) {
            lacks.add(
                    Lack.essential(
                            "namespaces",
                            "Dynos cannot run: the kernel has no namespaces of the kind "
                                    + String.join(", ", kernel.missingNamespaces())
                                    + ", so dynos would see each other.",
                            "Boot a kernel that has them; every kernel of a distribution does."));
        }
        if (!kernel.seccomp()) {
            lacks.add(
                    Lack.essential(
                            "seccomp",
                            "Dynos cannot run: the kernel cannot forbid system calls to them.",
                            "Boot a kernel with CONFIG_SECCOMP_FILTER."));
        }
        if (!kernel.overlay()) {
            lacks.add(
                    Lack.essential(
                            "overlay",
                            "Dynos cannot run: the kernel has no overlay file system, so they cannot share a slug.",
                            "Boot a kernel with CONFIG_OVERLAY_FS."));
        }
        if (kernel.swap() && !cgroups.countsSwap()) {
            lacks.add(
                    Lack.weaker(
                            "swap",
                            "Dynos may use swap beyond their memory: this kernel does not account for it.",
                            "Boot with `swapaccount=1`, or turn swap off (`swapoff -a`)."));
        }
        return lacks;
    }

    private List<Lack> ofOutside() {
        List<Lack> lacks = new ArrayList<>();
        if (!nameServers) {
            lacks.add(
                    Lack.weaker(
                            "DNS",
                            "Dynos cannot resolve host names: every name server of this machine is on its loopback"
                                    + " address, which dynos cannot reach.",
                            "Name one of another machine in /etc/resolv.conf."));
        }
        if (proxyOnLoopback) {
            lacks.add(
                    Lack.weaker(
                            "proxy",
                            "Builds cannot use this machine's proxy: it is on its loopback address, which dynos cannot"
                                    + " reach.",
                            "Let the proxy listen on another address too, and name that one in the environment."));
        }
        return lacks;
    }

    public Isolation isolation() {
        return root ? Isolation.CONTAINERS : sandbox.works() ? Isolation.SANDBOXES : Isolation.NONE;
    }

    /// The Debian packages that would add the programs that are missing.
    public List<String> missingPackages() {
        if (!root) {
            return sandbox.bubblewrap().isPresent() ? List.of() : List.of("bubblewrap");
        }
        return Programs.packages(programs.keySet());
    }
}
