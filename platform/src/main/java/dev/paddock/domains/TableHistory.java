package dev.paddock.domains;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The newest table and the last changes that led to it. A router that holds a table of the history gets the changes
/// since then in one frame, any other the whole table; so no router needs a queue of its own. Owned by [Routers].
final class TableHistory {
    /// Enough for a router that is busy for a while; a change is small, and each is shared by all routers.
    private static final int MAX_CHANGES = 64;

    private final Deque<Step> steps = new ArrayDeque<>();
    private final Map<String, AppRoute> whole = new LinkedHashMap<>();
    private long newest;

    /// 0 before the first table.
    long newest() {
        return newest;
    }

    /// A change costs as much as its apps do, whatever the size of the table.
    void add(long table, List<AppRoute> changed, List<String> gone) {
        if (table <= newest) {
            throw new IllegalArgumentException("table " + table + " is not newer than " + newest);
        }
        if (newest > 0) {
            steps.add(new Step(newest, List.copyOf(changed), List.copyOf(gone)));
            if (steps.size() > MAX_CHANGES) {
                steps.remove();
            }
        }
        gone.forEach(whole::remove);
        changed.forEach(app -> whole.put(app.name(), app));
        newest = table;
    }

    /// Whether this is one of our newest tables; any other number is another platform life's.
    boolean knows(long table) {
        return table > 0
                && (table == newest || steps.stream().anyMatch(step -> step.from() == table));
    }

    /// What brings a router that holds this table to the newest.
    ControlFrame update(long held) {
        if (!knows(held)) {
            return new ControlFrame.Snapshot(
                    newest, new RoutingTable(Timeouts.DEFAULT, List.copyOf(whole.values())));
        }
        Map<String, AppRoute> apps = new LinkedHashMap<>();
        Set<String> gone = new LinkedHashSet<>();
        for (Step step : steps) {
            if (step.from() >= held) {
                step.gone().forEach(apps::remove);
                gone.addAll(step.gone());
                step.changed().forEach(app -> apps.put(app.name(), app));
                gone.removeAll(apps.keySet());
            }
        }
        return new ControlFrame.Change(newest, held, List.copyOf(apps.values()), List.copyOf(gone));
    }

    private record Step(long from, List<AppRoute> changed, List<String> gone) {}
}
