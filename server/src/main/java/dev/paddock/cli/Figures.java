package dev.paddock.cli;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What `top` shows, as the platform told it at one moment.
///
/// @param tickNanos that moment on the machine's monotonic clock
/// @param quietApps how many apps have neither dynos nor traffic
record Figures(
        long tickNanos,
        Instant at,
        long memoryBytes,
        long memoryFreeBytes,
        int quietApps,
        List<AppFigures> apps) {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    Figures {
        apps = List.copyOf(apps);
    }

    static Figures parse(String json) {
        JsonNode node = MAPPER.readTree(json);
        return new Figures(
                node.required("tick_ns").asLong(),
                Instant.parse(node.required("at").asString()),
                node.required("memory_bytes").asLong(),
                node.required("memory_free_bytes").asLong(),
                node.required("quiet_apps").asInt(),
                items(node.required("apps")).stream().map(AppFigures::parse).toList());
    }

    private static List<JsonNode> items(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }

    /// The share of one processor that each dyno used since then, by its id: 1.0 is a whole one. Dynos that were not
    /// there before are missing.
    Map<String, Double> cpuSince(Figures before) {
        Map<String, Long> used = new HashMap<>();
        before.apps().stream()
                .flatMap(app -> app.dynos().stream())
                .forEach(dyno -> used.put(dyno.id(), dyno.cpuNanos()));
        double elapsed = Math.max(1, tickNanos - before.tickNanos());
        Map<String, Double> shares = new HashMap<>();
        for (AppFigures app : apps) {
            for (DynoFigures dyno : app.dynos()) {
                Long earlier = used.get(dyno.id());
                if (earlier != null) {
                    shares.put(dyno.id(), Math.max(0, dyno.cpuNanos() - earlier) / elapsed);
                }
            }
        }
        return shares;
    }

    /// One app.
    record AppFigures(String name, double requestsPerSecond, int queued, List<DynoFigures> dynos) {
        AppFigures {
            dynos = List.copyOf(dynos);
        }

        private static AppFigures parse(JsonNode node) {
            return new AppFigures(
                    node.required("name").asString(),
                    node.required("requests_per_second").asDouble(),
                    node.required("queued").asInt(),
                    items(node.required("dynos")).stream().map(DynoFigures::parse).toList());
        }
    }

    /// One dyno.
    ///
    /// @param cpuNanos processor time since it began
    record DynoFigures(
            String id,
            String name,
            String state,
            Instant since,
            String size,
            long cpuNanos,
            long memoryBytes,
            long quotaBytes,
            int restarts) {
        private static DynoFigures parse(JsonNode node) {
            return new DynoFigures(
                    node.required("id").asString(),
                    node.required("name").asString(),
                    node.required("state").asString(),
                    Instant.parse(node.required("since").asString()),
                    node.required("size").asString(),
                    node.required("cpu_ns").asLong(),
                    node.required("memory_bytes").asLong(),
                    node.required("memory_quota_bytes").asLong(),
                    node.required("restarts").asInt());
        }
    }
}
