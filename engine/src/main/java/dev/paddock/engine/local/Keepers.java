package dev.paddock.engine.local;

import java.nio.file.Files;

/// Who keeps which dyno.
///
/// @param conmonIsThere whether new dynos are kept by it
record Keepers(Conmon conmon, ShellKeeper shell, boolean conmonIsThere) {
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
}
