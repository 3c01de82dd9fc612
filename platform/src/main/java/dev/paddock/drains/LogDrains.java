package dev.paddock.drains;

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
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// The rows of log drains; their sole writer. URLs are sealed, as they may hold passwords. Safe for any thread.
public final class LogDrains {
    /// As on Heroku.
    static final int MOST_PER_APP = 5;

    private static final String OF_APP =
            "select * from log_drains where app = :app order by created_at, id";

    private final Database database;
    private final InstantSource clock;

    public LogDrains(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Throws UserError when the app has a drain to this URL, or as many as it may have.
    LogDrain add(AppId app, String url) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        LogDrain drain =
                new LogDrain(UUID.randomUUID(), app, url, "d." + UUID.randomUUID(), now, now);
        database.jdbi()
                .useTransaction(handle -> {
                    // Two that are added at once must not pass the checks together.
                    handle.execute("select 1 from apps where id = ? for update", app);
                    List<LogDrain> known = of(handle, app);
                    if (known.stream().anyMatch(other -> other.url().equals(url))) {
                        throw UserError.invalid("Url has already been taken");
                    }
                    if (known.size() >= MOST_PER_APP) {
                        throw UserError.invalid(
                                "An app can have at most " + MOST_PER_APP + " log drains.");
                    }
                    insert(handle, drain);
                });
        return drain;
    }

    private void insert(Handle handle, LogDrain drain) {
        int made =
                handle.createUpdate(
                                """
                                insert into log_drains
                                select :id, id, :url, :token, :now, :now from apps
                                where id = :app and not destroying
                                """)
                        .bind("id", drain.id())
                        .bind("app", drain.app())
                        .bind("url", database.vault().seal(place(drain.id()), drain.url()))
                        .bind("token", drain.token())
                        .bind("now", drain.createdAt())
                        .execute();
        if (made == 0) {
            throw UserError.notFound("app");
        }
    }

    /// In the order of their adding.
    public List<LogDrain> list(AppId app) {
        return database.jdbi().withHandle(handle -> of(handle, app));
    }

    /// By URL, token or id.
    public Optional<LogDrain> find(AppId app, String key) {
        return list(app).stream()
                .filter(drain ->
                        drain.url().equals(key)
                                || drain.token().equals(key)
                                || drain.id().toString().equalsIgnoreCase(key))
                .findFirst();
    }

    List<LogDrain> all() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select * from log_drains").map(this::drain).list());
    }

    void remove(LogDrain drain) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from log_drains where id = :id")
                                .bind("id", drain.id())
                                .execute());
    }

    private List<LogDrain> of(Handle handle, AppId app) {
        return handle.createQuery(OF_APP).bind("app", app).map(this::drain).list();
    }

    private LogDrain drain(ResultSet row, StatementContext context) throws SQLException {
        UUID id = row.getObject("id", UUID.class);
        return new LogDrain(
                id,
                new AppId(row.getObject("app", UUID.class)),
                database.vault().open(place(id), row.getBytes("sealed_url")),
                row.getString("token"),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    private static String place(UUID id) {
        return "log-drain/" + id;
    }
}
