package dev.paddock.deploys;

import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The release of one app's code on other apps of its pipeline.
public record Promotion(
        UUID id,
        UUID pipeline,
        AppId app,
        UUID release,
        List<Target> targets,
        Instant createdAt,
        Instant updatedAt) {
    public Promotion {
        targets = List.copyOf(targets);
    }

    /// Pending as long as one target is; failed when one is.
    public Release.Status status() {
        if (targets.stream().anyMatch(target -> target.status() == Release.Status.PENDING)) {
            return Release.Status.PENDING;
        }
        return targets.stream().anyMatch(target -> target.status() == Release.Status.FAILED)
                ? Release.Status.FAILED
                : Release.Status.SUCCEEDED;
    }

    /// One of the apps that the code is promoted to.
    public record Target(
            UUID id,
            AppId app,
            Optional<UUID> release,
            Release.Status status,
            Optional<String> error) {}
}
