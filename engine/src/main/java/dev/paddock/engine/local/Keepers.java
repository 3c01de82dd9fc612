package dev.paddock.engine.local;

import java.nio.file.Files;
import java.util.List;

/// Who keeps which dyno.
///
/// @param conmonIsThere whether new dynos are kept by it
record Keepers(Keeper conmon, Keeper shell, boolean conmonIsThere) {
    /// Last the two that become one of the others.
    private static final List<String> PROGRAMS = List.of("conmon", "sh", "nsenter", "setsid");

    /// Where there never was a conmon.
    static Keepers of(ShellKeeper shell) {
        return new Keepers(shell, shell, false);
    }

    Keeper forNew() {
        return conmonIsThere ? conmon : shell;
    }

    /// The one that a dyno was started with, whatever is installed since.
    Keeper of(DynoFiles files) {
        return Files.exists(files.gate()) ? shell : conmon;
    }

    /// Whether a process is what stays beside a dyno, either way.
    static boolean isOne(ProcessIdentity process, String dyno) {
        return process.runs("conmon", dyno) || process.runs("sh", dyno);
    }

    /// Whether a process is what stays beside a dyno of a platform, or is about to become it.
    ///
    /// @param dynos what the paths of their bundles begin with
    static boolean isOneBelow(ProcessIdentity process, String dynos) {
        List<String> words = process.words();
        return !words.isEmpty()
                && PROGRAMS.stream().anyMatch(words.getFirst()::endsWith)
                && words.stream().anyMatch(word -> word.startsWith(dynos));
    }

    /// With what is below it: the runtime, as long as that creates or runs the container.
    static void kill(ProcessIdentity keeper) {
        List<ProcessHandle> below =
                ProcessHandle.of(keeper.pid()).stream()
                        .flatMap(ProcessHandle::descendants)
                        .toList();
        Signals.send(keeper, Signals.KILL);
        below.forEach(ProcessHandle::destroyForcibly);
    }
}
