package dev.paddock.deploys;

import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// How far an app that is set up from an `app.json` has come.
///
/// @param failure one sentence for the user
/// @param manifestErrors what is wrong with the `app.json`
/// @param successUrl where the user goes when it succeeded
public record AppSetup(
        UUID id,
        AppId app,
        AppName appName,
        Status status,
        Optional<String> failure,
        List<String> manifestErrors,
        Optional<UUID> build,
        Optional<Postdeploy> postdeploy,
        Optional<String> successUrl,
        Instant createdAt,
        Instant updatedAt) {
    public AppSetup {
        manifestErrors = List.copyOf(manifestErrors);
    }

    public enum Status {
        PENDING,
        SUCCEEDED,
        FAILED
    }

    /// What came of the command that runs after the first release.
    public record Postdeploy(String output, int exitCode) {}
}
