package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Mount;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/// The form of a dyno's spec on disk. It contains secrets.
final class SpecJson {
    private SpecJson() {}

    static Map<String, Object> json(DynoSpec spec) {
        Map<String, Object> json = new TreeMap<>();
        json.put("id", spec.id().toString());
        json.put("app", spec.app().toString());
        json.put("name", spec.name().toString());
        json.put("kind", spec.kind().name());
        json.put("release", spec.release().number());
        json.put(
                "size",
                Map.of(
                        "name", spec.size().name(),
                        "memoryBytes", spec.size().memoryBytes(),
                        "processes", spec.size().processes(),
                        "cpuShares", spec.size().cpuShares(),
                        "centsPerHour", spec.size().centsPerHour()));
        json.put("command", spec.command());
        json.put("environment", spec.environment());
        spec.slug()
                .ifPresent(slug ->
                        json.put(
                                "slug",
                                Map.of(
                                        "id", slug.id().toString(),
                                        "file", slug.file().toString(),
                                        "sha256", slug.sha256())));
        json.put("stack", spec.stack());
        json.put(
                "stdio",
                switch (spec.stdio()) {
                    case Stdio.Log() -> Map.of("type", "log");
                    case Stdio.Pipes() -> Map.of("type", "pipes");
                    case Stdio.Terminal(int rows, int columns) ->
                            Map.of("type", "terminal", "rows", rows, "columns", columns);
                });
        json.put("web", spec.web());
        json.put("mounts", spec.mounts().stream().map(SpecJson::json).toList());
        return json;
    }

    private static Map<String, Object> json(Mount mount) {
        return Map.of(
                "source", mount.source().toString(),
                "target", mount.target(),
                "writable", mount.writable());
    }

    /// Throws IllegalArgumentException for anything that [#json] did not write.
    static DynoSpec parse(JsonNode json) {
        Map<String, String> environment = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : json.path("environment").properties()) {
            environment.put(entry.getKey(), entry.getValue().asString());
        }
        List<Mount> mounts = new ArrayList<>();
        for (JsonNode mount : json.path("mounts")) {
            mounts.add(
                    new Mount(
                            Path.of(mount.path("source").asString()),
                            mount.path("target").asString(),
                            mount.path("writable").asBoolean()));
        }
        return new DynoSpec(
                DynoId.parse(json.path("id").asString()),
                AppId.parse(json.path("app").asString()),
                DynoName.parse(json.path("name").asString()),
                DynoKind.valueOf(json.path("kind").asString()),
                new ReleaseVersion(json.path("release").asInt()),
                size(json.path("size")),
                json.path("command").asString(),
                environment,
                json.optional("slug").map(SpecJson::slug),
                json.path("stack").asString(),
                stdio(json.path("stdio")),
                json.path("web").asBoolean(),
                mounts);
    }

    private static DynoSize size(JsonNode json) {
        return new DynoSize(
                json.path("name").asString(),
                json.path("memoryBytes").asLong(),
                json.path("processes").asInt(),
                json.path("cpuShares").asInt(),
                json.path("centsPerHour").asDouble());
    }

    private static SlugRef slug(JsonNode json) {
        return new SlugRef(
                UUID.fromString(json.path("id").asString()),
                Path.of(json.path("file").asString()),
                json.path("sha256").asString());
    }

    private static Stdio stdio(JsonNode json) {
        return switch (json.path("type").asString()) {
            case "log" -> new Stdio.Log();
            case "pipes" -> new Stdio.Pipes();
            case "terminal" ->
                    new Stdio.Terminal(json.path("rows").asInt(), json.path("columns").asInt());
            case String other -> throw new IllegalArgumentException("unknown stdio " + other);
        };
    }
}
