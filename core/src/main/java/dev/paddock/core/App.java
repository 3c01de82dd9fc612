package dev.paddock.core;

import java.time.Instant;
import java.util.Optional;

/// An app as its owner sees it: name, owner, stack and a few dates.
///
/// @param slugBytes size of the current slug, 0 without one
public record App(
        AppId id,
        AppName name,
        Actor owner,
        String stack,
        String region,
        boolean maintenance,
        long slugBytes,
        long repositoryBytes,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> releasedAt) {}
