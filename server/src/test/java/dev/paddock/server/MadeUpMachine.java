package dev.paddock.server;

import dev.paddock.engine.local.LocalMachine;
import dev.paddock.engine.local.LocalMachine.CgroupVersion;
import dev.paddock.engine.local.LocalMachine.Cgroups;
import dev.paddock.engine.local.LocalMachine.Kernel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
        return new LocalMachine(true, programs, CGROUPS, KERNEL, true, false);
    }

    public static LocalMachine withoutRoot(Map<String, Path> programs) {
        return new LocalMachine(false, programs, CGROUPS, KERNEL, true, false);
    }

    public static LocalMachine with(Cgroups cgroups, Kernel kernel) {
        return new LocalMachine(true, PROGRAMS, cgroups, kernel, true, false);
    }
}
