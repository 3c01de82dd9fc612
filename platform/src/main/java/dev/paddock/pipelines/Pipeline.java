package dev.paddock.pipelines;

import java.time.Instant;
import java.util.UUID;

/// A group of apps that run the same code at different stages.
public record Pipeline(UUID id, String name, UUID owner, Instant createdAt, Instant updatedAt) {}
