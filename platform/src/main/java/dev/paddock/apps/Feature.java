package dev.paddock.apps;

import java.time.Instant;
import java.util.UUID;

/// An app feature that can be switched: `http-session-affinity`, `preboot`, `log-runtime-metrics`, ...
public record Feature(
        UUID id,
        String name,
        String displayName,
        String description,
        String docUrl,
        String state,
        boolean enabled,
        Instant createdAt,
        Instant updatedAt) {}
