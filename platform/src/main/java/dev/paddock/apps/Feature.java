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
        Instant updatedAt) {
    /// New web dynos come up beside the old ones and then take over.
    public static final String PREBOOT = "preboot";

    /// From so many web dynos on preboot is on for an app that never switched it.
    public static final int PREBOOT_DYNOS = 2;
}
