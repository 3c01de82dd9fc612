package dev.paddock.apps;

import static java.util.stream.Collectors.toMap;

import dev.paddock.accounts.Account;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/// Apps; their sole writer but for what an accepted transfer does. An account sees its own and those it was given access
/// to. An app that is being destroyed is seen by nobody but keeps its name until it is gone. Safe for any thread.
public final class Apps {
    private static final String UNIQUE_VIOLATION = "23505";

    private static final int NAME_ATTEMPTS = 10;

    private static final String SELECT =
            """
            select a.*, owner.email owner_email, r.created_at released_at,
              coalesce(s.bytes, 0) slug_bytes
            from apps a
            join accounts owner on owner.id = a.owner
            left join lateral (
              select slug, created_at from releases
              where app = a.id and status = 'SUCCEEDED' order by version desc limit 1) r on true
            left join slugs s on s.id = r.slug
            where not a.destroying
            """;

    private static final String VISIBLE =
            """
             and (a.owner = :account or exists (
              select 1 from collaborators c where c.app = a.id and c.account = :account))
            """;

    private static final Pattern ID =
            Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private final Database database;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    public Apps(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// A name is invented when none is given. The app has its release v1 at once, the only one not made by `Releases`:
    /// no app is ever seen without a release. Throws UserError: name taken (`invalid_params`, "Name NAME is already
    /// taken"), unknown stack or region.
    public App create(
            Account owner,
            Optional<AppName> name,
            Optional<String> stack,
            Optional<String> region) {
        String chosenStack = known("stack", stack, Stacks.stacks(), Stacks.DEFAULT_STACK);
        String chosenRegion = known("region", region, Stacks.regions(), Stacks.DEFAULT_REGION);
        AppId id = AppId.random();
        if (name.isPresent()) {
            if (!insert(id, owner, name.get(), chosenStack, chosenRegion)) {
                throw taken(name.get());
            }
        } else {
            int attempt = 1;
            while (!insert(id, owner, AppNames.invent(random), chosenStack, chosenRegion)) {
                if (attempt++ == NAME_ATTEMPTS) {
                    throw new IllegalStateException(
                            "No free name found in " + NAME_ATTEMPTS + " attempts");
                }
            }
        }
        return existing(id);
    }

    /// By name or id; throws UserError.notFound("app") when it does not exist or `account` may not see it.
    public App get(Account account, String nameOrId) {
        // Each asks an index: a name may look like an id, but only an id is one.
        return visible(account, " and a.name = :key", nameOrId.replace("\0", ""))
                .or(() ->
                        ID.matcher(nameOrId).matches()
                                ? visible(account, " and a.id = :key", UUID.fromString(nameOrId))
                                : Optional.empty())
                .orElseThrow(() -> UserError.notFound("app"));
    }

    private Optional<App> visible(Account account, String condition, Object key) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + VISIBLE + condition)
                                .bind("account", account.id())
                                .bind("key", key)
                                .map(Apps::app)
                                .findOne());
    }

    /// As [#get(Account, String)]; also throws UserError when the account may see the app but has none of these
    /// permissions.
    public App get(Account account, String nameOrId, Set<Permission> anyOf) {
        App app = get(account, nameOrId);
        require(account, app, anyOf);
        return app;
    }

    /// Throws UserError when the account has none of these permissions for an app that it sees.
    public void require(Account account, App app, Set<Permission> anyOf) {
        if (app.owner().id().equals(account.id()) || anyOf.contains(Permission.VIEW)) {
            return;
        }
        boolean allowed =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                """
                                                select exists (
                                                  select 1 from collaborators
                                                  where app = :app and account = :account
                                                    and permissions && cast(:permissions as text[]))
                                                """)
                                        .bind("app", app.id())
                                        .bind("account", account.id())
                                        .bindArray(
                                                "permissions",
                                                String.class,
                                                Permission.words(anyOf))
                                        .mapTo(Boolean.class)
                                        .one());
        if (!allowed) {
            throw new UserError(
                    "forbidden",
                    "You do not have access to do that with app "
                            + app.name()
                            + ": it needs the permission "
                            + String.join(" or ", Permission.words(anyOf))
                            + ". Ask its owner, "
                            + app.owner().email()
                            + ".",
                    "app");
        }
    }

    /// For the platform itself.
    public Optional<App> find(AppId id) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " and a.id = :id")
                                .bind("id", id)
                                .map(Apps::app)
                                .findOne());
    }

    /// See [Database#moment()].
    public String moment() {
        return database.moment();
    }

    public List<App> list(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + VISIBLE + " order by a.name")
                                .bind("account", account.id())
                                .map(Apps::app)
                                .list());
    }

    public List<App> all() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " order by a.name").map(Apps::app).list());
    }

    public App rename(App app, AppName name) {
        try {
            database.jdbi().useHandle(handle -> update(handle, app.id(), "name = :value", name));
        } catch (UnableToExecuteStatementException e) {
            if (e.getCause() instanceof SQLException cause
                    && UNIQUE_VIOLATION.equals(cause.getSQLState())) {
                throw taken(name);
            }
            throw e;
        }
        return existing(app.id());
    }

    public App setMaintenance(App app, boolean on) {
        database.jdbi().useHandle(handle -> update(handle, app.id(), "maintenance = :value", on));
        return existing(app.id());
    }

    public void setRepositoryBytes(AppId app, long bytes) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        "update apps set repository_bytes = :bytes where id = :id")
                                .bind("bytes", bytes)
                                .bind("id", app)
                                .execute());
    }

    /// Marks the app as being destroyed: from now on nobody sees it and it gets no release. False when it was already
    /// or does not exist.
    public boolean beginDestroying(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createUpdate(
                                                "update apps set destroying = true"
                                                        + " where id = :id and not destroying")
                                        .bind("id", app)
                                        .execute()
                                > 0);
    }

    /// Apps whose destruction began and is not finished.
    public List<AppId> destroying() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select id from apps where destroying")
                                .mapTo(AppId.class)
                                .list());
    }

    /// Removes the row and all that hangs on it; the orchestration is `Deployments.destroy`.
    public void delete(AppId app) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from apps where id = :id")
                                .bind("id", app)
                                .execute());
    }

    /// All features with whether they are on for this app.
    public List<Feature> features(AppId app) {
        Map<String, Switched> switched = switched(app);
        int webDynos = webDynos(app);
        return Features.all().stream()
                .map(known -> {
                    Switched stored = switched.get(known.id());
                    return stored == null
                            ? known.untouched(webDynos)
                            : known.feature(stored.enabled(), stored.updatedAt());
                })
                .toList();
    }

    private int webDynos(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select quantity from formation where app = :app and type = 'web'")
                                .bind("app", app)
                                .mapTo(Integer.class)
                                .findOne())
                .orElse(0);
    }

    /// Whether the app switched this feature on or off; empty when it never did.
    public Optional<Boolean> switchedFeature(AppId app, String name) {
        return Optional.ofNullable(switched(app).get(name)).map(Switched::enabled);
    }

    /// The apps that switched this feature on.
    public Set<AppId> withFeature(String name) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select app from app_features where name = :name and enabled")
                                .bind("name", name)
                                .mapTo(AppId.class)
                                .set());
    }

    /// The apps that switched this feature on, with the numbers that their log lines carry.
    public Map<AppId, Long> numbersWithFeature(String name) {
        return database.jdbi()
                .withHandle(handle ->
                        handle
                                .createQuery(
                                        """
                                        select apps.id, apps.number from apps
                                        join app_features on app_features.app = apps.id
                                        where app_features.name = :name and app_features.enabled
                                        """)
                                .bind("name", name)
                                .map((row, _) ->
                                        Map.entry(
                                                new AppId(row.getObject("id", UUID.class)),
                                                row.getLong("number")))
                                .stream()
                                .collect(toMap(Map.Entry::getKey, Map.Entry::getValue)));
    }

    /// Throws UserError.notFound("feature") for an unknown name.
    public Feature setFeature(AppId app, String name, boolean enabled) {
        Features known =
                Features.all().stream()
                        .filter(feature ->
                                feature.id().equals(name)
                                        || feature.untouched().id().toString().equals(name))
                        .findFirst()
                        .orElseThrow(() -> UserError.notFound("feature"));
        Instant now = now();
        int stored =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into app_features
                                                select id, :name, :enabled, :now from apps
                                                where id = :app and not destroying
                                                on conflict (app, name) do update
                                                set enabled = :enabled, updated_at = :now
                                                """)
                                        .bind("app", app)
                                        .bind("name", known.id())
                                        .bind("enabled", enabled)
                                        .bind("now", now)
                                        .execute());
        if (stored == 0) {
            throw UserError.notFound("app");
        }
        return known.feature(enabled, now);
    }

    private Map<String, Switched> switched(AppId app) {
        String sql = "select name, enabled, updated_at from app_features where app = :app";
        return database.jdbi()
                .withHandle(handle ->
                        handle
                                .createQuery(sql)
                                .bind("app", app)
                                .map((row, _) -> switched(row))
                                .stream()
                                .collect(toMap(Switched::name, Function.identity())));
    }

    private static Switched switched(ResultSet row) throws SQLException {
        return new Switched(
                row.getString("name"),
                row.getBoolean("enabled"),
                row.getTimestamp("updated_at").toInstant());
    }

    private boolean insert(AppId id, Account owner, AppName name, String stack, String region) {
        Instant now = now();
        return database.jdbi()
                .inTransaction(handle -> {
                    int made =
                            handle.createUpdate(
                                            """
                                            insert into apps (id, name, owner, stack, region,
                                              created_at, updated_at)
                                            values (:id, :name, :owner, :stack, :region, :now, :now)
                                            on conflict (name) do nothing
                                            """)
                                    .bind("id", id)
                                    .bind("name", name)
                                    .bind("owner", owner.id())
                                    .bind("stack", stack)
                                    .bind("region", region)
                                    .bind("now", now)
                                    .execute();
                    if (made > 0) {
                        insertFirstRelease(handle, id, owner, now);
                    }
                    return made > 0;
                });
    }

    private static void insertFirstRelease(Handle handle, AppId id, Account owner, Instant now) {
        handle.createUpdate(
                        """
                        insert into releases (id, app, version, description, status, actor, actor_email,
                          created_at, updated_at)
                        values (:release, :app, 1, 'Initial release', 'SUCCEEDED', :actor, :email,
                          :now, :now)
                        """)
                .bind("release", UUID.randomUUID())
                .bind("app", id)
                .bind("actor", owner.id())
                .bind("email", owner.email())
                .bind("now", now)
                .execute();
    }

    private void update(Handle handle, AppId app, String change, Object value) {
        int changed =
                handle.createUpdate(
                                "update apps set "
                                        + change
                                        + ", updated_at = :now where id = :id and not destroying")
                        .bind("value", value)
                        .bind("now", now())
                        .bind("id", app)
                        .execute();
        if (changed == 0) {
            throw UserError.notFound("app");
        }
    }

    private App existing(AppId id) {
        return find(id).orElseThrow(() -> UserError.notFound("app"));
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static String known(
            String kind, Optional<String> asked, List<String> known, String usual) {
        String chosen = asked.orElse(usual);
        if (!known.contains(chosen)) {
            throw UserError.invalid(
                    "There is no "
                            + kind
                            + " "
                            + (chosen.length() > 64 ? chosen.substring(0, 64) + "..." : chosen)
                            + " here; there is: "
                            + String.join(", ", known)
                            + ".");
        }
        return chosen;
    }

    private static UserError taken(AppName name) {
        return UserError.invalid("Name " + name + " is already taken");
    }

    private static App app(ResultSet row, StatementContext context) throws SQLException {
        return new App(
                new AppId(row.getObject("id", UUID.class)),
                new AppName(row.getString("name")),
                new Actor(row.getObject("owner", UUID.class), row.getString("owner_email")),
                row.getString("stack"),
                row.getString("region"),
                row.getBoolean("maintenance"),
                row.getLong("slug_bytes"),
                row.getLong("repository_bytes"),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant(),
                Optional.ofNullable(row.getTimestamp("released_at")).map(Timestamp::toInstant));
    }

    private record Switched(String name, boolean enabled, Instant updatedAt) {}
}
