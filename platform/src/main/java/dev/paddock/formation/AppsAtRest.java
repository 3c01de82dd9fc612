package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/// The apps whose formation fits their current release and wants no dyno: among thousands, most.
final class AppsAtRest {
    private static final String READ =
            """
            select a.id, r.version
            from apps a
            join lateral (
              select version, slug from releases
              where app = a.id and status = 'SUCCEEDED' order by version desc limit 1) r on true
            left join slugs s on s.id = r.slug
            where not a.destroying
              and not exists (select 1 from formation where app = a.id and quantity > 0)
              and (s.id is null
                or array(select jsonb_object_keys(s.process_types) k order by k)
                  = array(select type from formation where app = a.id order by type))
            """;

    private AppsAtRest() {}

    /// With the version of each one's current release.
    static Map<AppId, ReleaseVersion> read(Handle handle) {
        return handle
                .createQuery(READ)
                .map((row, _) ->
                        Map.entry(
                                new AppId(row.getObject("id", UUID.class)),
                                new ReleaseVersion(row.getInt("version"))))
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }
}
