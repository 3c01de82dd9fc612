package dev.paddock.domains;

import dev.paddock.core.AppId;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/// A custom domain of an app.
///
/// @param endpoint whose certificate is shown for it
public record Domain(
        UUID id,
        AppId app,
        Hostname hostname,
        Optional<Endpoint> endpoint,
        Instant createdAt,
        Instant updatedAt) {
    /// Which SNI endpoint is meant.
    public record Endpoint(UUID id, String name) {}
}
