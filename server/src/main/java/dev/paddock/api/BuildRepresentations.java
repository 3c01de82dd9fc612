package dev.paddock.api;

import dev.paddock.build.Build;
import dev.paddock.build.Buildpack;
import dev.paddock.build.Sources;
import dev.paddock.core.App;
import dev.paddock.core.ProcessType;
import dev.paddock.core.UserError;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of what builds are made of and what they make. Immutable.
final class BuildRepresentations {
    private static final int MAX_TEXT = 1000;
    private static final int MAX_URL = 4096;
    private static final int MAX_PROCESS_TYPES = 100;
    private static final int MAX_COMMAND = 32_000;
    private static final Pattern CHECKSUM = Pattern.compile("(?i)SHA256:[0-9a-f]{64}");

    private final Representations others;
    private final SecretUrls urls;

    BuildRepresentations(Representations others, SecretUrls urls) {
        this.others = others;
        this.urls = urls;
    }

    static ObjectNode installation(Buildpack buildpack, int ordinal) {
        ObjectNode json = object().put("ordinal", ordinal);
        json.set("buildpack", buildpack(buildpack));
        return json;
    }

    private static ObjectNode buildpack(Buildpack buildpack) {
        return object().put("name", buildpack.name()).put("url", buildpack.name());
    }

    /// What the `updates` name, in order.
    static List<String> buildpacks(Fields fields) {
        if (!fields.has("updates")) {
            throw UserError.invalid("The field `updates` is missing.");
        }
        return fields.objects("updates").stream()
                .map(update -> update.requiredText("buildpack").strip())
                .toList();
    }

    ObjectNode source(UUID id) {
        String path = SecretRoutes.SOURCE_PATH.replace("{source}", id.toString());
        ObjectNode json = object();
        json.putObject("source_blob")
                .put("get_url", urls.url("GET", path, Sources.LIFE))
                .put("put_url", urls.url("PUT", path, Sources.LIFE));
        return json;
    }

    record NewBuild(Build.Origin origin, List<String> buildpacks) {}

    static NewBuild newBuild(Fields fields) {
        Fields blob =
                fields.object("source_blob")
                        .orElseThrow(
                                () -> UserError.invalid("The field `source_blob` is missing."));
        Build.Origin origin =
                new Build.Origin(
                        limited("source_blob.url", blob.requiredText("url"), MAX_URL),
                        checksum(blob),
                        text(blob, "version"),
                        text(blob, "version_description"));
        return new NewBuild(origin, packs(fields));
    }

    /// The `buildpacks` for one build.
    static List<String> packs(Fields fields) {
        return fields.objects("buildpacks").stream()
                .map(each ->
                        each.text("url")
                                .or(() -> each.text("name"))
                                .orElseThrow(() ->
                                        UserError.invalid(
                                                "A buildpack needs a `url` or a `name`.")))
                .toList();
    }

    /// What others show of a build.
    ObjectNode progress(Build build) {
        return object().put("id", build.id().toString())
                .put("status", build.status().name().toLowerCase(Locale.ROOT))
                .put("output_stream_url", others.streamUrl(build.app(), build.id()));
    }

    private static Optional<String> checksum(Fields fields) {
        Optional<String> checksum = fields.text("checksum");
        if (checksum.isPresent() && !CHECKSUM.matcher(checksum.get()).matches()) {
            throw UserError.invalid(
                    "The field `checksum` must be SHA256: and 64 hexadecimal digits.");
        }
        return checksum.map(text -> "SHA256:" + text.substring(7).toLowerCase(Locale.ROOT));
    }

    private static String text(Fields fields, String name) {
        return limited(name, fields.text(name).orElse(""), MAX_TEXT).replaceAll("\\p{Cntrl}", " ");
    }

    private static String limited(String name, String text, int limit) {
        if (text.length() > limit) {
            throw UserError.invalid(
                    "The field `" + name + "` may have at most " + limit + " characters.");
        }
        return text;
    }

    ObjectNode build(App app, Build build) {
        ObjectNode json =
                object().put("id", build.id().toString())
                        .put("generation", "cedar")
                        .put("stack", build.stack())
                        .put("status", build.status().name().toLowerCase(Locale.ROOT))
                        .put("output_stream_url", others.streamUrl(app.id(), build.id()))
                        .put("created_at", Representations.date(build.createdAt()))
                        .put("updated_at", Representations.date(build.updatedAt()));
        json.putObject("app").put("id", app.id().toString());
        json.putObject("user")
                .put("id", build.user().id().toString())
                .put("email", build.user().email());
        ArrayNode buildpacks = json.putArray("buildpacks");
        build.buildpacks().forEach(each -> buildpacks.add(buildpack(each)));
        String url = build.origin().url();
        json.putObject("source_blob")
                .put("url", url.isEmpty() ? others.gitUrl(app.name()) : url)
                .put("checksum", build.origin().checksum().orElse(null))
                .put("version", build.origin().version())
                .put("version_description", build.origin().description());
        if (build.slug().isPresent()) {
            json.putObject("slug").put("id", build.slug().get().toString());
        } else {
            json.putNull("slug");
        }
        if (build.release().isPresent()) {
            json.putObject("release").put("id", build.release().get().toString());
        } else {
            json.putNull("release");
        }
        return json;
    }

    /// A slug that is to be uploaded.
    record NewSlug(
            Map<ProcessType, String> types,
            Optional<String> checksum,
            Optional<String> commit,
            String description,
            String buildpack,
            Optional<String> stack) {}

    static NewSlug newSlug(Fields fields) {
        Fields types =
                fields.object("process_types")
                        .orElseThrow(
                                () -> UserError.invalid("The field `process_types` is missing."));
        Map<ProcessType, String> commands = new TreeMap<>();
        types.texts()
                .forEach((type, command) ->
                        commands.put(
                                new ProcessType(type),
                                limited(
                                        "process_types." + type,
                                        command.filter(it -> !it.isBlank())
                                                .orElseThrow(() ->
                                                        UserError.invalid(
                                                                "The process type "
                                                                        + type
                                                                        + " has no command.")),
                                        MAX_COMMAND)));
        if (commands.size() > MAX_PROCESS_TYPES) {
            throw UserError.invalid(
                    "A slug may have at most " + MAX_PROCESS_TYPES + " process types.");
        }
        return new NewSlug(
                commands,
                checksum(fields),
                Optional.of(text(fields, "commit")).filter(it -> !it.isEmpty()),
                text(fields, "commit_description"),
                text(fields, "buildpack_provided_description"),
                fields.identity("stack").map(CatalogueRepresentations::stackName));
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
