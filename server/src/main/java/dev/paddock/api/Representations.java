package dev.paddock.api;

import dev.paddock.apps.Feature;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Release;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.Stdio;
import dev.paddock.formation.Dynos;
import dev.paddock.formation.FormationEntry;
import dev.paddock.formation.Formations;
import dev.paddock.log.LogSource;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.LogFilter;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.DynoView;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of the Platform API: what our values look like in answers and what the fields of requests mean. The only
/// place with names of JSON fields. Immutable.
final class Representations {
    /// Where the bytes of a slug are, for the route that sends them.
    static final String SLUG_BLOB_PATH = "/slug-blobs/{slug}";

    private static final int DEFAULT_ROWS = 24;
    private static final int DEFAULT_COLUMNS = 80;
    private static final int MAX_TERMINAL = 2000;
    private static final int DEFAULT_LINES = 100;
    private static final int MAX_DESCRIPTION = 1000;

    /// Of URLs that hold a secret; a release command may take an hour.
    private static final Duration URL_LIFE = Duration.ofHours(2);

    private final ApiSettings settings;
    private final String apiUrl;
    private final SecretUrls urls;
    private final CommandOutputs outputs;

    /// @param apiUrl under which users reach the API, without a slash at the end
    Representations(ApiSettings settings, String apiUrl, SecretUrls urls, CommandOutputs outputs) {
        this.settings = settings;
        this.apiUrl = apiUrl;
        this.urls = urls;
        this.outputs = outputs;
    }

    // Errors

    static ObjectNode error(UserError error) {
        ObjectNode json = object().put("id", error.id()).put("message", error.message());
        error.resource().ifPresent(resource -> json.put("resource", resource));
        return json;
    }

    // Apps

    ObjectNode app(App app) {
        ObjectNode json =
                object().put("id", app.id().toString())
                        .put("name", app.name().value())
                        .put("acm", false)
                        .put("archived_at", (String) null)
                        .put("buildpack_provided_description", (String) null)
                        .put("created_at", date(app.createdAt()))
                        .put("git_url", gitUrl(app.name()))
                        .put("internal_routing", (Boolean) null)
                        .put("maintenance", app.maintenance())
                        // Only with this word `heroku ps` shows the free hours, which every app may
                        // use here.
                        .put("process_tier", "eco")
                        .put(
                                "released_at",
                                app.releasedAt().map(Representations::date).orElse(null))
                        .put("repo_size", app.repositoryBytes())
                        .put("slug_size", app.slugBytes())
                        .put("updated_at", date(app.updatedAt()))
                        .put("web_url", settings.webUrl(app.name().value()))
                        .putNull("organization")
                        .putNull("space")
                        .putNull("team");
        json.putObject("owner")
                .put("id", app.owner().id().toString())
                .put("email", app.owner().email());
        json.set("generation", CatalogueRepresentations.generation());
        json.set("region", named("region", app.region()));
        json.set("stack", named("stack", app.stack()));
        json.set("build_stack", named("stack", app.stack()));
        return json;
    }

    String gitUrl(AppName name) {
        return "https://" + apiUrl.substring(apiUrl.indexOf("://") + 3) + "/" + name + ".git";
    }

    record NewApp(Optional<AppName> name, Optional<String> region, Optional<String> stack) {}

    static NewApp newApp(Fields fields) {
        for (String field : List.of("team", "organization", "space")) {
            if (fields.has(field)) {
                throw UserError.invalid(
                        "This platform has no teams and no spaces: leave out the field `"
                                + field
                                + "` to create the app for yourself.");
            }
        }
        return new NewApp(
                fields.text("name").map(AppName::new),
                fields.identity("region").map(CatalogueRepresentations::regionName),
                fields.identity("stack").map(CatalogueRepresentations::stackName));
    }

    record AppChange(
            Optional<AppName> name, Optional<Boolean> maintenance, Optional<String> stack) {}

    static AppChange appChange(Fields fields) {
        return new AppChange(
                fields.text("name").map(AppName::new),
                fields.flag("maintenance"),
                fields.identity("build_stack").map(CatalogueRepresentations::stackName));
    }

    ObjectNode feature(Feature feature) {
        return object().put("id", feature.id().toString())
                .put("name", feature.name())
                .put("display_name", feature.displayName())
                .put("description", feature.description())
                .put("doc_url", feature.docUrl())
                .put("feedback_email", "")
                .put("state", feature.state())
                .put("enabled", feature.enabled())
                .put("created_at", date(feature.createdAt()))
                .put("updated_at", date(feature.updatedAt()));
    }

    static boolean featureEnabled(Fields fields) {
        return fields.flag("enabled")
                .orElseThrow(() -> UserError.invalid("The field `enabled` is missing."));
    }

    // Config vars, releases, slugs

    static ObjectNode config(ConfigVars config) {
        ObjectNode json = object();
        config.values().forEach(json::put);
        return json;
    }

    ObjectNode release(App app, Release release) {
        ObjectNode json =
                object().put("id", release.id().toString())
                        .put("version", release.version().number())
                        .put("description", release.description())
                        .put("status", release.status().name().toLowerCase(Locale.ROOT))
                        .put("current", release.current())
                        .put("created_at", date(release.createdAt()))
                        .put("updated_at", date(release.updatedAt()))
                        .put("eligible_for_rollback", eligibleForRollback(release))
                        .put("output_stream_url", outputUrl(release));
        json.putArray("addon_plan_names");
        ArrayNode artifacts = json.putArray("artifacts");
        json.putObject("user")
                .put("id", release.user().id().toString())
                .put("email", release.user().email());
        json.set("app", appIdentity(app));
        if (release.slug().isEmpty()) {
            return json.putNull("slug");
        }
        String slug = release.slug().get().toString();
        artifacts.addObject().put("type", "slug").put("id", slug);
        json.putObject("slug").put("id", slug);
        return json;
    }

    /// Where what the release command prints can be read; null when there is none.
    private @Nullable String outputUrl(Release release) {
        boolean runs = release.status() == Release.Status.PENDING;
        return runs || outputs.has(release.app(), release.id())
                ? streamUrl(release.app(), release.id())
                : null;
    }

    String streamUrl(AppId app, UUID id) {
        return urls.url(
                "GET",
                SecretRoutes.OUTPUT_PATH
                        .replace("{app}", app.toString())
                        .replace("{output}", id.toString()),
                URL_LIFE);
    }

    private static boolean eligibleForRollback(Release release) {
        return release.slug().isPresent() && release.status() == Release.Status.SUCCEEDED;
    }

    /// What to make a release of.
    sealed interface NewRelease {
        /// Returns to a release that is named by its version or id.
        record Rollback(String target) implements NewRelease {}

        record OfSlug(String slug, Optional<String> description) implements NewRelease {}
    }

    static NewRelease newRelease(Fields fields) {
        if (fields.has("release") && fields.has("slug")) {
            throw UserError.invalid("Give either a `release` to roll back to or a `slug`.");
        }
        Optional<String> slug = fields.text("slug").filter(text -> !text.isBlank());
        if (slug.isPresent()) {
            return new NewRelease.OfSlug(
                    slug.get(), fields.text("description").map(Representations::described));
        }
        return new NewRelease.Rollback(
                fields.textOrNumber("release")
                        .filter(text -> !text.isBlank())
                        .orElseThrow(() ->
                                UserError.invalid("The field `release` or `slug` is missing.")));
    }

    private static String described(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ").strip();
        if (line.isEmpty() || line.length() > MAX_DESCRIPTION) {
            throw UserError.invalid(
                    "The field `description` must have 1 to " + MAX_DESCRIPTION + " characters.");
        }
        return line;
    }

    ObjectNode slug(App app, Slug slug) {
        ObjectNode json =
                object().put("id", slug.id().toString())
                        .put("buildpack_provided_description", slug.buildpackDescription())
                        .put("checksum", slug.sha256().isEmpty() ? null : "SHA256:" + slug.sha256())
                        .put("commit", slug.commit().orElse(null))
                        .put("commit_description", slug.commitDescription())
                        .put("size", slug.bytes() == 0 ? null : slug.bytes())
                        .put("created_at", date(slug.createdAt()))
                        .put("updated_at", date(slug.createdAt()))
                        .put("deleted_at", (String) null);
        json.putObject("blob")
                .put("method", slug.bytes() == 0 ? "put" : "get")
                .put(
                        "url",
                        urls.url(
                                slug.bytes() == 0 ? "PUT" : "GET",
                                SLUG_BLOB_PATH.replace("{slug}", slug.id().toString()),
                                URL_LIFE));
        ObjectNode types = json.putObject("process_types");
        slug.processTypes().forEach((type, command) -> types.put(type.value(), command));
        json.set("stack", named("stack", slug.stack()));
        return json;
    }

    // Formation and dynos

    ObjectNode formation(App app, FormationEntry entry) {
        ObjectNode json =
                object().put("id", entry.id().toString())
                        .put("type", entry.type().value())
                        .put("quantity", entry.quantity())
                        .put("size", entry.size().name())
                        .put("command", entry.command())
                        .put("created_at", date(entry.createdAt()))
                        .put("updated_at", date(entry.updatedAt()));
        json.set("app", appIdentity(app));
        json.set("dyno_size", named("size", entry.size().name()));
        return json;
    }

    /// The `updates` of a formation; a type may be named once.
    static List<Formations.Update> formationUpdates(Fields fields) {
        List<Fields> updates = fields.objects("updates");
        if (updates.isEmpty()) {
            throw UserError.invalid(
                    "The field `updates` is missing: name at least one process type.");
        }
        List<Formations.Update> read =
                updates.stream()
                        .map(update ->
                                formationUpdate(
                                        new ProcessType(update.requiredText("type")), update))
                        .toList();
        if (read.stream().map(Formations.Update::type).distinct().count() < read.size()) {
            throw UserError.invalid("The field `updates` names a process type twice.");
        }
        return read;
    }

    static Formations.Update formationUpdate(ProcessType type, Fields fields) {
        Optional<Formations.Quantity> quantity =
                fields.textOrNumber("quantity").map(Formations.Quantity::parse);
        Optional<DynoSize> size =
                fields.identity("size")
                        .or(() -> fields.identity("dyno_size"))
                        .map(CatalogueRepresentations::sizeNamed);
        if (quantity.isEmpty() && size.isEmpty()) {
            throw UserError.invalid("Name a `quantity` or a `size` for process type " + type + ".");
        }
        return new Formations.Update(type, quantity, size);
    }

    /// @param release the id of the release that the dyno runs; empty when that release is gone
    ObjectNode dyno(App app, DynoView dyno, Optional<UUID> release, Optional<String> attachUrl) {
        ObjectNode json =
                object().put("id", dyno.id().toString())
                        .put("name", dyno.name().toString())
                        .put("type", dyno.name().type().value())
                        .put("state", dyno.state().toString())
                        .put("size", dyno.size().name())
                        .put("command", dyno.command())
                        .put("created_at", date(dyno.changedAt()))
                        .put("updated_at", date(dyno.changedAt()))
                        .put("attach_url", attachUrl.orElse(null));
        json.set("app", appIdentity(app));
        json.putObject("release")
                .put(
                        "id",
                        release.orElseGet(
                                        () -> nameUuid("release", app.id() + "/" + dyno.release()))
                                .toString())
                .put("version", dyno.release().number());
        return json;
    }

    record NewDyno(Dynos.OneOff oneOff, boolean attach) {}

    static NewDyno newDyno(Fields fields) {
        boolean attach = fields.flag("attach").orElse(false);
        boolean pipes = fields.flag("force_no_tty").orElse(false);
        Map<String, String> environment =
                fields.object("env").map(Fields::textsOrNumbers).orElse(Map.of());
        Stdio stdio =
                !attach
                        ? new Stdio.Log()
                        : pipes
                                ? new Stdio.Pipes()
                                : new Stdio.Terminal(
                                        side(environment, "LINES", DEFAULT_ROWS),
                                        side(environment, "COLUMNS", DEFAULT_COLUMNS));
        Dynos.OneOff oneOff =
                new Dynos.OneOff(
                        fields.requiredText("command"),
                        new ConfigVars(environment).values(),
                        fields.text("size").map(CatalogueRepresentations::sizeNamed),
                        fields.text("type").map(ProcessType::new),
                        stdio);
        return new NewDyno(oneOff, attach);
    }

    /// A side of the client's terminal; nonsense gives the usual size rather than an error, for it is only a hint.
    private static int side(Map<String, String> environment, String name, int usual) {
        String text = environment.getOrDefault(name, "");
        if (!text.matches("[0-9]{1,6}")) {
            return usual;
        }
        int side = Integer.parseInt(text);
        return side < 1 ? usual : Math.min(side, MAX_TERMINAL);
    }

    // Logs

    record NewLogSession(int lines, boolean tail, LogFilter filter) {}

    static NewLogSession newLogSession(Fields fields) {
        long lines = fields.number("lines").orElse((long) DEFAULT_LINES);
        if (lines < 1) {
            throw UserError.invalid(
                    "The field `lines` must be from 1 to " + LogHub.HISTORY_LINES + ".");
        }
        Optional<LogSource> source =
                fields.text("source")
                        .map(text ->
                                Arrays.stream(LogSource.values())
                                        .filter(value -> value.toString().equals(text))
                                        .findFirst()
                                        .orElseThrow(() ->
                                                UserError.invalid(
                                                        "The field `source` must be app or heroku.")));
        Optional<String> process =
                fields.text("dyno")
                        .or(() -> fields.text("dyno_name"))
                        .or(() -> fields.text("type"));
        return new NewLogSession(
                (int) Math.min(lines, LogHub.HISTORY_LINES),
                fields.flag("tail").orElse(false),
                new LogFilter(source, process));
    }

    ObjectNode logSession(String secret, Instant now) {
        return object().put("id", nameUuid("log-session", secret).toString())
                .put("logplex_url", apiUrl + LogEndpoints.STREAM_PATH + secret)
                .put("created_at", date(now))
                .put("updated_at", date(now));
    }

    // Parts of others

    static ObjectNode appIdentity(App app) {
        return object().put("id", app.id().toString()).put("name", app.name().value());
    }

    ObjectNode stackIdentity(String name) {
        return named("stack", name);
    }

    static ObjectNode named(String kind, String name) {
        return object().put("id", nameUuid(kind, name).toString()).put("name", name);
    }

    static boolean isId(String kind, String name, String text) {
        return nameUuid(kind, name).toString().equals(text);
    }

    /// The id of a thing that has no row: always the same for the same name.
    static UUID nameUuid(String kind, String name) {
        return UUID.nameUUIDFromBytes((kind + "/" + name).getBytes(StandardCharsets.UTF_8));
    }

    static String date(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }
}
