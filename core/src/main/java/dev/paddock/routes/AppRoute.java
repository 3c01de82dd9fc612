package dev.paddock.routes;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// How requests for one app are to be served: its host names, rules and web dynos.
///
/// @param id what the router's request lines carry to find the app's log: the app's UUID, or empty in a routes file
/// @param maintenancePage URL shown in a frame instead of the built-in page
/// @param firstByteMs overrides [Timeouts#firstByte()] for this app
/// @param certificate for the hosts that have none of their own
/// @param hostCertificates by host, in lower case and as `hosts` spells it
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
        Map<String, Certificate> hostCertificates,
        List<DynoRoute> dynos) {
    public AppRoute {
        hosts = List.copyOf(hosts);
        hostCertificates = Map.copyOf(hostCertificates);
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
                Map.of(),
                dynos);
    }

    /// The certificate to show for a host in lower case: its own, that of the wildcard above it, or the app's.
    public Optional<Certificate> certificateFor(String host) {
        if (hostCertificates.isEmpty()) {
            return certificate;
        }
        Certificate own = hostCertificates.get(host);
        if (own == null) {
            own = hostCertificates.get("*" + host.substring(Math.max(0, host.indexOf('.'))));
        }
        return own == null ? certificate : Optional.of(own);
    }

    public AppRoute withCertificate(Optional<Certificate> other) {
        return withCertificates(other, hostCertificates);
    }

    public AppRoute withCertificates(
            Optional<Certificate> other, Map<String, Certificate> otherByHost) {
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
                otherByHost,
                dynos);
    }

    /// This route, or one equal to it that shares what it can with an older one: whatever is kept for long and comes
    /// again costs nothing then.
    public AppRoute sharing(AppRoute older) {
        if (equals(older)) {
            return older;
        }
        return certificate.equals(older.certificate)
                        && hostCertificates.equals(older.hostCertificates)
                ? withCertificates(older.certificate, older.hostCertificates)
                : this;
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
