package dev.paddock.domains;

import dev.paddock.core.AppId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Which revision of which app's view is in which table, until every router serves that table. Owned by
/// [RoutePublisher].
final class Acknowledgements {
    /// Tables that may wait: a minute of changes at full speed. Beyond it the newest are told together, later.
    private static final int MAX_TABLES = 10_000;

    private final TreeMap<Long, Map<AppId, Long>> waiting = new TreeMap<>();

    void add(long table, AppId app, long revision) {
        waiting.computeIfAbsent(table, _ -> new HashMap<>()).merge(app, revision, Math::max);
        if (waiting.size() > MAX_TABLES) {
            Map.Entry<Long, Map<AppId, Long>> newest = waiting.pollLastEntry();
            Map.Entry<Long, Map<AppId, Long>> second = waiting.pollLastEntry();
            second.getValue()
                    .forEach((other, older) -> newest.getValue().merge(other, older, Math::max));
            waiting.put(newest.getKey(), newest.getValue());
        }
    }

    /// Those of this table and of older ones; they wait no longer.
    List<Served> take(long table) {
        List<Served> served = new ArrayList<>();
        Map<Long, Map<AppId, Long>> done = waiting.headMap(table, true);
        done.values()
                .forEach(apps ->
                        apps.forEach((app, revision) -> served.add(new Served(app, revision))));
        done.clear();
        return served;
    }

    /// All routers serve this revision of the app's view or a later one.
    record Served(AppId app, long revision) {}
}
