package dev.paddock.formation;

import dev.paddock.core.AppId;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/// The apps whose formation has process types that their current release does not have.
final class GoneTypes {
    private static final String READ =
            """
            select a.id
            from apps a
            join lateral (
              select slug from releases
              where app = a.id and status = 'SUCCEEDED' order by version desc limit 1) r on true
            join slugs s on s.id = r.slug
            where not a.destroying
              and exists (
                select 1 from formation
                where app = a.id and not jsonb_exists(s.process_types, type))
            """;

    private GoneTypes() {}

    static List<AppId> read(Handle handle) {
        return handle.createQuery(READ)
                .map((row, _) -> new AppId(row.getObject("id", UUID.class)))
                .list();
    }
}
