package dev.paddock.api;

import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.EngineHost;
import dev.paddock.manifold.DynoView;
import dev.paddock.metering.Activity;
import dev.paddock.routes.ControlFrame.AppLoad;
import java.time.Duration;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// How all apps and their dynos look to the operator, as `paddock top` reads it.
final class ActivityRepresentations {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ActivityRepresentations() {}

    static ObjectNode json(Activity.Snapshot snapshot) {
        ArrayNode apps = JSON.arrayNode();
        snapshot.apps().forEach(app -> apps.add(json(app)));
        return JSON.objectNode()
                .put("tick_ns", snapshot.tick().nanos())
                .put("at", snapshot.at().toString())
                .put(
                        "memory_bytes",
                        snapshot.hosts().stream().mapToLong(EngineHost::memoryBytes).sum())
                .put(
                        "memory_free_bytes",
                        snapshot.hosts().stream().mapToLong(EngineHost::memoryFreeBytes).sum())
                .put("quiet_apps", snapshot.quiet())
                .set("apps", apps);
    }

    private static ObjectNode json(Activity.AppActivity app) {
        ArrayNode dynos = JSON.arrayNode();
        app.dynos().forEach(dyno -> dynos.add(json(dyno)));
        return JSON.objectNode()
                .put("name", app.name().toString())
                .put("requests_per_second", app.load().map(AppLoad::rps).orElse(0.0))
                .put("queued", app.load().map(AppLoad::queued).orElse(0))
                .set("dynos", dynos);
    }

    private static ObjectNode json(Activity.DynoActivity activity) {
        DynoView dyno = activity.dyno();
        return JSON.objectNode()
                .put("id", dyno.id().toString())
                .put("name", dyno.name().toString())
                .put("state", dyno.state().toString())
                .put("since", dyno.changedAt().toString())
                .put("size", dyno.size().name())
                .put(
                        "cpu_ns",
                        activity.usage().map(DynoUsage::cpu).map(Duration::toNanos).orElse(0L))
                .put(
                        "memory_bytes",
                        activity.usage()
                                .map(DynoUsage::memory)
                                .map(DynoUsage.Memory::totalBytes)
                                .orElse(0L))
                .put("memory_quota_bytes", dyno.size().memoryBytes())
                .put("restarts", activity.restarts());
    }
}
