package dev.paddock.build;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.dyno.SlugRef;
import dev.paddock.store.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Slugs: files below one directory and their rows. Safe for any thread.
public final class SlugStore {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String FOREIGN_KEY_VIOLATION = "23503";

    private final Database database;
    private final Path directory;

    public SlugStore(Database database, Path directory) {
        this.database = database;
        this.directory = directory;
    }

    public Optional<Slug> find(UUID id) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from slugs where id = :id")
                                .bind("id", id)
                                .map(SlugStore::slug)
                                .findOne());
    }

    /// What an engine needs to run the slug.
    public SlugRef ref(Slug slug) {
        return new SlugRef(slug.id(), file(slug), slug.sha256());
    }

    private Path file(Slug slug) {
        return folder(slug.app()).resolve(slug.id() + ".tgz");
    }

    private Path folder(AppId app) {
        return directory.resolve(app.toString());
    }

    /// Takes over the file (moved, synced) and stores the row; nothing is left behind when it fails.
    public Slug add(Slug slug, Path file) {
        Path target = file(slug);
        Path moving = target.resolveSibling(slug.id() + ".part");
        boolean stored = false;
        try {
            ownerOnly(directory);
            ownerOnly(folder(slug.app()));
            Files.move(file, moving, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(moving, PosixFilePermissions.fromString("rw-------"));
            sync(moving, StandardOpenOption.WRITE);
            Files.move(moving, target, StandardCopyOption.ATOMIC_MOVE);
            sync(folder(slug.app()), StandardOpenOption.READ);
            insert(slug);
            stored = true;
            return slug;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            if (!stored) {
                delete(file, moving, target);
            }
        }
    }

    /// The same slug for another app: its bytes are on the disk once, as long as one of the apps lives.
    public Slug share(Slug slug, AppId app) {
        Slug shared =
                new Slug(
                        UUID.randomUUID(),
                        app,
                        slug.sha256(),
                        slug.bytes(),
                        slug.commit(),
                        slug.commitDescription(),
                        slug.stack(),
                        slug.processTypes(),
                        slug.buildpackDescription(),
                        slug.createdAt());
        Path link = folder(slug.app()).resolve(shared.id() + ".share");
        try {
            Files.createLink(link, file(slug));
        } catch (IOException e) {
            throw new UncheckedIOException("Sharing slug " + slug.id(), e);
        }
        return add(shared, link);
    }

    private static void ownerOnly(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    private static void sync(Path path, StandardOpenOption mode) throws IOException {
        try (FileChannel channel = FileChannel.open(path, mode)) {
            channel.force(true);
        }
    }

    private static void delete(Path... files) {
        try {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void insert(Slug slug) {
        Map<String, String> types = new TreeMap<>();
        slug.processTypes().forEach((type, command) -> types.put(type.value(), command));
        String sql =
                """
                insert into slugs (id, app, sha256, bytes, commit, commit_description, stack,
                                   process_types, buildpack_description, created_at)
                values (:id, :app, :sha256, :bytes, :commit, :description, :stack,
                        cast(:types as jsonb), :buildpack, :created)
                """;
        try {
            database.jdbi()
                    .useHandle(handle ->
                            handle.createUpdate(sql)
                                    .bind("id", slug.id())
                                    .bind("app", slug.app())
                                    .bind("sha256", slug.sha256())
                                    .bind("bytes", slug.bytes())
                                    .bind("commit", slug.commit().orElse(null))
                                    .bind("description", storable(slug.commitDescription()))
                                    .bind("stack", slug.stack())
                                    .bind("types", JSON.writeValueAsString(types))
                                    .bind("buildpack", slug.buildpackDescription())
                                    .bind("created", slug.createdAt())
                                    .execute());
        } catch (UnableToExecuteStatementException e) {
            if (e.getCause() instanceof SQLException cause
                    && FOREIGN_KEY_VIOLATION.equals(cause.getSQLState())) {
                throw UserError.notFound("app");
            }
            throw e;
        }
    }

    /// PostgreSQL's text holds any character but this one, and a commit message may hold it.
    private static String storable(String text) {
        return text.replace("\0", "");
    }

    private static Slug slug(ResultSet row, StatementContext context) throws SQLException {
        Map<String, String> types =
                JSON.readValue(row.getString("process_types"), new TypeReference<>() {});
        Map<ProcessType, String> commands = new TreeMap<>();
        types.forEach((type, command) -> commands.put(new ProcessType(type), command));
        Instant created = row.getObject("created_at", OffsetDateTime.class).toInstant();
        return new Slug(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                row.getString("sha256"),
                row.getLong("bytes"),
                Optional.ofNullable(row.getString("commit")),
                row.getString("commit_description"),
                row.getString("stack"),
                commands,
                row.getString("buildpack_description"),
                created);
    }

    /// Deletes all slugs of an app.
    public void remove(AppId app) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from slugs where app = :app")
                                .bind("app", app)
                                .execute());
        FileTree.remove(folder(app));
    }
}
