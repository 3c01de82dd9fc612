package dev.paddock.pipelines;

import dev.paddock.accounts.Account;
import dev.paddock.core.ConfigVars;
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
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/// Pipelines and the config of their stages; the sole writer of both. A pipeline is seen by its owner and by whoever
/// has access to an app in it. Safe for any thread.
public final class Pipelines {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{2,29}");
    private static final String UNIQUE_VIOLATION = "23505";
    private static final int MAX_PIPELINES = 1000;

    private static final String VISIBLE =
            """
            select p.* from pipelines p
            where (p.owner = :account or exists (
              select 1 from pipeline_couplings k join apps a on a.id = k.app
              where k.pipeline = p.id and (a.owner = :account or exists (
                select 1 from collaborators c where c.app = a.id and c.account = :account))))
            """;

    private final Database database;
    private final InstantSource clock;

    public Pipelines(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Throws UserError when the owner has one of this name already.
    public Pipeline create(Account owner, String name) {
        check(name);
        if (list(owner).size() >= MAX_PIPELINES) {
            throw UserError.invalid(
                    "You may have " + MAX_PIPELINES + " pipelines; remove one first.");
        }
        Instant now = now();
        Pipeline made = new Pipeline(UUID.randomUUID(), name, owner.id(), now, now);
        change(
                """
                insert into pipelines (id, name, owner, created_at, updated_at)
                values (:id, :name, :owner, :now, :now)
                """,
                made);
        return made;
    }

    public List<Pipeline> list(Account account) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(VISIBLE + " order by p.name, p.id")
                                .bind("account", account.id())
                                .map(Pipelines::pipeline)
                                .list());
    }

    /// By id, or by a name that only one has; throws UserError.notFound for what the account does not see.
    public Pipeline get(Account account, String idOrName) {
        List<Pipeline> found =
                list(account).stream()
                        .filter(pipeline ->
                                pipeline.id().toString().equalsIgnoreCase(idOrName)
                                        || pipeline.name().equals(idOrName))
                        .toList();
        if (found.size() > 1) {
            throw UserError.invalid(
                    "You see several pipelines with the name " + idOrName + "; give the id.");
        }
        return found.stream().findFirst().orElseThrow(() -> UserError.notFound("pipeline"));
    }

    /// As [#get(Account, String)], for a change that is up to its owner.
    public Pipeline owned(Account account, String idOrName) {
        Pipeline pipeline = get(account, idOrName);
        if (!pipeline.owner().equals(account.id())) {
            throw new UserError(
                    "forbidden", "Only the owner of a pipeline can do that.", "pipeline");
        }
        return pipeline;
    }

    public Pipeline rename(Pipeline pipeline, String name) {
        check(name);
        Pipeline renamed =
                new Pipeline(pipeline.id(), name, pipeline.owner(), pipeline.createdAt(), now());
        change(
                "update pipelines set name = :name, updated_at = :now where id = :id and owner = :owner",
                renamed);
        return renamed;
    }

    public Pipeline giveTo(Pipeline pipeline, UUID owner) {
        Pipeline given =
                new Pipeline(pipeline.id(), pipeline.name(), owner, pipeline.createdAt(), now());
        change(
                """
                update pipelines set owner = :owner, updated_at = :now
                where id = :id and name = :name
                """,
                given);
        return given;
    }

    private void change(String sql, Pipeline pipeline) {
        try {
            int changed =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createUpdate(sql)
                                            .bind("id", pipeline.id())
                                            .bind("name", pipeline.name())
                                            .bind("owner", pipeline.owner())
                                            .bind("now", pipeline.updatedAt())
                                            .execute());
            if (changed == 0) {
                throw UserError.notFound("pipeline");
            }
        } catch (UnableToExecuteStatementException e) {
            if (e.getCause() instanceof SQLException cause
                    && UNIQUE_VIOLATION.equals(cause.getSQLState())) {
                throw UserError.invalid("Name " + pipeline.name() + " is already taken.");
            }
            throw e;
        }
    }

    /// Its apps stay, in no pipeline.
    public void remove(Pipeline pipeline) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate("delete from pipelines where id = :id")
                                .bind("id", pipeline.id())
                                .execute());
    }

    /// The config vars for apps that are made for this stage.
    public ConfigVars config(Pipeline pipeline, Stage stage) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select sealed_config from pipeline_config
                                        where pipeline = :pipeline and stage = :stage
                                        """)
                                .bind("pipeline", pipeline.id())
                                .bind("stage", stage.name())
                                .mapTo(byte[].class)
                                .findOne())
                .map(sealed -> database.vault().open(place(pipeline, stage), sealed))
                .map(json -> new ConfigVars(Json.read(json)))
                .orElse(ConfigVars.EMPTY);
    }

    /// Sets (value) and unsets (empty) config vars of the stage.
    public ConfigVars configure(
            Pipeline pipeline, Stage stage, Map<String, Optional<String>> changes) {
        return database.jdbi()
                .inTransaction(handle -> {
                    boolean locked =
                            handle.createQuery("select id from pipelines where id = :id for update")
                                    .bind("id", pipeline.id())
                                    .mapTo(UUID.class)
                                    .findOne()
                                    .isPresent();
                    if (!locked) {
                        throw UserError.notFound("pipeline");
                    }
                    Map<String, String> after = new TreeMap<>(config(pipeline, stage).values());
                    changes.forEach((name, value) ->
                            value.ifPresentOrElse(
                                    text -> after.put(name, text), () -> after.remove(name)));
                    ConfigVars config = new ConfigVars(after);
                    handle.createUpdate(
                                    """
                                    insert into pipeline_config
                                    values (:pipeline, :stage, :sealed)
                                    on conflict (pipeline, stage)
                                    do update set sealed_config = :sealed
                                    """)
                            .bind("pipeline", pipeline.id())
                            .bind("stage", stage.name())
                            .bind(
                                    "sealed",
                                    database.vault()
                                            .seal(
                                                    place(pipeline, stage),
                                                    Json.write(config.values())))
                            .execute();
                    return config;
                });
    }

    private static String place(Pipeline pipeline, Stage stage) {
        return "pipeline/" + pipeline.id() + "/" + stage;
    }

    private static void check(String name) {
        if (!NAME.matcher(name).matches()) {
            throw UserError.invalid(
                    "Name must have 3 to 30 letters (a-z), digits and dashes, and begin with a letter.");
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static Pipeline pipeline(ResultSet row, StatementContext context) throws SQLException {
        return new Pipeline(
                row.getObject("id", UUID.class),
                row.getString("name"),
                row.getObject("owner", UUID.class),
                row.getTimestamp("created_at").toInstant(),
                row.getTimestamp("updated_at").toInstant());
    }
}
