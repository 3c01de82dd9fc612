package dev.paddock.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// How java is called for the router: small, since it holds no more than the table and the bytes in flight.
final class RouterJvm {
    static final String MAIN = "dev.paddock.router.RouterMain";

    /// In [Installation#archives()]. java uses it only when it fits the jars, and says nothing when it does not.
    static final String ARCHIVE = "router.aot";

    /// The folder of Netty's native libraries, beside the jars.
    static final String NATIVE = "native";

    /// The second compiler is for a router under load: in a start it takes longer than all else together, and the
    /// platform waits for it.
    private static final List<String> LATE_COMPILER =
            List.of(
                    "-XX:-AOTReplayTraining",
                    "-XX:Tier4InvocationThreshold=50000",
                    "-XX:Tier4MinInvocationThreshold=10000",
                    "-XX:Tier4CompileThreshold=150000",
                    "-XX:Tier4BackEdgeThreshold=400000");

    /// What the second compiler took up while the archive was made is what a later router compiles at once and well: so
    /// that it takes up all that is hot within seconds.
    private static final List<String> EAGER_COMPILER =
            List.of(
                    "-XX:Tier4InvocationThreshold=500",
                    "-XX:Tier4MinInvocationThreshold=100",
                    "-XX:Tier4CompileThreshold=1500");

    private RouterJvm() {}

    /// The command up to the main class.
    ///
    /// @param home of java, as the router sees it
    /// @param archive `-XX:AOTCache=` and the archive
    /// @param jars in the order of [Installation#routerJars()]
    /// @param state the one folder it may write to, as it sees it
    static List<String> command(Path home, String archive, List<Path> jars, Path state) {
        return command(home, List.of(archive), LATE_COMPILER, jars, state);
    }

    /// The same for a router that makes the archive.
    static List<String> recording(Path home, Path archive, List<Path> jars, Path state) {
        return command(home, List.of("-XX:AOTCacheOutput=" + archive), EAGER_COMPILER, jars, state);
    }

    private static List<String> command(
            Path home, List<String> archive, List<String> compiler, List<Path> jars, Path state) {
        List<String> command = new ArrayList<>();
        command.add(home.resolve("bin/java").toString());
        command.addAll(
                List.of(
                        "-Xms24m",
                        // Few collections: each is a pause that the slowest requests see.
                        "-Xmn16m",
                        "-Xmx128m",
                        // What the compilers took goes back to the machine.
                        "-XX:TrimNativeHeapInterval=15000",
                        "-XX:+UseSerialGC",
                        "-XX:+UseCompactObjectHeaders",
                        "-XX:-UsePerfData",
                        "-XX:ReservedCodeCacheSize=48m",
                        // Nothing is ever unloaded from it; looking for that is a full collection.
                        "-XX:SweeperThreshold=100",
                        "-Xlog:disable",
                        // Mapped elsewhere, all its pages would become memory of the process.
                        "-XX:+UnlockDiagnosticVMOptions",
                        "-XX:ArchiveRelocationMode=0"));
        command.addAll(archive);
        command.addAll(compiler);
        command.addAll(
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        // Netty checks each access to its buffers itself; java's way to memory
                        // makes
                        // three objects for every copy (ADR 11).
                        "-Dio.netty.noUnsafe=false",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djava.awt.headless=true",
                        // What java and Netty call by reflection they call once.
                        "-Djdk.reflect.useNativeAccessorOnly=true",
                        // Else Netty copies them out of their jars at each start.
                        "-Djava.library.path=" + jars.getFirst().resolveSibling(NATIVE),
                        "-Djava.io.tmpdir=" + state,
                        "-XX:ErrorFile=" + state.resolve("hs_err.log"),
                        "-cp",
                        jars.stream().map(Path::toString).collect(Collectors.joining(":")),
                        MAIN));
        return command;
    }
}
