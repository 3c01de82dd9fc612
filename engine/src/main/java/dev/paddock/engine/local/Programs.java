package dev.paddock.engine.local;

import dev.paddock.core.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The programs of this machine that the engine needs, by their Debian packages.
record Programs(Path conmon, Path crun) {
    private record Needed(String program, String debianPackage) {}

    private static final List<Needed> NEEDED =
            List.of(
                    new Needed("conmon", "conmon"),
                    new Needed("crun", "crun"),
                    new Needed("tini", "tini"),
                    new Needed("nft", "nftables"),
                    new Needed("ip", "iproute2"),
                    new Needed("unshare", "util-linux"));

    /// Debian packages to install before dynos can run here; empty when nothing is missing.
    static List<String> missing() {
        List<String> missing = new ArrayList<>();
        for (Needed needed : NEEDED) {
            if (Command.find(needed.program()).isEmpty()) {
                missing.add(needed.debianPackage());
            }
        }
        return List.copyOf(missing);
    }

    static Programs find() {
        List<String> missing = missing();
        if (!missing.isEmpty()) {
            throw new UserError(
                    "unavailable",
                    "Dynos cannot run on this machine: these programs are missing in "
                            + Command.PATH
                            + ": "
                            + String.join(", ", missing)
                            + ". Install them (`apt-get install "
                            + String.join(" ", missing)
                            + "`) and start again.");
        }
        return new Programs(
                Command.find("conmon").orElseThrow(), Command.find("crun").orElseThrow());
    }
}
