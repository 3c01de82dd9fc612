package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import java.time.Instant;
import java.util.UUID;

/// How many dynos of one process type an app wants, and of which size.
public record FormationEntry(
        UUID id,
        AppId app,
        ProcessType type,
        int quantity,
        DynoSize size,
        String command,
        Instant createdAt,
        Instant updatedAt) {}
