package dev.paddock.apps;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.accounts.Account;
import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// Who besides their owners has access to apps; the sole writer of it. Safe for any thread.
public final class Collaborators {
    private static final int MAX_COLLABORATORS = 200;

    private static final String SELECT =
            """
            select c.*, u.email from collaborators c join accounts u on u.id = c.account
            where c.app = :app
            """;

    private final Database database;
    private final InstantSource clock;

    public Collaborators(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// The owner first, then the others by e-mail.
    public List<Collaborator> list(App app) {
        List<Collaborator> all = new ArrayList<>();
        all.add(owner(app));
        all.addAll(
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(SELECT + " order by u.email")
                                        .bind("app", app.id())
                                        .map(Collaborators::collaborator)
                                        .list()));
        return all;
    }

    private static Collaborator owner(App app) {
        return new Collaborator(
                UUID.nameUUIDFromBytes(
                        ("collaborator/" + app.id() + "/" + app.owner().id()).getBytes(UTF_8)),
                app.owner(),
                true,
                EnumSet.allOf(Permission.class),
                app.createdAt(),
                app.createdAt());
    }

    /// By e-mail, or by id of the user or of the collaboration.
    public Collaborator get(App app, String emailOrId) {
        return list(app).stream()
                .filter(one ->
                        one.user().email().equalsIgnoreCase(emailOrId)
                                || one.user().id().toString().equalsIgnoreCase(emailOrId)
                                || one.id().toString().equalsIgnoreCase(emailOrId))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("collaborator"));
    }

    /// Throws UserError when they have access already.
    public Collaborator add(App app, Account user, Set<Permission> permissions) {
        List<Collaborator> present = list(app);
        if (present.size() > MAX_COLLABORATORS) {
            throw UserError.invalid(
                    "An app may have " + MAX_COLLABORATORS + " collaborators; remove one first.");
        }
        int added =
                app.owner().id().equals(user.id())
                        ? 0
                        : database.jdbi()
                                .withHandle(handle ->
                                        insert(handle, app.id(), user.id(), permissions, now()));
        if (added == 0) {
            if (list(app).stream().noneMatch(one -> one.user().id().equals(user.id()))) {
                // It is being destroyed.
                throw UserError.notFound("app");
            }
            throw UserError.invalid(
                    "User " + user.email() + " is already a collaborator on " + app.name() + ".");
        }
        return get(app, user.id().toString());
    }

    static int insert(
            Handle handle, AppId app, UUID user, Set<Permission> permissions, Instant now) {
        return handle.createUpdate(
                        """
                        insert into collaborators
                        select :id, id, :user, :permissions, :now, :now from apps
                        where id = :app and not destroying
                        on conflict (app, account) do nothing
                        """)
                .bind("id", UUID.randomUUID())
                .bind("app", app)
                .bind("user", user)
                .bindArray("permissions", String.class, Permission.words(permissions))
                .bind("now", now)
                .execute();
    }

    public Collaborator change(App app, Collaborator one, Set<Permission> permissions) {
        refuseOwner(one);
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update collaborators
                                        set permissions = :permissions, updated_at = :now
                                        where id = :id
                                        """)
                                .bind("id", one.id())
                                .bindArray(
                                        "permissions", String.class, Permission.words(permissions))
                                .bind("now", now())
                                .execute());
        return get(app, one.id().toString());
    }

    public void remove(Collaborator one) {
        refuseOwner(one);
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from collaborators where id = :id")
                                .bind("id", one.id())
                                .execute());
    }

    private static void refuseOwner(Collaborator one) {
        if (one.owner()) {
            throw UserError.invalid(
                    "The owner of an app always has access; transfer the app to change that.");
        }
    }

    /// Whether both have access to an app, so that they know of each other.
    public boolean acquainted(UUID one, UUID other) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        with members as (
                                          select id app, owner account from apps
                                          union select app, account from collaborators)
                                        select exists (
                                          select 1 from members a join members b on a.app = b.app
                                          where a.account = :one and b.account = :other)
                                        """)
                                .bind("one", one)
                                .bind("other", other)
                                .mapTo(Boolean.class)
                                .one());
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static Collaborator collaborator(ResultSet row, StatementContext context)
            throws SQLException {
        return new Collaborator(
                row.getObject("id", UUID.class),
                new Actor(row.getObject("account", UUID.class), row.getString("email")),
                false,
                Permission.parse(Arrays.asList((String[]) row.getArray("permissions").getArray())),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
