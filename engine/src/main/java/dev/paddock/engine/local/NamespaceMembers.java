package dev.paddock.engine.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The processes of a pid namespace, from which none can leave.
///
/// @param init its first process, as long as it lives
record NamespaceMembers(Supplier<Optional<ProcessIdentity>> init) implements WatchedGroup.Members {
    @Override
    public List<Long> all() {
        return namespace()
                .map(wanted -> WatchedGroup.everybody().filter(pid -> isIn(pid, wanted)).toList())
                .orElse(List.of());
    }

    @Override
    public boolean has(long pid) {
        return namespace().filter(wanted -> isIn(pid, wanted)).isPresent();
    }

    /// Never that of the platform itself.
    private Optional<Path> namespace() {
        return init.get()
                .flatMap(process -> namespace(process.pid()))
                .filter(found -> !isIn(ProcessHandle.current().pid(), found));
    }

    private static boolean isIn(long pid, Path wanted) {
        return namespace(pid).filter(wanted::equals).isPresent();
    }

    private static Optional<Path> namespace(long pid) {
        try {
            return Optional.of(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/pid")));
        } catch (IOException goneOrOthers) {
            return Optional.empty();
        }
    }
}
