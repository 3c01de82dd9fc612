package dev.paddock.router;

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

    private RouteIndex(boolean known, Timeouts timeouts, HostTable exact, HostTable wildcard) {
        this.known = known;
        this.timeouts = timeouts;
        this.exact = exact;
        this.wildcard = wildcard;
    }

    static RouteIndex of(Timeouts timeouts, Collection<RoutedApp> apps) {
        Hosts hosts = new Hosts();
        apps.forEach(app -> hosts.add(app.route().hosts(), app));
        return new RouteIndex(
                true, timeouts, new HostTable(hosts.exact), new HostTable(hosts.wildcard));
    }

    /// Before the first table.
    static RouteIndex unknown() {
        HostTable none = new HostTable(Map.of());
        return new RouteIndex(false, Timeouts.DEFAULT, none, none);
    }

    /// This index without the first hosts, as far as they lead to these apps, and with the others.
    RouteIndex with(Hosts without, Hosts with) {
        if (without.isEmpty() && with.isEmpty()) {
            return known ? this : new RouteIndex(true, timeouts, exact, wildcard);
        }
        return new RouteIndex(
                true,
                timeouts,
                exact.with(without.exact, with.exact),
                wildcard.with(without.wildcard, with.wildcard));
    }

    /// Host names of apps.
    static final class Hosts {
        private final Map<String, RoutedApp> exact = new HashMap<>();
        private final Map<String, RoutedApp> wildcard = new HashMap<>();

        void add(Collection<String> hosts, RoutedApp app) {
            for (String host : hosts) {
                if (host.startsWith(WILDCARD)) {
                    wildcard.put(host.substring(WILDCARD.length()), app);
                } else {
                    exact.put(host, app);
                }
            }
        }

        boolean isEmpty() {
            return exact.isEmpty() && wildcard.isEmpty();
        }
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
