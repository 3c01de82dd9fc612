package dev.paddock.routes;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// How requests for one app are to be served: its host names, rules and web dynos.
///
/// @param id what the router's request lines carry to find the app's log: the app's UUID, or empty in a routes file
/// @param maintenancePage URL shown in a frame instead of the built-in page
/// @param firstByteMs overrides [Timeouts#firstByte()] for this app
public record AppRoute(
        String id,
        String name,
        List<String> hosts,
        Status status,
        boolean maintenance,
        Balance balance,
        boolean affinity,
        OptionalInt maxInFlightPerDyno,
        OptionalInt maxBacklog,
        boolean continueEndToEnd,
        boolean dynoKeepalive,
        Optional<String> maintenancePage,
        Optional<String> errorPage,
        OptionalInt firstByteMs,
        Optional<Certificate> certificate,
        List<DynoRoute> dynos) {
    public AppRoute {
        hosts = List.copyOf(hosts);
        dynos = List.copyOf(dynos);
    }

    /// An app with the usual rules.
    public static AppRoute of(String id, String name, List<String> hosts, List<DynoRoute> dynos) {
        return new AppRoute(
                id,
                name,
                hosts,
                Status.NORMAL,
                false,
                Balance.LEAST,
                false,
                OptionalInt.empty(),
                OptionalInt.empty(),
                false,
                true,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                dynos);
    }

    public AppRoute withCertificate(Optional<Certificate> other) {
        return new AppRoute(
                id,
                name,
                hosts,
                status,
                maintenance,
                balance,
                affinity,
                maxInFlightPerDyno,
                maxBacklog,
                continueEndToEnd,
                dynoKeepalive,
                maintenancePage,
                errorPage,
                firstByteMs,
                other,
                dynos);
    }

    /// This route, or one equal to it that shares what it can with an older one: whatever is kept for long and comes
    /// again costs nothing then.
    public AppRoute sharing(AppRoute older) {
        if (equals(older)) {
            return older;
        }
        return certificate.equals(older.certificate) ? withCertificate(older.certificate) : this;
    }

    /// Whether the app can be served at all.
    public enum Status {
        NORMAL,
        /// No release yet (H81).
        BLANK,
        /// The free hours are used up (H82).
        QUOTA_EXHAUSTED
    }

    /// How a dyno is chosen for a request.
    public enum Balance {
        LEAST,
        P2C,
        RANDOM,
        ROUND_ROBIN
    }
}
