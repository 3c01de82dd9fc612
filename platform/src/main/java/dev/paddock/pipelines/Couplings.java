package dev.paddock.pipelines;

import dev.paddock.core.App;
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
import org.jdbi.v3.core.statement.StatementContext;

/// Which app is in which pipeline and at which stage; the sole writer of it. Safe for any thread.
public final class Couplings {
    private static final int MAX_APPS = 200;

    private static final String SELECT =
            """
            select k.*, p.name pipeline_name from pipeline_couplings k
            join pipelines p on p.id = k.pipeline
            join apps a on a.id = k.app and not a.destroying
            """;

    private final Database database;
    private final InstantSource clock;

    public Couplings(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Throws UserError when the app is in a pipeline already.
    public Coupling couple(Pipeline pipeline, App app, Stage stage) {
        if (of(pipeline).size() >= MAX_APPS) {
            throw UserError.invalid("A pipeline may have " + MAX_APPS + " apps; remove one first.");
        }
        int made =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(
                                                """
                                                insert into pipeline_couplings
                                                select :id, p.id, a.id, :stage, :now, :now
                                                from pipelines p, apps a
                                                where p.id = :pipeline and a.id = :app
                                                  and not a.destroying
                                                on conflict (app) do nothing
                                                """)
                                        .bind("id", UUID.randomUUID())
                                        .bind("pipeline", pipeline.id())
                                        .bind("app", app.id())
                                        .bind("stage", stage.name())
                                        .bind("now", now())
                                        .execute());
        if (made == 0) {
            throw UserError.invalid(
                    "App " + app.name() + " is already in a pipeline; remove it from there first.");
        }
        return of(app.id()).orElseThrow(() -> UserError.notFound("app"));
    }

    public List<Coupling> of(Pipeline pipeline) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        SELECT
                                                + " where k.pipeline = :pipeline"
                                                + " order by k.created_at, k.id")
                                .bind("pipeline", pipeline.id())
                                .map(Couplings::coupling)
                                .list());
    }

    public Optional<Coupling> of(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(SELECT + " where k.app = :app")
                                .bind("app", app)
                                .map(Couplings::coupling)
                                .findOne());
    }

    public Coupling move(Coupling coupling, Stage stage) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        update pipeline_couplings
                                        set stage = :stage, updated_at = :now where id = :id
                                        """)
                                .bind("stage", stage.name())
                                .bind("now", now())
                                .bind("id", coupling.id())
                                .execute());
        return of(coupling.app()).orElseThrow(() -> UserError.notFound("pipeline_coupling"));
    }

    public void remove(Coupling coupling) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from pipeline_couplings where id = :id")
                                .bind("id", coupling.id())
                                .execute());
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static Coupling coupling(ResultSet row, StatementContext context) throws SQLException {
        return new Coupling(
                row.getObject("id", UUID.class),
                row.getObject("pipeline", UUID.class),
                row.getString("pipeline_name"),
                new AppId(row.getObject("app", UUID.class)),
                Stage.valueOf(row.getString("stage")),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
