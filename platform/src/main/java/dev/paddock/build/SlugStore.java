package dev.paddock.build;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.dyno.SlugRef;
import dev.paddock.store.Database;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Slugs: files below one directory and their rows. Safe for any thread.
public final class SlugStore {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int COPY_BYTES = 64 * 1024;
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
        return directory.resolve(slug.id() + ".tgz");
    }

    /// Takes over the file (moved, synced) and stores the row; nothing is left behind when it fails.
    public Slug add(Slug slug, Path file) {
        Path target = file(slug);
        Path moving = target.resolveSibling(slug.id() + ".part");
        boolean stored = false;
        try {
            ownerOnly(directory);
            Files.move(file, moving, StandardCopyOption.REPLACE_EXISTING);
            Files.setPosixFilePermissions(moving, PosixFilePermissions.fromString("rw-------"));
            sync(moving, StandardOpenOption.WRITE);
            Files.move(moving, target, StandardCopyOption.ATOMIC_MOVE);
            sync(directory, StandardOpenOption.READ);
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

    /// Stores the row of a slug whose file is still to come; it has 0 bytes until then.
    public Slug announce(Slug slug) {
        insert(slug);
        return slug;
    }

    /// Takes the file of a slug that was announced. Throws UserError when it is there already, too large, or has another
    /// checksum than announced.
    public void upload(Slug slug, InputStream upload) throws IOException {
        ownerOnly(directory);
        Path part = Files.createTempFile(directory, slug.id().toString(), ".part");
        try {
            MessageDigest digest = BuildDirectory.sha256();
            long bytes;
            try (OutputStream out = Files.newOutputStream(part)) {
                bytes = copy(new DigestInputStream(upload, digest), out);
            }
            String sha256 = HexFormat.of().formatHex(digest.digest());
            if (!slug.sha256().isEmpty() && !slug.sha256().equals(sha256)) {
                throw UserError.invalid(
                        "The slug was uploaded with the checksum SHA256:"
                                + sha256
                                + ", not with the announced one.");
            }
            sync(part, StandardOpenOption.WRITE);
            if (!fill(slug, sha256, bytes, part)) {
                throw new UserError(
                        "conflict", "This slug was uploaded already and cannot change.");
            }
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static long copy(InputStream upload, OutputStream out) throws IOException {
        long limit = BuildLimits.DEFAULT.slugBytes();
        byte[] buffer = new byte[COPY_BYTES];
        long bytes = 0;
        for (int count = upload.read(buffer); count >= 0; count = upload.read(buffer)) {
            bytes += count;
            if (bytes > limit) {
                throw new UserError(
                        "request_entity_too_large",
                        "A slug may have at most " + BuildLimits.megabytes(limit) + " MB.");
            }
            out.write(buffer, 0, count);
        }
        if (bytes == 0) {
            throw UserError.invalid("An empty slug cannot run.");
        }
        return bytes;
    }

    /// The file is there before the row says so.
    private boolean fill(Slug slug, String sha256, long bytes, Path part) throws IOException {
        return database.jdbi()
                .inTransaction(handle -> {
                    int rows =
                            handle.createUpdate(
                                            """
                                            update slugs set sha256 = :sha256, bytes = :bytes
                                            where id = :id and bytes = 0
                                            """)
                                    .bind("sha256", sha256)
                                    .bind("bytes", bytes)
                                    .bind("id", slug.id())
                                    .execute();
                    if (rows == 1) {
                        Files.move(part, file(slug), StandardCopyOption.ATOMIC_MOVE);
                    }
                    return rows == 1;
                });
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

    /// Deletes what a platform process that was killed left: slugs of builds that did not come to their release, and files
    /// without a row. Called once at start, before the builds are given up.
    public void clean() {
        String unreleased =
                """
                delete from slugs s using builds b
                where b.status = 'PENDING' and s.app = b.app and s.commit = b.source_version
                  and s.created_at >= b.created_at
                  and not exists (select 1 from releases r where r.slug = s.id)
                """;
        database.jdbi().useHandle(handle -> handle.execute(unreleased));
        Set<String> known =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select id::text || '.tgz' from slugs")
                                        .mapTo(String.class)
                                        .set());
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            delete(
                    files.filter(file -> !known.contains(file.getFileName().toString()))
                            .toArray(Path[]::new));
        } catch (IOException e) {
            throw new UncheckedIOException("Deleting files of no slug", e);
        }
    }

    /// Deletes all slugs of an app, but those that other apps run: they become the other app's.
    public void remove(AppId app) {
        String give =
                """
                update slugs s set app = o.app
                from (select slug, min(app::text)::uuid app from releases
                      where app <> :app and slug is not null group by slug) o
                where s.app = :app and s.id = o.slug
                """;
        List<UUID> left =
                database.jdbi()
                        .inTransaction(handle -> {
                            handle.createUpdate(give).bind("app", app).execute();
                            return handle.createQuery("select id from slugs where app = :app")
                                    .bind("app", app)
                                    .mapTo(UUID.class)
                                    .list();
                        });
        for (UUID slug : left) {
            delete(directory.resolve(slug + ".tgz"));
        }
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from slugs where app = :app")
                                .bind("app", app)
                                .execute());
    }
}
