package dev.paddock.build;

import dev.paddock.core.AppId;
import dev.paddock.core.Slug;
import dev.paddock.dyno.SlugRef;
import dev.paddock.store.Database;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/// Slugs: files below one directory and their rows. Safe for any thread.
public final class SlugStore {
    public SlugStore(Database database, Path directory) {
        throw new UnsupportedOperationException();
    }

    public Optional<Slug> find(UUID id) {
        throw new UnsupportedOperationException();
    }

    /// What an engine needs to run the slug.
    public SlugRef ref(Slug slug) {
        throw new UnsupportedOperationException();
    }

    /// Takes over the file (moved, synced) and stores the row; nothing is left behind when it fails.
    public Slug add(Slug slug, Path file) {
        throw new UnsupportedOperationException();
    }

    /// Deletes all slugs of an app.
    public void remove(AppId app) {
        throw new UnsupportedOperationException();
    }
}
