package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoSize;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/// The apps that want dynos of the size that lives on free hours (dynos.md section 3).
final class FreeSizeApps {
    private static final String QUERY =
            """
            select a.id, a.owner from apps a
            where not a.destroying and exists (
              select 1 from formation where app = a.id and quantity > 0 and size = :size)
            """;

    private FreeSizeApps() {}

    /// With their owners.
    static Map<AppId, UUID> all(Handle handle) {
        return read(handle.createQuery(QUERY));
    }

    /// Empty for an app that is not one of them.
    static Optional<UUID> owner(Handle handle, AppId app) {
        var found = read(handle.createQuery(QUERY + " and a.id = :app").bind("app", app));
        return Optional.ofNullable(found.get(app));
    }

    private static Map<AppId, UUID> read(Query query) {
        return query
                .bind("size", DynoSize.ECO.name())
                .map((row, _) ->
                        Map.entry(
                                new AppId(row.getObject("id", UUID.class)),
                                row.getObject("owner", UUID.class)))
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
