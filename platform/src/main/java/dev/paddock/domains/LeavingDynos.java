package dev.paddock.domains;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.routes.ControlFrame;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/// Which dynos left the table and still have requests in flight at some router; tells each app's when they change.
/// Safe for any thread.
final class LeavingDynos {
    private final Supplier<List<ControlFrame.Leaving>> reported;
    private final BiConsumer<AppId, Set<DynoAddress>> listener;
    private Map<AppId, Set<DynoAddress>> told = Map.of();

    /// @param reported what all routers said last
    /// @param listener told in order, once for each change, an app without any included
    LeavingDynos(
            Supplier<List<ControlFrame.Leaving>> reported,
            BiConsumer<AppId, Set<DynoAddress>> listener) {
        this.reported = reported;
        this.listener = listener;
    }

    /// Under one lock, so that an older report never comes after a newer one.
    synchronized void tell() {
        Map<AppId, Set<DynoAddress>> now = new HashMap<>();
        for (ControlFrame.Leaving dyno : reported.get()) {
            now.computeIfAbsent(AppId.parse(dyno.app()), _ -> new HashSet<>())
                    .add(DynoAddress.parse(dyno.address()));
        }
        if (now.equals(told)) {
            return;
        }
        Set<AppId> apps = new HashSet<>(told.keySet());
        apps.addAll(now.keySet());
        for (AppId app : apps) {
            Set<DynoAddress> its = now.getOrDefault(app, Set.of());
            if (!its.equals(told.getOrDefault(app, Set.of()))) {
                listener.accept(app, Set.copyOf(its));
            }
        }
        told = now;
    }
}
