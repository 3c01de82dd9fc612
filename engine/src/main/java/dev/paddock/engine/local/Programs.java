package dev.paddock.engine.local;

import dev.paddock.core.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The programs of this machine that run dynos.
///
/// @param conmon empty: a shell keeps dynos instead
/// @param kind of the program that makes the containers
/// @param names of all that were found
record Programs(Optional<Path> conmon, OciRuntime.Kind kind, Path runtime, Set<String> names) {
    private static final String CONMON = "conmon";
    private static final String RUNC = OciRuntime.Kind.RUNC.program();
    private static final String CRUN = OciRuntime.Kind.CRUN.program();

    /// @param purpose what it does for dynos
    private record Needed(String program, String debianPackage, String purpose) {}

    Programs {
        names = Set.copyOf(names);
    }

    /// What a fully equipped machine has.
    private static final List<Needed> NEEDED =
            List.of(
                    new Needed(CONMON, "conmon", "keeps the output and the end of each dyno"),
                    new Needed(CRUN, "crun", "makes the containers"),
                    new Needed("tini", "tini", "is the first process in each dyno"),
                    new Needed("nft", "nftables", "keeps dynos apart in the network"),
                    new Needed("ip", "iproute2", "gives each dyno its network"),
                    new Needed("unshare", "util-linux", "makes the namespaces"));

    /// Of all that are looked for.
    static List<String> lookedFor() {
        List<String> names = new ArrayList<>(NEEDED.stream().map(Needed::program).toList());
        names.add(RUNC);
        names.add(UserSandbox.PROGRAM);
        return names;
    }

    /// Debian packages that a fully equipped machine has and this one lacks.
    static List<String> packages(Collection<String> found) {
        return NEEDED.stream()
                .filter(needed -> !found.contains(needed.program()))
                .map(Needed::debianPackage)
                .toList();
    }

    static List<Lack> lacks(Collection<String> found) {
        return NEEDED.stream()
                .filter(needed -> !found.contains(needed.program()))
                .map(needed -> lack(needed, found))
                .toList();
    }

    private static Lack lack(Needed needed, Collection<String> found) {
        if (needed.program().equals(CRUN) && found.contains(RUNC)) {
            return slower(needed);
        }
        return switch (needed.program()) {
            case CONMON -> simpler(needed);
            case Networks.IP, Networks.NFT -> shared(needed, found.contains(Networks.NFT));
            default -> essential(needed);
        };
    }

    private static Lack shared(Needed needed, boolean filtered) {
        return Lack.weaker(
                needed.program(),
                Networks.meaning(
                        filtered,
                        "the program %s, which %s, is missing"
                                .formatted(needed.program(), needed.purpose())),
                install(needed));
    }

    private static Lack simpler(Needed needed) {
        return Lack.weaker(
                needed.program(),
                "A shell keeps the output and the end of each dyno, for conmon is missing. Log lines get the time at"
                        + " which they are read, what a flood loses is not counted, and a dyno that ran out of memory may"
                        + " be reported as killed (137) instead of with R15. Dynos are sealed as well as with conmon.",
                install(needed));
    }

    private static Lack slower(Needed needed) {
        return Lack.weaker(
                needed.program(),
                "Dynos take about three times as long to start: runc makes their containers, for crun is missing. They"
                        + " are sealed as well as with crun.",
                install(needed));
    }

    private static Lack essential(Needed needed) {
        return Lack.essential(
                needed.program(),
                "Dynos cannot run: the program %s, which %s, is not in %s."
                        .formatted(needed.program(), needed.purpose(), Command.PATH),
                install(needed));
    }

    private static String install(Needed needed) {
        return "Install it: `apt-get install " + needed.debianPackage() + "`.";
    }

    /// Throws UserError when dynos cannot run here, saying all that they lack.
    static Programs of(LocalMachine machine) {
        List<String> reasons =
                machine.lacks().stream().filter(Lack::essential).map(Lack::text).toList();
        if (!reasons.isEmpty()) {
            throw new UserError("unavailable", String.join(" ", reasons));
        }
        Map<String, Path> found = machine.programs();
        OciRuntime.Kind kind =
                found.containsKey(CRUN) ? OciRuntime.Kind.CRUN : OciRuntime.Kind.RUNC;
        return new Programs(
                Optional.ofNullable(found.get(CONMON)),
                kind,
                path(found, kind.program()),
                found.keySet());
    }

    private static Path path(Map<String, Path> found, String name) {
        Path path = found.get(name);
        if (path == null) {
            throw new IllegalStateException(name + " was not found");
        }
        return path;
    }
}
