package dev.paddock.build;

import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.statement.StatementContext;

/// The builds of apps, the newest ones of each; the sole writer of them. Safe for any thread.
public final class Builds {
    private static final int KEPT = 200;

    private final Database database;
    private final InstantSource clock;

    public Builds(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// A new build that has not ended.
    public Build begin(
            AppId app, Actor user, String stack, List<Buildpack> buildpacks, Build.Origin origin) {
        UUID id = UUID.randomUUID();
        Instant now = now();
        String sql =
                """
                insert into builds (id, app, status, actor, actor_email, stack, buildpacks, source_url,
                  source_checksum, source_version, source_description, created_at, updated_at)
                select :id, :app, 'PENDING', :actor, :email, :stack, :buildpacks, :url,
                  :checksum, :version, :description, :now, :now
                from apps where id = :app and not destroying
                """;
        int rows =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(sql)
                                        .bind("id", id)
                                        .bind("app", app)
                                        .bind("actor", user.id())
                                        .bind("email", user.email())
                                        .bind("stack", stack)
                                        .bind("buildpacks", lines(buildpacks))
                                        .bind("url", origin.url())
                                        .bind("checksum", origin.checksum().orElse(null))
                                        .bind("version", storable(origin.version()))
                                        .bind("description", storable(origin.description()))
                                        .bind("now", now)
                                        .execute());
        if (rows == 0) {
            throw UserError.notFound("app");
        }
        prune(app);
        return find(app, id).orElseThrow(() -> UserError.notFound("app"));
    }

    private static String lines(List<Buildpack> buildpacks) {
        return buildpacks.stream().map(Buildpack::name).collect(Collectors.joining("\n"));
    }

    /// PostgreSQL's text holds any character but this one.
    private static String storable(String text) {
        return text.replace("\0", "");
    }

    private void prune(AppId app) {
        String sql =
                """
                delete from builds where app = :app and status <> 'PENDING' and id not in (
                  select id from builds where app = :app order by created_at desc limit :kept)
                """;
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(sql).bind("app", app).bind("kept", KEPT).execute());
    }

    /// The slug of a build that goes on to its release.
    public void built(Build build, UUID slug) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("update builds set slug = :slug where id = :id")
                                .bind("slug", slug)
                                .bind("id", build.id())
                                .execute());
    }

    public void released(Build build, UUID release) {
        String sql =
                """
                update builds set release = :release, status = 'SUCCEEDED', updated_at = :now
                where id = :id
                """;
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(sql)
                                .bind("release", release)
                                .bind("now", now())
                                .bind("id", build.id())
                                .execute());
    }

    /// Marks a build as failed that has not ended.
    public void failed(Build build) {
        String sql =
                """
                update builds set status = 'FAILED', updated_at = :now
                where id = :id and status = 'PENDING'
                """;
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(sql)
                                .bind("now", now())
                                .bind("id", build.id())
                                .execute());
    }

    /// Marks all builds as failed that an earlier platform process did not end. Called once at start.
    public void failPending() {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update builds set status = 'FAILED', updated_at = :now
                                        where status = 'PENDING'
                                        """)
                                .bind("now", now())
                                .execute());
    }

    public Optional<Build> find(AppId app, UUID id) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from builds where app = :app and id = :id")
                                .bind("app", app)
                                .bind("id", id)
                                .map(Builds::build)
                                .findOne());
    }

    /// Oldest first.
    public List<Build> list(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select * from builds where app = :app order by created_at, id")
                                .bind("app", app)
                                .map(Builds::build)
                                .list());
    }

    private static Build build(ResultSet row, StatementContext context) throws SQLException {
        return new Build(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                Build.Status.valueOf(row.getString("status")),
                new Actor(row.getObject("actor", UUID.class), row.getString("actor_email")),
                row.getString("stack"),
                row.getString("buildpacks").lines().map(Buildpack::new).toList(),
                new Build.Origin(
                        row.getString("source_url"),
                        Optional.ofNullable(row.getString("source_checksum")),
                        row.getString("source_version"),
                        row.getString("source_description")),
                Optional.ofNullable(row.getObject("slug", UUID.class)),
                Optional.ofNullable(row.getObject("release", UUID.class)),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    /// PostgreSQL keeps microseconds.
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }
}
