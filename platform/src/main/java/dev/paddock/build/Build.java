package dev.paddock.build;

import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// A build of an app: what it was made of and how far it has come.
public record Build(
        UUID id,
        AppId app,
        Status status,
        Actor user,
        String stack,
        List<Buildpack> buildpacks,
        Origin origin,
        Optional<UUID> slug,
        Optional<UUID> release,
        Instant createdAt,
        Instant updatedAt) {

    /// How far the build has come.
    public enum Status {
        PENDING,
        SUCCEEDED,
        FAILED
    }

    /// Where the tree came from.
    ///
    /// @param url empty for a push with git
    /// @param checksum as the user gave it, `SHA256:` and 64 hex digits
    /// @param version a commit, or what the user calls the version
    public record Origin(
            String url, Optional<String> checksum, String version, String description) {}
}
