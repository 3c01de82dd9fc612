package dev.paddock.api;

import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.build.Build;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.UserError;
import dev.paddock.deploys.AppSetup;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of apps that are set up from an `app.json`.
final class AppSetupRepresentations {
    private AppSetupRepresentations() {}

    /// @param build empty before it began, and when the app is gone
    static ObjectNode setup(AppSetup setup, Optional<Build> build, BuildRepresentations builds) {
        ObjectNode json =
                object().put("id", setup.id().toString())
                        .put("status", setup.status().name().toLowerCase(Locale.ROOT))
                        .put("failure_message", setup.failure().orElse(null))
                        .put("resolved_success_url", setup.successUrl().orElse(null))
                        .put("created_at", date(setup.createdAt()))
                        .put("updated_at", date(setup.updatedAt()));
        json.putObject("app")
                .put("id", setup.app().toString())
                .put("name", setup.appName().value());
        json.set("build", build.map(builds::progress).orElse(null));
        ArrayNode errors = json.putArray("manifest_errors");
        setup.manifestErrors().forEach(errors::add);
        if (setup.postdeploy().isEmpty()) {
            return json.putNull("postdeploy");
        }
        json.putObject("postdeploy")
                .put("output", setup.postdeploy().get().output())
                .put("exit_code", setup.postdeploy().get().exitCode());
        return json;
    }

    record NewSetup(
            Representations.NewApp app,
            Build.Origin origin,
            Map<String, String> env,
            List<String> buildpacks) {}

    static NewSetup newSetup(Fields fields) {
        Optional<Fields> app = fields.object("app");
        app.ifPresent(its -> {
            its.flag("locked");
            its.flag("personal");
        });
        Optional<Fields> overrides = fields.object("overrides");
        return new NewSetup(
                Representations.newApp(app.orElseGet(() -> Fields.parse(new byte[0]))),
                BuildRepresentations.newBuild(fields).origin(),
                overrides
                        .flatMap(its -> its.object("env"))
                        .map(AppSetupRepresentations::env)
                        .orElse(Map.of()),
                overrides.map(BuildRepresentations::packs).orElse(List.of()));
    }

    private static Map<String, String> env(Fields fields) {
        Map<String, String> env = new LinkedHashMap<>();
        fields.texts()
                .forEach((name, value) ->
                        env.put(
                                name,
                                value.orElseThrow(() ->
                                        UserError.invalid(
                                                "The config var " + name + " must be a string."))));
        return new ConfigVars(env).values();
    }
}
