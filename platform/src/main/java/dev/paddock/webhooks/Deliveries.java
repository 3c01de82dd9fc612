package dev.paddock.webhooks;

import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// Deliveries of events to webhooks; their sole writer. Safe for any thread.
public final class Deliveries {
    /// At once for one app, so that one with slow receivers takes no more than its part.
    static final int PER_APP = 3;

    private static final int MAX_LISTED = 10_000;

    private static final String SELECT =
            """
            select d.*, w.level, e.include event_include from webhook_deliveries d
            join webhooks w on w.id = d.webhook
            join webhook_events e on e.id = d.event
            """;

    private final Database database;
    private final InstantSource clock;
    private final Semaphore nudges = new Semaphore(0);

    public Deliveries(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    static void insert(Handle handle, UUID event, AppId app, String include, Instant now) {
        handle.createUpdate(
                        """
                        insert into webhook_deliveries
                          (id, webhook, event, status, next_attempt_at, created_at, updated_at)
                        select gen_random_uuid(), id, :event, 'PENDING', :now, :now, :now
                        from webhooks where app = :app and :include = any (include)
                        """)
                .bind("event", event)
                .bind("app", app)
                .bind("include", include)
                .bind("now", now)
                .execute();
    }

    /// In the order they were made.
    public List<Delivery> list(App app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        SELECT
                                                + " where w.app = :app order by d.number desc limit "
                                                + MAX_LISTED)
                                .bind("app", app.id())
                                .map(Deliveries::delivery)
                                .list())
                .reversed();
    }

    /// There may be something due.
    void nudge() {
        nudges.release();
    }

    /// Waits for a nudge, or until something is due, at most this long.
    void awaitDue(Duration longest) throws InterruptedException {
        Instant now = clock.instant();
        Optional<Instant> next =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                """
                                                select min(next_attempt_at) from webhook_deliveries
                                                where next_attempt_at > :now
                                                """)
                                        .bind("now", now)
                                        .mapTo(Instant.class)
                                        .findOne());
        Duration pause =
                next.map(at -> Duration.between(now, at))
                        .filter(until -> until.compareTo(longest) < 0)
                        .orElse(longest);
        if (nudges.tryAcquire(Math.max(1, pause.toMillis()), TimeUnit.MILLISECONDS)) {
            nudges.drainPermits();
        }
    }

    /// All that a due delivery needs to be told.
    record Due(
            UUID id,
            AppId app,
            String url,
            String secret,
            Optional<String> authorization,
            Webhook.Level level,
            UUID webhook,
            WebhookEvent event,
            int attempts) {
        @Override
        public String toString() {
            return "Due[" + id + "]";
        }
    }

    /// The oldest that are due, a few of each app.
    List<Due> due() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from (
                                          select d.id, d.webhook, d.attempts, d.next_attempt_at,
                                            w.app, w.url, w.level, w.sealed_secret,
                                            w.sealed_authorization, e.id event_id, e.include,
                                            e.action, e.actor, e.actor_email, e.data,
                                            e.created_at event_created_at,
                                            row_number() over (
                                              partition by w.app order by d.next_attempt_at) place
                                          from webhook_deliveries d
                                          join webhooks w on w.id = d.webhook
                                          join webhook_events e on e.id = d.event
                                          where d.next_attempt_at <= :now) due
                                        where place <= :each order by next_attempt_at
                                        """)
                                .bind("now", clock.instant())
                                .bind("each", PER_APP)
                                .map((row, _) -> due(row))
                                .list());
    }

    private Due due(ResultSet row) throws SQLException {
        UUID webhook = row.getObject("webhook", UUID.class);
        AppId app = new AppId(row.getObject("app", UUID.class));
        String place = "webhook/" + webhook;
        return new Due(
                row.getObject("id", UUID.class),
                app,
                row.getString("url"),
                database.vault().open(place, row.getBytes("sealed_secret")),
                Optional.ofNullable(row.getBytes("sealed_authorization"))
                        .map(sealed -> database.vault().open(place, sealed)),
                Webhook.Level.valueOf(row.getString("level")),
                webhook,
                new WebhookEvent(
                        row.getObject("event_id", UUID.class),
                        app,
                        row.getString("include"),
                        row.getString("action"),
                        new Actor(row.getObject("actor", UUID.class), row.getString("actor_email")),
                        row.getString("data"),
                        row.getTimestamp("event_created_at").toInstant()),
                row.getInt("attempts"));
    }

    /// Keeps how an attempt went and when there is to be another.
    void attempted(Due due, Delivery.Attempt attempt) {
        int attempts = due.attempts() + 1;
        Optional<Instant> next =
                attempt.succeeded()
                        ? Optional.empty()
                        : RetrySchedule.pause(due.level(), attempts)
                                .map(pause ->
                                        clock.instant().plus(pause).truncatedTo(ChronoUnit.MICROS));
        Delivery.Status status =
                attempt.succeeded()
                        ? Delivery.Status.SUCCEEDED
                        : next.isPresent() ? Delivery.Status.RETRYING : Delivery.Status.FAILED;
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update webhook_deliveries set status = :status,
                                          attempts = :attempts, next_attempt_at = :next,
                                          last_attempt = :attempt, last_attempt_at = :at,
                                          last_code = :code, last_error = :error, updated_at = :at
                                        where id = :id
                                        """)
                                .bind("status", status.name())
                                .bind("attempts", attempts)
                                .bind("next", next)
                                .bind("attempt", attempt.id())
                                .bind("at", attempt.at())
                                .bind("code", attempt.code())
                                .bind("error", attempt.error())
                                .bind("id", due.id())
                                .execute());
    }

    private static Delivery delivery(ResultSet row, StatementContext context) throws SQLException {
        return new Delivery(
                row.getObject("id", UUID.class),
                row.getLong("number"),
                row.getObject("webhook", UUID.class),
                Webhook.Level.valueOf(row.getString("level")),
                row.getObject("event", UUID.class),
                row.getString("event_include"),
                Delivery.Status.valueOf(row.getString("status")),
                row.getInt("attempts"),
                instant(row, "next_attempt_at"),
                Optional.ofNullable(row.getObject("last_attempt", UUID.class)).isPresent()
                        ? Optional.of(attempt(row))
                        : Optional.empty(),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    private static Delivery.Attempt attempt(ResultSet row) throws SQLException {
        return new Delivery.Attempt(
                row.getObject("last_attempt", UUID.class),
                Optional.ofNullable(row.getObject("last_code", Integer.class)),
                Optional.ofNullable(row.getString("last_error")),
                row.getTimestamp("last_attempt_at").toInstant());
    }

    private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getTimestamp(column)).map(Timestamp::toInstant);
    }
}
