package dev.paddock.releases;

import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Release;
import dev.paddock.store.Database;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Releases, each with its config vars; the only writer of releases. Safe for any thread.
public final class Releases {
    public Releases(Database database, InstantSource clock) {
        throw new UnsupportedOperationException();
    }

    /// Makes the next release of the app from the newest one, in one transaction that holds the app's row; `change`
    /// is called with the newest release inside it. The new one is current.
    public Release create(AppId app, Actor user, Change change) {
        throw new UnsupportedOperationException();
    }

    /// The release that counts: the newest that succeeded. An app has v1 from its creation on.
    public Release current(AppId app) {
        throw new UnsupportedOperationException();
    }

    public Optional<Release> find(AppId app, String versionOrId) {
        throw new UnsupportedOperationException();
    }

    /// Newest first, those with a version below `before` (or all), at most `limit`.
    public List<Release> list(AppId app, Optional<Integer> before, int limit) {
        throw new UnsupportedOperationException();
    }

    /// Decides the next release from the newest.
    public interface Change {
        Next next(Release newest);
    }

    /// The parts of a release to be made.
    public record Next(String description, Optional<UUID> slug, ConfigVars config) {}
}
