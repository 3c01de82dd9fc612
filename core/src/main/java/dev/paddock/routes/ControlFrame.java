package dev.paddock.routes;

import java.util.List;

/// A message of the control link between platform and router (control-link.md).
public sealed interface ControlFrame {
    int PROTOCOL = 1;

    /// First frame both ways. `haveTable` is the number of the newest table the sender holds, 0 for none.
    record Hello(int protocol, String name, String version, long haveTable)
            implements ControlFrame {}

    /// The whole table.
    record Snapshot(long table, RoutingTable routes) implements ControlFrame {}

    /// Whole apps replaced or added, and the names of apps that are gone.
    record Change(long table, long from, List<AppRoute> apps, List<String> gone)
            implements ControlFrame {}

    /// From the router: no new request will use a table older than this one. Sent again with the same number when
    /// another of those that left has had its last answer.
    ///
    /// @param leaving dynos that are not up in this table and still have requests in flight
    record Serving(long table, List<Leaving> leaving) implements ControlFrame {
        public Serving {
            leaving = List.copyOf(leaving);
        }

        public Serving(long table) {
            this(table, List.of());
        }
    }

    /// From the router: a request waits for this app, which has no dyno up.
    record Wake(String app) implements ControlFrame {}

    /// From the router, each second: what the dynos of the apps with traffic are doing.
    record Load(List<AppLoad> apps) implements ControlFrame {}

    /// From the router: a connect was refused or timed out.
    record Trouble(String app, String dyno, String kind) implements ControlFrame {}

    /// From the platform to a new router: where the old one hands over its listening descriptors.
    record Handover(String socketPath) implements ControlFrame {}

    record Ping() implements ControlFrame {}

    record Pong() implements ControlFrame {}

    /// Traffic of one app over the last second.
    record AppLoad(
            String app,
            List<DynoLoad> dynos,
            int queued,
            long oldestWaitMs,
            double rps,
            double p50,
            double p95,
            double p99) {}

    record DynoLoad(String name, int inFlight) {}

    /// A dyno that left the table in the middle of requests.
    ///
    /// @param app the app's id, as in its route
    record Leaving(String app, String address) {}
}
