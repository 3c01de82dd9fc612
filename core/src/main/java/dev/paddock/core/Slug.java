package dev.paddock.core;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/// The packed result of a build: a tar.gz with its SHA-256 and the commands of its process types.
public record Slug(
        UUID id,
        AppId app,
        String sha256,
        long bytes,
        Optional<String> commit,
        String commitDescription,
        String stack,
        Map<ProcessType, String> processTypes,
        String buildpackDescription,
        Instant createdAt) {
    public Slug {
        processTypes = java.util.Collections.unmodifiableMap(new TreeMap<>(processTypes));
    }
}
