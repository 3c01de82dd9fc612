package dev.paddock.domains;

import dev.paddock.core.AppId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/// A certificate that a user brought, and which of the app's domains show it.
///
/// @param chain as PEM, the leaf first
/// @param trusted whether a root that this platform knows stands behind it
/// @param domains their ids
public record SniEndpoint(
        UUID id,
        AppId app,
        String name,
        String chain,
        boolean trusted,
        List<UUID> domains,
        Instant createdAt,
        Instant updatedAt) {
    public SniEndpoint {
        domains = List.copyOf(domains);
    }
}
