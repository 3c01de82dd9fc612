package dev.paddock.webhooks;

import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.outbound.OutboundHttp;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.store.Database;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/// Webhooks and the events they hear of; the sole writer of both. Safe for any thread.
public final class Webhooks {
    private static final int MAX_WEBHOOKS = 20;
    private static final int SECRET_BYTES = 32;
    private static final int MAX_SECRET = 200;

    /// Older ones are of no use to a receiver.
    private static final int MAX_EVENTS = 1000;

    private final Database database;
    private final OutboundTargets targets;
    private final InstantSource clock;
    private final Deliveries deliveries;
    private final SecureRandom random = new SecureRandom();

    public Webhooks(
            Database database,
            OutboundTargets targets,
            Deliveries deliveries,
            InstantSource clock) {
        this.database = database;
        this.targets = targets;
        this.deliveries = deliveries;
        this.clock = clock;
    }

    /// What a user asks for.
    ///
    /// @param secret signs what is sent; invented when there is none
    /// @param authorization a header to send along
    public record Wanted(
            String url,
            List<String> include,
            Webhook.Level level,
            Optional<String> secret,
            Optional<String> authorization) {
        public Wanted {
            secret.ifPresent(text -> check("secret", text));
            authorization.ifPresent(text -> check("authorization", text));
            include = Webhook.kinds(include);
        }

        /// One goes into a header, the other is shown in one.
        private static void check(String field, String text) {
            if (text.isBlank()
                    || text.length() > MAX_SECRET
                    || text.chars().anyMatch(c -> c < ' ' || c > '~')) {
                throw UserError.invalid(
                        "The field `"
                                + field
                                + "` must have 1 to "
                                + MAX_SECRET
                                + " characters of ASCII without control characters.");
            }
        }

        @Override
        public String toString() {
            return "Wanted[" + include + "]";
        }
    }

    /// A webhook just made or changed, and its secret where that is new.
    public record Made(Webhook webhook, Optional<String> secret) {
        @Override
        public String toString() {
            return "Made[" + webhook.id() + "]";
        }
    }

    /// Throws UserError for a URL that leads into the platform's own networks.
    public Made add(App app, Wanted wanted) {
        targets.check(wanted.url(), OutboundHttp.SCHEMES);
        if (list(app).size() >= MAX_WEBHOOKS) {
            throw UserError.invalid(
                    "An app may have " + MAX_WEBHOOKS + " webhooks; remove one first.");
        }
        UUID id = UUID.randomUUID();
        String secret = wanted.secret().orElseGet(this::newSecret);
        int made =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into webhooks
                                                select :id, id, :url, :include, :level, :secret,
                                                  :authorization, :now, :now
                                                from apps where id = :app and not destroying
                                                """)
                                        .bind("id", id)
                                        .bind("app", app.id())
                                        .bind("url", wanted.url())
                                        .bindArray("include", String.class, wanted.include())
                                        .bind("level", wanted.level().name())
                                        .bind("secret", seal(id, secret))
                                        .bind("authorization", sealed(id, wanted.authorization()))
                                        .bind("now", now())
                                        .execute());
        if (made == 0) {
            throw UserError.notFound("app");
        }
        return new Made(get(app, id.toString()), Optional.of(secret));
    }

    /// Oldest first.
    public List<Webhook> list(App app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select * from webhooks where app = :app order by created_at, id")
                                .bind("app", app.id())
                                .map(Webhooks::webhook)
                                .list());
    }

    public Webhook get(App app, String id) {
        return list(app).stream()
                .filter(webhook -> webhook.id().toString().equalsIgnoreCase(id))
                .findFirst()
                .orElseThrow(() -> UserError.notFound("app_webhook"));
    }

    /// A secret and a header that are not named stay as they are.
    public Made change(App app, Webhook webhook, Wanted wanted) {
        targets.check(wanted.url(), OutboundHttp.SCHEMES);
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update webhooks set url = :url, include = :include,
                                          level = :level,
                                          sealed_secret = coalesce(:secret, sealed_secret),
                                          sealed_authorization =
                                            coalesce(:authorization, sealed_authorization),
                                          updated_at = :now
                                        where id = :id
                                        """)
                                .bind("url", wanted.url())
                                .bindArray("include", String.class, wanted.include())
                                .bind("level", wanted.level().name())
                                .bind("secret", sealed(webhook.id(), wanted.secret()))
                                .bind("authorization", sealed(webhook.id(), wanted.authorization()))
                                .bind("now", now())
                                .bind("id", webhook.id())
                                .execute());
        return new Made(get(app, webhook.id().toString()), wanted.secret());
    }

    /// What it has not been told yet, it is not told any more.
    public void remove(Webhook webhook) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from webhooks where id = :id")
                                .bind("id", webhook.id())
                                .execute());
    }

    /// Whether anybody wants to hear of things of this kind.
    public boolean heard(AppId app, String include) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select exists (select 1 from webhooks
                                          where app = :app and :include = any (include))
                                        """)
                                .bind("app", app)
                                .bind("include", include)
                                .mapTo(Boolean.class)
                                .one());
    }

    /// Keeps an event for those who want to hear of it; without any, nothing is kept.
    public void publish(AppId app, String include, String action, Actor actor, String data) {
        if (!heard(app, include)) {
            return;
        }
        Instant now = now();
        UUID event = UUID.randomUUID();
        boolean kept =
                database.jdbi()
                        .inTransaction(handle -> {
                            int made =
                                    handle.createUpdate(
                                                    """
                                                    insert into webhook_events
                                                    select :event, :app, :include, :action, :actor,
                                                      :email, :data, :now
                                                    where exists (select 1 from webhooks
                                                      where app = :app and :include = any (include))
                                                    """)
                                            .bind("event", event)
                                            .bind("app", app)
                                            .bind("include", include)
                                            .bind("action", action)
                                            .bind("actor", actor.id())
                                            .bind("email", actor.email())
                                            .bind("data", data)
                                            .bind("now", now)
                                            .execute();
                            if (made > 0) {
                                Deliveries.insert(handle, event, app, include, now);
                                forgetOld(handle, app);
                            }
                            return made > 0;
                        });
        if (kept) {
            deliveries.nudge();
        }
    }

    private static void forgetOld(Handle handle, AppId app) {
        handle.createUpdate(
                        """
                        delete from webhook_events where app = :app and id not in (
                          select id from webhook_events where app = :app
                          order by created_at desc limit :most)
                        """)
                .bind("app", app)
                .bind("most", MAX_EVENTS)
                .execute();
    }

    /// Oldest first.
    public List<WebhookEvent> events(App app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from webhook_events where app = :app
                                        order by created_at, id
                                        """)
                                .bind("app", app.id())
                                .map((row, _) -> event(row))
                                .list());
    }

    private byte @Nullable [] sealed(UUID webhook, Optional<String> secret) {
        return secret.map(text -> seal(webhook, text)).orElse(null);
    }

    private byte[] seal(UUID webhook, String secret) {
        return database.vault().seal("webhook/" + webhook, secret);
    }

    private String newSecret() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return HexFormat.of().formatHex(secret);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static Webhook webhook(ResultSet row, StatementContext context) throws SQLException {
        return new Webhook(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                row.getString("url"),
                Arrays.asList((String[]) row.getArray("include").getArray()),
                Webhook.Level.valueOf(row.getString("level")),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }

    private static WebhookEvent event(ResultSet row) throws SQLException {
        return new WebhookEvent(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                row.getString("include"),
                row.getString("action"),
                new Actor(row.getObject("actor", UUID.class), row.getString("actor_email")),
                row.getString("data"),
                row.getTimestamp("created_at").toInstant());
    }
}
