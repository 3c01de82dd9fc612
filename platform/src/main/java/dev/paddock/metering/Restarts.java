package dev.paddock.metering;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoName;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.statement.StatementContext;

/// How often dynos were started again, whatever for; read from what [DynoRecord] stores. Safe for any thread.
public final class Restarts {
    private final Database database;

    public Restarts(Database database) {
        this.database = database;
    }

    /// Per app and dyno name; names that were not started again are missing.
    public Map<AppId, Map<DynoName, Integer>> since(Instant moment, Collection<AppId> apps) {
        if (apps.isEmpty()) {
            return Map.of();
        }
        String sql =
                """
                select app, type, number, count(*) as restarts from dyno_transitions
                where app in (<apps>) and at > :moment and to_state = 'STARTING' and reason <> 'START'
                group by app, type, number
                """;
        return database.jdbi()
                .withHandle(handle ->
                        handle
                                .createQuery(sql)
                                .bindList("apps", apps.stream().map(AppId::value).toList())
                                .bind("moment", moment)
                                .map(Restarts::row)
                                .stream()
                                .collect(
                                        Collectors.groupingBy(
                                                Row::app,
                                                Collectors.toMap(Row::name, Row::restarts))));
    }

    private static Row row(ResultSet row, StatementContext context) throws SQLException {
        return new Row(
                new AppId(row.getObject("app", UUID.class)),
                new DynoName(new ProcessType(row.getString("type")), row.getInt("number")),
                row.getInt("restarts"));
    }

    private record Row(AppId app, DynoName name, int restarts) {}
}
