package dev.paddock.releases;

import static java.util.stream.Collectors.toMap;

import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.Release;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import dev.paddock.store.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/// Releases, each with its config vars; the only writer of releases but v1, which comes with the app. Safe for any
/// thread.
public final class Releases {
    private static final Pattern VERSION = Pattern.compile("v?([0-9]{1,9})");
    private static final Pattern ID =
            Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private static final String SELECT =
            """
            select r.*, r.version = (
              select max(version) from releases where app = r.app and status = 'SUCCEEDED') is_current
            from releases r
            """;
    private static final String NEWEST =
            SELECT
                    + " where r.app = :app and r.status <> 'FAILED'"
                    + " order by r.version desc limit 1";

    private final Database database;
    private final InstantSource clock;
    private volatile Listener listener = (_, _) -> {};

    public Releases(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Seals config vars that an earlier version stored readable, and has PostgreSQL write its files anew without them.
    /// To be called before the first release is read.
    public void sealAll() {
        int sealed = 0;
        for (int step = sealSome(); step > 0; step = sealSome()) {
            sealed += step;
        }
        if (sealed > 0) {
            database.jdbi().useHandle(handle -> handle.execute("vacuum full releases"));
        }
    }

    private int sealSome() {
        return database.jdbi()
                .inTransaction(handle -> {
                    Map<UUID, String> readable =
                            handle
                                    .createQuery(
                                            """
                                            select id, plain_config from releases
                                            where plain_config is not null limit 1000
                                            """)
                                    .map((row, _) ->
                                            Map.entry(
                                                    row.getObject("id", UUID.class),
                                                    row.getString("plain_config")))
                                    .stream()
                                    .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));
                    readable.forEach((id, config) -> sealOne(handle, id, config));
                    return readable.size();
                });
    }

    private void sealOne(Handle handle, UUID id, String config) {
        handle.createUpdate(
                        """
                        update releases set sealed_config = :sealed, plain_config = null
                        where id = :id
                        """)
                .bind("sealed", seal(id, new ConfigVars(Json.read(config))))
                .bind("id", id)
                .execute();
    }

    /// Makes the next release of the app from the newest one that did not fail, in one transaction that holds the app's
    /// row; `change` is called with that release inside it. The new one is current when it counts at once.
    public Release create(AppId app, Actor user, Change change) {
        return createIfChanged(app, user, newest -> Optional.of(change.next(newest))).orElseThrow();
    }

    /// As [#create], but `change` may decide that there is nothing to release.
    public Optional<Release> createIfChanged(
            AppId app, Actor user, Function<Release, Optional<Next>> change) {
        Optional<Release> made =
                database.jdbi()
                        .inTransaction(handle -> {
                            lock(handle, app);
                            return change.apply(newest(handle, app))
                                    .map(next ->
                                            insert(
                                                    handle,
                                                    lastVersion(handle, app),
                                                    app,
                                                    user,
                                                    next));
                        });
        made.ifPresent(release -> listener.released(release, true));
        return made;
    }

    /// To be told of every release once it is stored; called before the first is made.
    public void listen(Listener heard) {
        listener = heard;
    }

    /// Hears of releases; never blocks or fails.
    public interface Listener {
        /// A release is stored.
        ///
        /// @param isNew whether it was made, and not only changed
        void released(Release release, boolean isNew);
    }

    /// Ends the wait for a release's command: it counts from now on, or failed. Empty when it does not wait.
    public Optional<Release> finish(Release release, Release.Status status) {
        int rows =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                update releases set status = :status, updated_at = :now
                                                where id = :id and status = 'PENDING'
                                                """)
                                        .bind("id", release.id())
                                        .bind("status", status.name())
                                        .bind("now", clock.instant())
                                        .execute());
        if (rows == 0) {
            return Optional.empty();
        }
        Optional<Release> finished = find(release.app(), release.id().toString());
        finished.ifPresent(changed -> listener.released(changed, false));
        return finished;
    }

    /// A release that counted turns out not to run: the one before it counts again. Empty when it did not count, or the app
    /// is gone.
    public Optional<Release> fail(AppId app, ReleaseVersion version) {
        int rows =
                database.jdbi()
                        .inTransaction(handle -> {
                            lock(handle, app);
                            return handle.createUpdate(
                                            """
                                            update releases set status = 'FAILED', updated_at = :now
                                            where app = :app and version = :version
                                              and status = 'SUCCEEDED'
                                            """)
                                    .bind("app", app)
                                    .bind("version", version)
                                    .bind("now", clock.instant())
                                    .execute();
                        });
        if (rows == 0) {
            return Optional.empty();
        }
        Optional<Release> failed = find(app, version.toString());
        failed.ifPresent(changed -> listener.released(changed, false));
        return failed;
    }

    /// The releases of all apps that wait for their command.
    public List<Release> pending() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " where r.status = 'PENDING'")
                                .map(this::release)
                                .list());
    }

    /// The release that the next one begins from: the newest that did not fail. Its config vars are the app's.
    public Release newest(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(NEWEST).bind("app", app).map(this::release).findOne())
                .orElseThrow(() -> UserError.notFound("app"));
    }

    /// The release that counts: the newest that succeeded. An app has v1 from its creation on.
    public Release current(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        SELECT
                                                + " where r.app = :app and r.status = 'SUCCEEDED'"
                                                + " order by r.version desc limit 1")
                                .bind("app", app)
                                .map(this::release)
                                .findOne())
                .orElseThrow(() -> UserError.notFound("app"));
    }

    /// The current release of every app, in one query.
    public List<Release> allCurrent() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select r.*, true is_current from apps a
                                        join lateral (
                                          select * from releases
                                          where app = a.id and status = 'SUCCEEDED'
                                          order by version desc limit 1) r on true
                                        """)
                                .map(this::release)
                                .list());
    }

    public Optional<Release> find(AppId app, String versionOrId) {
        var version = VERSION.matcher(versionOrId);
        if (version.matches()) {
            return find(app, "r.version", Integer.valueOf(version.group(1)));
        }
        return ID.matcher(versionOrId).matches()
                ? find(app, "r.id", UUID.fromString(versionOrId))
                : Optional.empty();
    }

    /// Whether the app ever had a release of this slug, which may be another app's.
    public boolean used(AppId app, UUID slug) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select exists (
                                          select 1 from releases where app = :app and slug = :slug)
                                        """)
                                .bind("app", app)
                                .bind("slug", slug)
                                .mapTo(Boolean.class)
                                .one());
    }

    /// Newest first, those with a version below `before` (or all), at most `limit`.
    public List<Release> list(AppId app, Optional<Integer> before, int limit) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        SELECT
                                                + """
                                                 where r.app = :app and r.version < :before
                                                order by r.version desc limit :limit
                                                """)
                                .bind("app", app)
                                .bind("before", before.orElse(Integer.MAX_VALUE))
                                .bind("limit", limit)
                                .map(this::release)
                                .list());
    }

    private Optional<Release> find(AppId app, String column, Object value) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        SELECT + " where r.app = :app and " + column + " = :value")
                                .bind("app", app)
                                .bind("value", value)
                                .map(this::release)
                                .findOne());
    }

    private static void lock(Handle handle, AppId app) {
        boolean locked =
                handle.createQuery(
                                "select id from apps where id = :app and not destroying for update")
                        .bind("app", app)
                        .mapTo(AppId.class)
                        .findOne()
                        .isPresent();
        if (!locked) {
            throw UserError.notFound("app");
        }
    }

    private Release newest(Handle handle, AppId app) {
        return handle.createQuery(NEWEST).bind("app", app).map(this::release).one();
    }

    private static ReleaseVersion lastVersion(Handle handle, AppId app) {
        return new ReleaseVersion(
                handle.createQuery("select max(version) from releases where app = :app")
                        .bind("app", app)
                        .mapTo(Integer.class)
                        .one());
    }

    private Release insert(Handle handle, ReleaseVersion newest, AppId app, Actor user, Next next) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Release release =
                new Release(
                        UUID.randomUUID(),
                        app,
                        newest.next(),
                        next.description(),
                        next.status(),
                        next.status() == Release.Status.SUCCEEDED,
                        user,
                        next.slug(),
                        next.config(),
                        now,
                        now);
        handle.createUpdate(
                        """
                        insert into releases (id, app, version, description, status, actor, actor_email,
                          slug, sealed_config, created_at, updated_at)
                        values (:id, :app, :version, :description, :status, :actor, :email,
                          :slug, :config, :now, :now)
                        """)
                .bind("id", release.id())
                .bind("app", app)
                .bind("version", release.version())
                .bind("description", next.description())
                .bind("status", release.status().name())
                .bind("actor", user.id())
                .bind("email", user.email())
                .bind("slug", next.slug())
                .bind("config", seal(release.id(), next.config()))
                .bind("now", now)
                .execute();
        return release;
    }

    private Release release(ResultSet row, StatementContext context) throws SQLException {
        return new Release(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                new ReleaseVersion(row.getInt("version")),
                row.getString("description"),
                Release.Status.valueOf(row.getString("status")),
                row.getBoolean("is_current"),
                new Actor(row.getObject("actor", UUID.class), row.getString("actor_email")),
                Optional.ofNullable(row.getObject("slug", UUID.class)),
                config(row),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    /// None are stored as null, as v1 is made.
    private byte @Nullable [] seal(UUID release, ConfigVars config) {
        return config.values().isEmpty()
                ? null
                : database.vault().seal(place(release), Json.write(config.values()));
    }

    private ConfigVars config(ResultSet row) throws SQLException {
        byte[] sealed = row.getBytes("sealed_config");
        if (sealed == null) {
            return ConfigVars.EMPTY;
        }
        String place = place(row.getObject("id", UUID.class));
        return new ConfigVars(Json.read(database.vault().open(place, sealed)));
    }

    private static String place(UUID release) {
        return "release/" + release;
    }

    /// Decides the next release from the newest.
    public interface Change {
        Next next(Release newest);
    }

    /// The parts of a release to be made.
    ///
    /// @param status PENDING for one that counts only when its command succeeded
    public record Next(
            String description, Optional<UUID> slug, ConfigVars config, Release.Status status) {
        /// A release that counts at once.
        public Next(String description, Optional<UUID> slug, ConfigVars config) {
            this(description, slug, config, Release.Status.SUCCEEDED);
        }
    }
}
