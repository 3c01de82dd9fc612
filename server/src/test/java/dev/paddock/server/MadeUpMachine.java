package dev.paddock.server;

import dev.paddock.engine.local.LocalMachine;
import dev.paddock.engine.local.LocalMachine.CgroupVersion;
import dev.paddock.engine.local.LocalMachine.Cgroups;
import dev.paddock.engine.local.LocalMachine.Kernel;
import dev.paddock.engine.local.UserSandbox;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Machines that need not exist.
public final class MadeUpMachine {
    /// Of a fully equipped one.
    public static final Map<String, Path> PROGRAMS =
            Stream.of("conmon", "crun", "tini", "nft", "ip", "unshare")
                    .collect(
                            Collectors.toMap(
                                    Function.identity(), name -> Path.of("/usr/bin", name)));

    public static final Cgroups CGROUPS =
            new Cgroups(CgroupVersion.V2, Set.of("cpu", "memory", "pids"), true);
    public static final Kernel KERNEL = new Kernel(true, true, false, List.of());

    private MadeUpMachine() {}

    public static LocalMachine with(Map<String, Path> programs) {
        return new LocalMachine(true, programs, CGROUPS, KERNEL, UserSandbox.UNTRIED, true, false);
    }

    /// Of an ordinary user who may use bubblewrap.
    public static LocalMachine withSandboxes() {
        return withoutRoot(
                new UserSandbox(
                        Optional.of(Path.of("/usr/bin/bwrap")),
                        List.of("--unshare-user", "--disable-userns"),
                        true,
                        ""));
    }

    /// Of an ordinary user who has nothing.
    public static LocalMachine withNothing() {
        return withoutRoot(new UserSandbox(Optional.empty(), List.of(), false, "it is missing"));
    }

    private static LocalMachine withoutRoot(UserSandbox sandbox) {
        return new LocalMachine(false, PROGRAMS, CGROUPS, KERNEL, sandbox, true, false);
    }

    public static LocalMachine with(Cgroups cgroups, Kernel kernel) {
        return new LocalMachine(true, PROGRAMS, cgroups, kernel, UserSandbox.UNTRIED, true, false);
    }
}
