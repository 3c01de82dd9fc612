package dev.paddock.server;

import dev.paddock.daemons.SystemUser;
import dev.paddock.engine.local.EngineChanges;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What a platform has changed on this machine and `down --purge` would undo, as far as this user may see it.
public final class MachineChanges {
    private MachineChanges() {}

    /// One line for each; empty when there never was a platform on this data directory, or it was purged.
    public static List<String> of(Path data) {
        if (!Files.isDirectory(data)) {
            return List.of();
        }
        List<String> changes = new ArrayList<>();
        changes.add("the data directory " + data);
        RuntimeDirectory runtime =
                RuntimeDirectory.find(data).orElseGet(() -> RuntimeDirectory.of(data));
        if (Files.isDirectory(runtime.path())) {
            changes.add("the runtime directory " + runtime.path());
        }
        changes.addAll(EngineChanges.of(runtime.path(), runtime.hash()));
        Machine.USERS.stream()
                .filter(SystemUser::exists)
                .map(name -> "the system user " + name + " (for all platforms of this machine)")
                .forEach(changes::add);
        return changes;
    }
}
