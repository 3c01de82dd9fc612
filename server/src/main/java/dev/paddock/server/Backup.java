package dev.paddock.server;

import dev.paddock.backup.ArchiveWriter;
import dev.paddock.core.UserError;
import dev.paddock.git.RepositoryCopy;
import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.DatabaseOutline;
import dev.paddock.store.DatabaseSnapshot;
import dev.paddock.store.PostgresServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes a platform's state into one file, while the platform runs or not.
///
/// Files come first, then the rows of one moment, then the slugs that came in between. So each slug that a release names
/// is there, and a repository is at most as new as the releases: a commit that was pushed meanwhile is pushed again.
public final class Backup {
    /// Each time an app was destroyed between the rows and its slug.
    private static final int MAX_SNAPSHOTS = 20;

    private final Path data;
    private final Installation installation;
    private final Optional<DatabaseAddress> named;
    private final Consumer<String> told;
    private final Set<UUID> slugs = new HashSet<>();
    private int repositories;

    /// @param named the server with the state of a platform that has none of its own
    /// @param told gets a line for each file that was written
    public Backup(
            Path data,
            Installation installation,
            Optional<DatabaseAddress> named,
            Consumer<String> told) {
        this.named = named;
        this.data = data;
        this.installation = installation;
        this.told = told;
    }

    /// Writes the backup, and the keys beside it. Throws UserError.
    ///
    /// @param keysInside whether the keys go into the same file, not into one beside it
    public void save(Path file, boolean keysInside) {
        if (!Files.exists(data.resolve(DataDirectory.LOCK))) {
            throw UserError.invalid(
                    "There is no platform in %s, so nothing to back up. Name its directory with --data."
                            .formatted(data));
        }
        StatePlace place = StatePlace.existing(data, named);
        if (place.external().isPresent()) {
            place.require();
            save(file, keysInside, place.external().get());
        } else {
            saveOfOwn(file, keysInside);
        }
    }

    private void saveOfOwn(Path file, boolean keysInside) {
        RuntimeDirectory runtime = RuntimeDirectory.of(data);
        Optional<PostgresServer> running =
                PostgresServer.find(database(), runtime.path(), installation.postgres());
        if (running.isPresent()) {
            save(file, keysInside, running.get().address());
        } else {
            saveOfStopped(file, keysInside, runtime);
        }
    }

    private Path database() {
        return StatePlace.own(data);
    }

    private void saveOfStopped(Path file, boolean keysInside, RuntimeDirectory runtime) {
        try (DataDirectory _ = hold()) {
            if (!Files.isDirectory(database()) || Files.exists(data.resolve(Restore.UNFINISHED))) {
                throw UserError.invalid(
                        "The platform in %s has never run, so there is nothing to back up."
                                .formatted(data));
            }
            runtime.create();
            PostgresServer server =
                    PostgresServer.start(database(), runtime.path(), installation.postgres());
            try {
                save(file, keysInside, server.address());
            } finally {
                server.stop();
            }
        }
    }

    private DataDirectory hold() {
        try {
            return DataDirectory.open(data);
        } catch (UserError held) {
            throw new UserError(
                    "unavailable",
                    "The platform in %s runs, but its database does not. Try again when it does."
                            .formatted(data));
        }
    }

    private void save(Path file, boolean keysInside, DatabaseAddress database) {
        Path keys = BackedUp.keysBeside(file);
        try (ArchiveWriter archive = ArchiveWriter.create(file, BackedUp.BACKUP)) {
            addFiles(archive);
            addRows(archive, database);
            if (keysInside) {
                addKeys(archive);
            } else {
                saveKeys(keys);
            }
            long bytes = archive.finish();
            told.accept(
                    "wrote %s: %d repositories, %d slugs, %.1f MB"
                            .formatted(file, repositories, slugs.size(), bytes / 1e6));
            told.accept(
                    keysInside
                            ? "It holds the keys as well: whoever reads it has every secret of this platform."
                            : "wrote %s: without these keys the backup cannot be restored, and with both whoever has them has every secret of this platform. Keep them in different places."
                                    .formatted(keys));
        } catch (IOException e) {
            throw new UserError(
                    "unavailable",
                    "Could not write the backup %s: %s. Nothing is left of it.".formatted(file, e));
        }
    }

    private void saveKeys(Path file) throws IOException {
        try (ArchiveWriter archive = ArchiveWriter.create(file, BackedUp.KEYS)) {
            addKeys(archive);
            archive.finish();
        }
    }

    private void addKeys(ArchiveWriter archive) throws IOException {
        for (String name : BackedUp.KEY_FILES) {
            if (Files.exists(data.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                archive.add(name, data.resolve(name));
            }
        }
    }

    private void addFiles(ArchiveWriter archive) throws IOException {
        if (Files.exists(data.resolve(BackedUp.SETTINGS))) {
            archive.add(BackedUp.SETTINGS, data.resolve(BackedUp.SETTINGS));
        }
        addAll(archive, "audit", BackedUp.AUDIT);
        for (String folder : names("outputs", BackedUp.OUTPUTS)) {
            addAll(archive, folder, BackedUp.OUTPUT);
        }
        for (String name : names("slugs", BackedUp.SLUG)) {
            var _ = addSlug(archive, name);
        }
        for (String name : names("repositories", BackedUp.REPOSITORY)) {
            RepositoryCopy.save(data.resolve(name), into(archive, name));
            repositories++;
        }
    }

    private void addAll(ArchiveWriter archive, String folder, Pattern pattern) throws IOException {
        for (String name : names(folder, pattern)) {
            try {
                archive.add(name, data.resolve(name));
            } catch (NoSuchFileException _) {
                // It was let go meanwhile.
            }
        }
    }

    private boolean addSlug(ArchiveWriter archive, String name) throws IOException {
        try {
            archive.add(name, data.resolve(name));
            Matcher slug = BackedUp.SLUG.matcher(name);
            return slug.matches() && slugs.add(UUID.fromString(slug.group("slug")));
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private static RepositoryCopy.Target into(ArchiveWriter archive, String repository) {
        return new RepositoryCopy.Target() {
            @Override
            public void add(String name, String text) throws IOException {
                archive.add(repository + "/" + name, text);
            }

            @Override
            public void add(String name, Path file) throws IOException {
                archive.add(repository + "/" + name, file);
            }
        };
    }

    /// The files in a folder of the data directory that belong into a backup.
    private List<String> names(String folder, Pattern pattern) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(data.resolve(folder))) {
            for (Path path : found) {
                String name = folder + "/" + path.getFileName();
                if (pattern.matcher(name).matches()) {
                    names.add(name);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException _) {
            return List.of();
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        names.sort(null);
        return names;
    }

    private void addRows(ArchiveWriter archive, DatabaseAddress database) throws IOException {
        for (int attempt = 0; attempt < MAX_SNAPSHOTS; attempt++) {
            try (DatabaseSnapshot snapshot = DatabaseSnapshot.open(database)) {
                if (addMissingSlugs(archive, snapshot)) {
                    addRows(archive, snapshot);
                    return;
                }
            }
        }
        throw new IOException("a slug of an app in the database is not in " + data + "/slugs");
    }

    private boolean addMissingSlugs(ArchiveWriter archive, DatabaseSnapshot snapshot)
            throws IOException {
        for (UUID slug : snapshot.slugs()) {
            if (!slugs.contains(slug) && !addSlug(archive, "slugs/" + slug + ".tgz")) {
                return false;
            }
        }
        return true;
    }

    private static void addRows(ArchiveWriter archive, DatabaseSnapshot snapshot)
            throws IOException {
        archive.add(BackedUp.OUTLINE, snapshot.outline().text());
        for (DatabaseOutline.Table table : snapshot.outline().tables()) {
            try (OutputStream rows = archive.addChunks(BackedUp.ROWS + table.name())) {
                snapshot.copy(table, rows);
            }
        }
    }
}
