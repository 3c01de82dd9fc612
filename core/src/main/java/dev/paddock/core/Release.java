package dev.paddock.core;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/// A numbered combination of slug and config vars that an app runs or ran.
public record Release(
        UUID id,
        AppId app,
        ReleaseVersion version,
        String description,
        Status status,
        boolean current,
        Actor user,
        Optional<UUID> slug,
        ConfigVars config,
        Instant createdAt,
        Instant updatedAt) {

    /// How far the release has come.
    public enum Status {
        PENDING,
        SUCCEEDED,
        FAILED
    }
}
