package dev.paddock.routes;

import java.util.List;

/// Everything a router needs to know about all apps; immutable.
public record RoutingTable(Timeouts timeouts, List<AppRoute> apps) {
    public static final RoutingTable EMPTY = new RoutingTable(Timeouts.DEFAULT, List.of());

    public RoutingTable {
        apps = List.copyOf(apps);
    }
}
