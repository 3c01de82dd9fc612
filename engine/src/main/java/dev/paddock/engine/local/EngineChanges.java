package dev.paddock.engine.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What engines of one platform have changed on this machine and not undone yet, as far as this user may see it.
public final class EngineChanges {
    private EngineChanges() {}

    /// One line for each kind of change.
    public static List<String> of(Path runtime, String hash) {
        List<String> changes = new ArrayList<>();
        Firewall firewall = Firewall.of(hash, Installation.registry(runtime));
        changes.addAll(DynoNetwork.changes(hash));
        changes.addAll(firewall.changes());
        changes.addAll(new QuickCgroups(Installation.registry(runtime)).changes());
        Cgroup cgroup = Installation.cgroup(Cgroup.Hierarchies.detect(), hash);
        if (cgroup.exists()) {
            changes.add("the cgroup " + cgroup.path());
        }
        return changes;
    }
}
