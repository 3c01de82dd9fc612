package dev.paddock.engine.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What bubblewrap can do for an ordinary user of this machine, found out by doing it.
///
/// @param bubblewrap where it is; empty where it is missing
/// @param options those of every container; empty where none can be made
/// @param countsProcesses whether the kernel counts the processes of each container by themselves
/// @param failure why none can be made
public record UserSandbox(
        Optional<Path> bubblewrap, List<String> options, boolean countsProcesses, String failure) {
    static final String PROGRAM = "bwrap";

    /// Where nobody needs to know.
    public static final UserSandbox UNTRIED =
            new UserSandbox(Optional.empty(), List.of(), false, "");

    private static final List<String> NAMESPACES =
            List.of(
                    "--unshare-user",
                    "--unshare-pid",
                    "--unshare-ipc",
                    "--unshare-uts",
                    "--unshare-cgroup-try",
                    "--die-with-parent");

    /// Whoever may make more namespaces reaches more of the kernel. Old ones of bubblewrap cannot forbid it.
    private static final String NO_MORE_NAMESPACES = "--disable-userns";

    /// Fewer than a platform has itself: where all processes of a user are counted together, nothing could start.
    private static final String FEW_PROCESSES = "8";

    public UserSandbox {
        options = List.copyOf(options);
    }

    static UserSandbox tried(Optional<Path> program) {
        if (program.isEmpty()) {
            return new UserSandbox(program, List.of(), false, "the program bwrap is missing");
        }
        List<String> closed =
                Stream.concat(NAMESPACES.stream(), Stream.of(NO_MORE_NAMESPACES)).toList();
        Command.Result best = run(program.get(), closed, "true");
        List<String> options = best.ok() ? closed : NAMESPACES;
        Command.Result tried = best.ok() ? best : run(program.get(), options, "true");
        if (!tried.ok()) {
            return new UserSandbox(program, List.of(), false, tried.output());
        }
        boolean counts =
                run(
                                program.get(),
                                options,
                                "prlimit",
                                "--nproc=" + FEW_PROCESSES,
                                "sh",
                                "-c",
                                "true; true")
                        .ok();
        return new UserSandbox(program, options, counts, "");
    }

    private static Command.Result run(Path program, List<String> options, String... command) {
        List<String> words = new ArrayList<>(List.of(program.toString()));
        words.addAll(options);
        words.addAll(List.of("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"));
        words.addAll(List.of("--size", "65536", "--tmpfs", "/tmp", "--"));
        words.addAll(List.of(command));
        return Command.run(words, "");
    }

    public boolean works() {
        return !options.isEmpty();
    }

    Path program() {
        return bubblewrap.orElseThrow();
    }

    List<Lack> lacks() {
        return works() ? sandboxed() : List.of(notIsolated());
    }

    private List<Lack> sandboxed() {
        List<Lack> lacks = new ArrayList<>();
        lacks.add(
                Lack.weaker(
                        "root",
                        "Paddock runs as an ordinary user, so bubblewrap makes the dynos: each sees its own files and"
                                + " processes only, but all run as this user and share the network of this machine."
                                + " They reach each other's ports and all that listens here, and whoever reaches this"
                                + " machine reaches their ports past the router. Processor time and disk are not shared"
                                + " out, memory is looked at once a second instead of limited, and no system calls are"
                                + " forbidden. Run only apps that you trust.",
                        "Start Paddock as root (`sudo ./paddock up`) to seal them off."));
        if (!countsProcesses) {
            lacks.add(
                    Lack.weaker(
                            "processes",
                            "A dyno may start as many processes as this user may: this kernel counts those of all"
                                    + " dynos together.",
                            "Boot a kernel of version 5.14 or later."));
        }
        if (!options.contains(NO_MORE_NAMESPACES)) {
            lacks.add(
                    Lack.weaker(
                            "namespaces",
                            "A dyno may make namespaces of its own, and so reach parts of the kernel that are closed"
                                    + " otherwise: this bubblewrap cannot forbid it.",
                            "Install bubblewrap 0.8 or later."));
        }
        return lacks;
    }

    private Lack notIsolated() {
        return Lack.weaker(
                "isolation",
                "NOT ISOLATED: apps run as plain processes of this user, who may read and change all files of this user,"
                        + " Paddock's own included, and end all its processes. Paddock is not root, and cannot use"
                        + " bubblewrap: "
                        + failure
                        + ". Run only apps that you would start in your own shell.",
                bubblewrap.isEmpty()
                        ? "Install it: `apt-get install bubblewrap`; or start Paddock as root (`sudo ./paddock up`)."
                        : "Allow user namespaces to ordinary users (`sysctl user.max_user_namespaces"
                                + " kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns` says"
                                + " what forbids them); or start Paddock as root (`sudo ./paddock up`).");
    }
}
