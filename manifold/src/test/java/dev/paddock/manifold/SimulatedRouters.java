package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Routers and the publisher in front of them: tables are built a little after a change, taken into use at some moment
/// until they are acknowledged, and acknowledged late or, sometimes, never.
final class SimulatedRouters {
    private final VirtualTime time;
    private final Random random;
    private final BooleanSupplier storm;
    private final Map<AppId, Deque<Table>> inUse = new HashMap<>();
    private final Set<AppId> building = new HashSet<>();
    private long tables;

    SimulatedRouters(VirtualTime time, Random random, BooleanSupplier storm) {
        this.time = time;
        this.random = random;
        this.storm = storm;
    }

    void changed(AppId app, Manifold manifold) {
        if (building.add(app)) {
            time.schedule(delay(200), () -> build(app, manifold));
        }
    }

    private void build(AppId app, Manifold manifold) {
        building.remove(app);
        Table table = new Table(++tables, manifold.view(app));
        inUse.computeIfAbsent(app, _ -> new ArrayDeque<>()).addLast(table);
        if (!storm.getAsBoolean() || random.nextInt(10) > 0) {
            time.schedule(delay(6_000), () -> acknowledge(app, table, manifold));
        }
    }

    private void acknowledge(AppId app, Table table, Manifold manifold) {
        inUse.getOrDefault(app, new ArrayDeque<>()).removeIf(older -> older.number < table.number);
        // A manifold of a killed platform is closed and ignores this.
        manifold.routed(app, table.view.revision());
    }

    private Duration delay(int millis) {
        return Duration.ofMillis(random.nextInt(storm.getAsBoolean() ? millis : 20));
    }

    boolean mayRoute(DynoId id) {
        return inUse.values().stream()
                .flatMap(Deque::stream)
                .flatMap(table -> table.view.routes().stream())
                .anyMatch(dyno -> dyno.id().equals(id) && dyno.routable());
    }

    boolean mayKnow(DynoId id) {
        return inUse.values().stream()
                .flatMap(Deque::stream)
                .flatMap(table -> table.view.routes().stream())
                .anyMatch(dyno -> dyno.id().equals(id) && dyno.address().isPresent());
    }

    /// A table that routers may be using; numbers grow over the lives of the platform.
    private record Table(long number, AppView view) {}
}
