package dev.paddock.deploys;

import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.core.UserError;
import dev.paddock.pipelines.Pipeline;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.statement.StatementContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Promotions, which go on by themselves once they are begun; the sole writer of them. Safe for any thread.
public final class Promotions {
    private static final Logger LOG = LoggerFactory.getLogger(Promotions.class);
    private static final int MAX_TARGETS = 50;

    private final Database database;
    private final Releases releases;
    private final Deployments deployments;
    private final InstantSource clock;

    public Promotions(
            Database database, Releases releases, Deployments deployments, InstantSource clock) {
        this.database = database;
        this.releases = releases;
        this.deployments = deployments;
        this.clock = clock;
    }

    /// Those that a platform before this one did not finish have failed. To be called once at start.
    public void failInterrupted() {
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                update promotion_targets set status = 'FAILED',
                                  error = 'The platform was restarted meanwhile; promote again.'
                                where status = 'PENDING'
                                """));
    }

    /// Releases what `source` runs on each target, one thread per target. Throws UserError when there is nothing to
    /// promote.
    public Promotion begin(Pipeline pipeline, App source, List<App> targets, Actor user) {
        if (targets.isEmpty() || targets.size() > MAX_TARGETS) {
            throw UserError.invalid("Name from 1 to " + MAX_TARGETS + " targets.");
        }
        Release promoted = releases.current(source.id());
        if (promoted.slug().isEmpty()) {
            throw UserError.invalid(
                    "Cannot promote from "
                            + source.name()
                            + ": nothing was deployed to it yet. Push code there first.");
        }
        UUID id = UUID.randomUUID();
        insert(id, pipeline, promoted, targets);
        Promotion begun = get(id).orElseThrow();
        for (Promotion.Target target : begun.targets()) {
            Thread.ofVirtual()
                    .name("promote/" + target.app())
                    .start(() -> promote(target, source, promoted, user));
        }
        return begun;
    }

    private void insert(UUID id, Pipeline pipeline, Release promoted, List<App> targets) {
        database.jdbi()
                .useTransaction(handle -> {
                    handle.createUpdate(
                                    """
                                    insert into promotions values (:id, :pipeline, :app, :release, :now, :now)
                                    """)
                            .bind("id", id)
                            .bind("pipeline", pipeline.id())
                            .bind("app", promoted.app())
                            .bind("release", promoted.id())
                            .bind("now", clock.instant().truncatedTo(ChronoUnit.MICROS))
                            .execute();
                    for (App target : targets) {
                        handle.createUpdate(
                                        """
                                        insert into promotion_targets (id, promotion, app, status)
                                        values (:id, :promotion, :app, 'PENDING')
                                        """)
                                .bind("id", UUID.randomUUID())
                                .bind("promotion", id)
                                .bind("app", target.id())
                                .execute();
                    }
                });
    }

    private void promote(Promotion.Target target, App source, Release promoted, Actor user) {
        try {
            Release made =
                    deployments.promote(
                            source,
                            promoted,
                            target.app(),
                            user,
                            begun -> released(target, begun.id()));
            boolean failed = made.status() == Release.Status.FAILED;
            finish(
                    target,
                    Optional.of(made.id()),
                    failed ? Optional.of("The release command failed.") : Optional.empty());
        } catch (UserError e) {
            finish(target, Optional.empty(), Optional.of(e.message()));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("Promoting {} to app {} failed", source.name(), target.app(), e);
            finish(
                    target,
                    Optional.empty(),
                    Optional.of("Something went wrong inside the platform; its log says what."));
        }
    }

    /// The release is there, but its command may still run.
    private void released(Promotion.Target target, UUID release) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update promotion_targets set release = :release where id = :id
                                        """)
                                .bind("release", release)
                                .bind("id", target.id())
                                .execute());
    }

    private void finish(Promotion.Target target, Optional<UUID> release, Optional<String> error) {
        Release.Status status =
                error.isPresent() ? Release.Status.FAILED : Release.Status.SUCCEEDED;
        database.jdbi()
                .useTransaction(handle -> {
                    handle.createUpdate(
                                    """
                                    update promotion_targets
                                    set status = :status, release = :release, error = :error where id = :id
                                    """)
                            .bind("status", status.name())
                            .bind("release", release)
                            .bind("error", error)
                            .bind("id", target.id())
                            .execute();
                    handle.createUpdate(
                                    """
                                    update promotions set updated_at = :now where id = (
                                      select promotion from promotion_targets where id = :id)
                                    """)
                            .bind("now", clock.instant().truncatedTo(ChronoUnit.MICROS))
                            .bind("id", target.id())
                            .execute();
                });
    }

    public Optional<Promotion> get(UUID id) {
        return database.jdbi()
                .withHandle(handle -> {
                    List<Promotion.Target> targets =
                            handle.createQuery(
                                            """
                                            select * from promotion_targets
                                            where promotion = :id order by id
                                            """)
                                    .bind("id", id)
                                    .map(Promotions::target)
                                    .list();
                    return handle.createQuery("select * from promotions where id = :id")
                            .bind("id", id)
                            .map((row, _) ->
                                    new Promotion(
                                            id,
                                            row.getObject("pipeline", UUID.class),
                                            new AppId(row.getObject("app", UUID.class)),
                                            row.getObject("release", UUID.class),
                                            targets,
                                            instant(row, "created_at"),
                                            instant(row, "updated_at")))
                            .findOne();
                });
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getTimestamp(column).toInstant();
    }

    private static Promotion.Target target(ResultSet row, StatementContext context)
            throws SQLException {
        return new Promotion.Target(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                Optional.ofNullable(row.getObject("release", UUID.class)),
                Release.Status.valueOf(row.getString("status")),
                Optional.ofNullable(row.getString("error")));
    }
}
