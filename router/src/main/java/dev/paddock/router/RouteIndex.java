package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Timeouts;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One routing table, ready for looking up hosts. Immutable but for the apps, which know their newest route.
final class RouteIndex {
    private static final String WILDCARD = "*.";

    private final boolean known;
    private final Timeouts timeouts;
    private final HostTable exact;
    private final HostTable wildcard;

    private RouteIndex(boolean known, Timeouts timeouts, Collection<RoutedApp> apps) {
        this.known = known;
        this.timeouts = timeouts;
        Map<String, RoutedApp> names = HashMap.newHashMap(2 * apps.size());
        Map<String, RoutedApp> suffixes = new HashMap<>();
        for (RoutedApp app : apps) {
            AppRoute route = app.route();
            for (String host : route.hosts()) {
                if (host.startsWith(WILDCARD)) {
                    suffixes.put(host.substring(WILDCARD.length()), app);
                } else {
                    names.put(host, app);
                }
            }
        }
        exact = new HostTable(names);
        wildcard = new HostTable(suffixes);
    }

    static RouteIndex of(Timeouts timeouts, Collection<RoutedApp> apps) {
        return new RouteIndex(true, timeouts, apps);
    }

    /// Before the first table.
    static RouteIndex unknown() {
        return new RouteIndex(false, Timeouts.DEFAULT, java.util.List.of());
    }

    /// Whether there is a table at all: without one, an unknown host may well be somebody's.
    boolean isKnown() {
        return known;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    /// The app of a host in any case; an exact name wins over a wildcard, which stands for one label.
    @Nullable RoutedApp find(byte[] bytes, int start, int end) {
        RoutedApp app = exact.find(bytes, start, end);
        if (app != null) {
            return app;
        }
        int dot = start;
        while (dot < end && bytes[dot] != '.') {
            dot++;
        }
        return dot > start && dot < end ? wildcard.find(bytes, dot + 1, end) : null;
    }
}
