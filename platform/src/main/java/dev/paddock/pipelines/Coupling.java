package dev.paddock.pipelines;

import dev.paddock.core.AppId;
import java.time.Instant;
import java.util.UUID;

/// An app's place in a pipeline.
public record Coupling(
        UUID id,
        UUID pipeline,
        String pipelineName,
        AppId app,
        Stage stage,
        Instant createdAt,
        Instant updatedAt) {}
