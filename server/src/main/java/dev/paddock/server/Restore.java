package dev.paddock.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.backup.ArchiveReader;
import dev.paddock.core.UserError;
import dev.paddock.daemons.Command;
import dev.paddock.git.RepositoryCopy;
import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.DatabaseOutline;
import dev.paddock.store.DatabaseRestore;
import dev.paddock.store.ExternalServer;
import dev.paddock.store.PostgresServer;
import dev.paddock.store.StateServer;
import dev.paddock.store.Trees;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Makes a data directory out of a backup, for the next `up` to start from. What fails leaves nothing behind; what was
/// cut off is begun anew, and no platform starts from it.
public final class Restore {
    /// There while a directory is being filled.
    static final String UNFINISHED = "restoring";

    private static final Pattern FLAGS = Pattern.compile("--[A-Za-z0-9 .:/\\[\\]-]+");
    private static final Duration SYNC_LIMIT = Duration.ofMinutes(10);

    private final Path data;
    private final Installation installation;
    private final Optional<DatabaseAddress> named;
    private final Consumer<String> told;

    /// @param named a server for the state, in place of one of our own
    /// @param told gets a line for each thing that was done
    public Restore(
            Path data,
            Installation installation,
            Optional<DatabaseAddress> named,
            Consumer<String> told) {
        this.named = named;
        this.data = data;
        this.installation = installation;
        this.told = told;
    }

    /// Fills the directory. Throws UserError.
    ///
    /// @param keys where the keys are, if not in the backup or beside it
    public void from(Path backup, Optional<Path> keys) {
        if (!Files.isRegularFile(backup)) {
            throw UserError.invalid("There is no backup %s.".formatted(backup));
        }
        boolean made = !Files.exists(data);
        requireNothingThere();
        named.ifPresent(ExternalServer::requireEmpty);
        try (DataDirectory held = DataDirectory.open(data)) {
            RuntimeDirectory runtime = RuntimeDirectory.of(held.path());
            try {
                fill(held.path(), runtime, backup, keys);
            } catch (RuntimeException e) {
                undo(held.path(), runtime, made);
                throw e;
            } catch (IOException e) {
                undo(held.path(), runtime, made);
                throw new UserError(
                        "unavailable",
                        "Could not restore %s: %s. Nothing is left of it.".formatted(backup, e));
            }
        }
    }

    /// Nothing but what a restore that was cut off left.
    private void requireNothingThere() {
        if (Files.exists(data.resolve(UNFINISHED))) {
            return;
        }
        try (Stream<Path> found = Files.exists(data) ? Files.list(data) : Stream.empty()) {
            if (found.findAny().isPresent()) {
                throw new UserError(
                        "conflict",
                        "%s is not empty, and a restore writes over nothing. Name another directory with --data, or remove this one with `paddock down --purge --data %s`."
                                .formatted(data, data));
            }
        } catch (IOException e) {
            throw new UserError("unavailable", "Could not read %s: %s.".formatted(data, e));
        }
    }

    private void fill(Path root, RuntimeDirectory runtime, Path backup, Optional<Path> keys)
            throws IOException {
        clear(root, runtime);
        Path rows = Files.createDirectory(root.resolve(UNFINISHED));
        try (ArchiveReader archive = ArchiveReader.open(backup, BackedUp.BACKUP)) {
            new Unpacking(root, rows, archive, backup).all();
        }
        Path outlineFile = rows.resolve(BackedUp.OUTLINE);
        if (!Files.exists(outlineFile)) {
            throw new UserError("conflict", backup + " holds no database.");
        }
        DatabaseOutline outline = outline(outlineFile, backup);
        DatabaseRestore.requireKnown(outline);
        addKeys(root, backup, keys, outline);
        load(root, runtime, outline, rows);
        finish(root, rows);
    }

    private static DatabaseOutline outline(Path file, Path backup) throws IOException {
        try {
            return DatabaseOutline.parse(Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new UserError(
                    "conflict", "%s is no backup: %s".formatted(backup, e.getMessage()));
        }
    }

    private void addKeys(Path root, Path backup, Optional<Path> given, DatabaseOutline outline)
            throws IOException {
        Path key = root.resolve(BackedUp.SECRETS_KEY);
        if (given.isPresent() || !Files.exists(key)) {
            Path file = given.orElse(BackedUp.keysBeside(backup));
            if (!Files.isRegularFile(file)) {
                throw new UserError(
                        "conflict",
                        "%s holds no keys, and there are none in %s: config vars, certificates' keys and secrets of webhooks in it are sealed with them. Name the file that `paddock backup` wrote beside it, or a copy of DATA/keys/secrets.key, with --keys."
                                .formatted(backup, file));
            }
            takeKeys(root, file);
        }
        DatabaseRestore.requireKey(outline, key);
    }

    private void takeKeys(Path root, Path file) throws IOException {
        Optional<String> bare = bareKey(file);
        if (bare.isPresent()) {
            Files.deleteIfExists(root.resolve(BackedUp.SECRETS_KEY));
            Unpacking.write(
                    root.resolve(BackedUp.SECRETS_KEY),
                    new ByteArrayInputStream(bare.get().getBytes(UTF_8)));
            told.accept(
                    "%s is the key of the database alone: the next start makes a new certificate authority, which clients have to trust anew, and a new API key for the operator."
                            .formatted(file));
            return;
        }
        try (ArchiveReader archive = ArchiveReader.open(file, BackedUp.KEYS)) {
            for (Optional<String> name = archive.next(); name.isPresent(); name = archive.next()) {
                if (!BackedUp.KEY_FILES.contains(name.get())) {
                    throw new UserError("conflict", file + " holds what are no keys.");
                }
                Files.deleteIfExists(root.resolve(name.get()));
                Unpacking.write(root.resolve(name.get()), archive.content());
            }
        }
    }

    private static Optional<String> bareKey(Path file) throws IOException {
        return Files.size(file) > 100
                ? Optional.empty()
                : Optional.of(Files.readString(file, ISO_8859_1))
                        .filter(text -> text.strip().matches("[0-9a-f]{64}"));
    }

    private void load(Path root, RuntimeDirectory runtime, DatabaseOutline outline, Path rows)
            throws IOException {
        runtime.create();
        StatePlace place = new StatePlace(root, named);
        Optional<ExternalServer> external = place.claimEmpty();
        StateServer server =
                external.isPresent()
                        ? external.get()
                        : PostgresServer.start(
                                StatePlace.own(root), runtime.path(), installation.postgres());
        try {
            server.settle();
            load(root, server.address(), outline, rows);
            place.remember();
        } catch (IOException | RuntimeException e) {
            external.ifPresent(database -> clear(database, e));
            throw e;
        } finally {
            server.stop();
        }
    }

    private static void clear(ExternalServer database, Exception reason) {
        try {
            database.clear();
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    private void load(Path root, DatabaseAddress database, DatabaseOutline outline, Path rows)
            throws IOException {
        DatabaseRestore.load(
                database, outline, table -> chunks(rows.resolve(BackedUp.ROWS + table.name())));
        removeOrphans(root, DatabaseRestore.apps(database), DatabaseRestore.slugs(database));
        told.accept("restored the database" + named.map(server -> " " + server).orElse(""));
    }

    private static InputStream chunks(Path folder) throws IOException {
        List<InputStream> chunks = new ArrayList<>();
        for (Path file : sorted(folder)) {
            chunks.add(Files.newInputStream(file));
        }
        return new SequenceInputStream(Collections.enumeration(chunks));
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (NoSuchFileException _) {
            return List.of();
        }
    }

    /// The files of what was destroyed between the copy of the files and that of the rows.
    private void removeOrphans(Path root, Set<UUID> apps, Set<UUID> slugs) throws IOException {
        int repositories = 0;
        int kept = 0;
        for (Path file : sorted(root.resolve("repositories"))) {
            if (keep(root, file, BackedUp.REPOSITORY, "app", apps)) {
                RepositoryCopy.check(file);
                repositories++;
            }
        }
        for (Path file : sorted(root.resolve("slugs"))) {
            kept += keep(root, file, BackedUp.SLUG, "slug", slugs) ? 1 : 0;
        }
        for (Path file : sorted(root.resolve("outputs"))) {
            var _ = keep(root, file, BackedUp.OUTPUTS, "app", apps);
        }
        told.accept(
                "restored %d apps, %d repositories, %d slugs"
                        .formatted(apps.size(), repositories, kept));
    }

    private static boolean keep(
            Path root, Path file, Pattern pattern, String group, Set<UUID> known)
            throws IOException {
        Matcher name = pattern.matcher(root.relativize(file).toString());
        boolean kept = name.matches() && known.contains(UUID.fromString(name.group(group)));
        if (!kept) {
            Trees.delete(file);
        }
        return kept;
    }

    /// The mark goes when all else is on the disk.
    private void finish(Path root, Path rows) throws IOException {
        Trees.delete(rows.resolve("database"));
        sync(root);
        Files.delete(rows);
        sync(root);
        told.accept(
                "Start it with: paddock up --data %s%s%s"
                        .formatted(
                                data,
                                flags(root),
                                named.map(_ -> "  (and the same " + DatabaseAddress.VARIABLE + ")")
                                        .orElse("")));
    }

    /// Empty when there are none, or what is no flags: the line may end up in a shell.
    private static String flags(Path root) throws IOException {
        Path settings = root.resolve(BackedUp.SETTINGS);
        String flags =
                Files.exists(settings) ? Files.readString(settings).strip().replace('\n', ' ') : "";
        return FLAGS.matcher(flags).matches() ? " " + flags : "";
    }

    private static void sync(Path root) throws IOException {
        Command.Result result =
                Command.run(List.of("sync", "--file-system", root.toString()), SYNC_LIMIT);
        if (!result.ok()) {
            throw new IOException("sync of " + root + " failed: " + result.output());
        }
    }

    /// What an earlier restore, or this one, left so far; the lock stays.
    private static void clear(Path root, RuntimeDirectory runtime) throws IOException {
        if (Files.isDirectory(runtime.path())) {
            var _ = PostgresServer.stopLeftOver(runtime.path());
        }
        try (Stream<Path> found = Files.list(root)) {
            for (Path path : found.toList()) {
                // The mark goes last, as long as anything is there that it stands for.
                if (!path.endsWith(DataDirectory.LOCK) && !path.endsWith(UNFINISHED)) {
                    Trees.delete(path);
                }
            }
        }
        Trees.delete(root.resolve(UNFINISHED));
    }

    private static void undo(Path root, RuntimeDirectory runtime, boolean made) {
        try {
            clear(root, runtime);
            Files.deleteIfExists(root.resolve(DataDirectory.LOCK));
            if (made) {
                Files.deleteIfExists(root);
            }
            if (Files.isDirectory(runtime.path(), LinkOption.NOFOLLOW_LINKS)) {
                Trees.delete(runtime.path());
                Machine.removeUsersUnlessNeeded(runtime.root(), _ -> {});
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Removing what was restored in vain", e);
        }
    }
}
