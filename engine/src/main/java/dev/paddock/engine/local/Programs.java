package dev.paddock.engine.local;

import dev.paddock.core.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// The programs of this machine that run dynos.
record Programs(Path conmon, Path crun) {
    /// @param purpose what it does for dynos
    private record Needed(String program, String debianPackage, String purpose) {}

    private static final List<Needed> NEEDED =
            List.of(
                    new Needed("conmon", "conmon", "keeps the output and the end of each dyno"),
                    new Needed("crun", "crun", "makes the containers"),
                    new Needed("tini", "tini", "is the first process in each dyno"),
                    new Needed("nft", "nftables", "keeps dynos apart in the network"),
                    new Needed("ip", "iproute2", "gives each dyno its network"),
                    new Needed("unshare", "util-linux", "makes the namespaces"));

    /// Of all that are looked for.
    static final List<String> NAMES = NEEDED.stream().map(Needed::program).toList();

    /// Debian packages that a fully equipped machine has and this one lacks.
    static List<String> packages(Collection<String> found) {
        return NEEDED.stream()
                .filter(needed -> !found.contains(needed.program()))
                .map(Needed::debianPackage)
                .toList();
    }

    static List<Lack> lacks(Collection<String> found) {
        List<Lack> lacks = new ArrayList<>();
        for (Needed needed : NEEDED) {
            if (!found.contains(needed.program())) {
                lacks.add(
                        Lack.essential(
                                needed.program(),
                                "Dynos cannot run: the program %s, which %s, is not in %s."
                                        .formatted(
                                                needed.program(), needed.purpose(), Command.PATH),
                                install(needed.debianPackage())));
            }
        }
        return lacks;
    }

    private static String install(String debianPackage) {
        return "Install it: `apt-get install " + debianPackage + "`.";
    }

    /// Throws UserError when dynos cannot run here, saying all that they lack.
    static Programs of(LocalMachine machine) {
        List<String> reasons =
                machine.lacks().stream().filter(Lack::essential).map(Lack::text).toList();
        if (!reasons.isEmpty()) {
            throw new UserError("unavailable", String.join(" ", reasons));
        }
        Map<String, Path> found = machine.programs();
        return new Programs(path(found, "conmon"), path(found, "crun"));
    }

    private static Path path(Map<String, Path> found, String name) {
        Path path = found.get(name);
        if (path == null) {
            throw new IllegalStateException(name + " was not found");
        }
        return path;
    }
}
