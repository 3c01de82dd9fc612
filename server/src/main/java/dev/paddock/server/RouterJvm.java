package dev.paddock.server;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How java is called for the router: small, since it holds no more than the table and the bytes in flight.
final class RouterJvm {
    static final String MAIN = "dev.paddock.router.RouterMain";
    static final String ARCHIVE = "router.jsa";

    private RouterJvm() {}

    /// @param programs the folder of jars, as the router sees it
    /// @param state the one folder it may write to, as it sees it
    static List<String> flags(Path programs, Path state) {
        List<String> flags =
                new ArrayList<>(
                        List.of(
                                "-Xms16m",
                                "-Xmx128m",
                                "-XX:+UseSerialGC",
                                "-XX:+UseCompactObjectHeaders",
                                "-XX:-UsePerfData",
                                "-XX:ReservedCodeCacheSize=48m",
                                "-Xshare:auto",
                                "-Xlog:disable",
                                "--enable-native-access=ALL-UNNAMED",
                                "-Djava.awt.headless=true",
                                "-Djava.io.tmpdir=" + state,
                                "-XX:ErrorFile=" + state.resolve("hs_err.log")));
        if (Files.exists(programs.resolve(ARCHIVE))) {
            flags.add("-XX:SharedArchiveFile=" + programs.resolve(ARCHIVE));
        }
        return flags;
    }
}
