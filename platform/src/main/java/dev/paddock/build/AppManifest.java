package dev.paddock.build;

import dev.paddock.core.UserError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What an `app.json` says is needed to set an app up. Fields that only people or other programs read are passed over.
///
/// @param postdeploy a command to run once after the first release
/// @param successUrl where to go then; a path is one of the app itself
public record AppManifest(
        Map<String, Variable> env,
        Map<String, Scale> formation,
        List<String> buildpacks,
        List<String> addOns,
        Optional<String> stack,
        Optional<String> postdeploy,
        Optional<String> successUrl) {
    private static final int MAX_ENTRIES = 200;
    private static final int MAX_COMMAND = 32_000;

    public AppManifest {
        env = Map.copyOf(env);
        formation = Map.copyOf(formation);
        buildpacks = List.copyOf(buildpacks);
        addOns = List.copyOf(addOns);
    }

    /// A config var.
    ///
    /// @param generated whether a secret is made up for it
    public record Variable(Optional<String> value, boolean generated, boolean required) {}

    /// How many dynos of a process type, and of which size.
    public record Scale(Optional<Integer> quantity, Optional<String> size) {}

    /// A manifest or all that is wrong with it; the errors are empty in the first case only.
    public record Parsed(Optional<AppManifest> manifest, List<String> errors) {
        public Parsed {
            errors = List.copyOf(errors);
        }
    }

    public static Parsed parse(byte[] json) {
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(new String(json, StandardCharsets.UTF_8));
        } catch (JacksonException e) {
            return new Parsed(Optional.empty(), List.of("app.json is not valid JSON"));
        }
        if (!root.isObject()) {
            return new Parsed(Optional.empty(), List.of("app.json must be a JSON object"));
        }
        Reader reader = new Reader();
        AppManifest manifest =
                new AppManifest(
                        reader.env(root.path("env")),
                        reader.formation(root.path("formation")),
                        reader.named(root, "buildpacks", "url"),
                        reader.named(root, "addons", "plan"),
                        reader.text(root, "stack", "stack"),
                        reader.postdeploy(root.path("scripts")),
                        reader.text(root, "success_url", "success_url"));
        return reader.errors.isEmpty()
                ? new Parsed(Optional.of(manifest), List.of())
                : new Parsed(Optional.empty(), reader.errors);
    }

    /// The config vars to set.
    ///
    /// @param overrides what the request says, which goes before what the manifest says
    /// @throws UserError that names what is required and has no value
    public Map<String, Optional<String>> config(
            Map<String, String> overrides, Supplier<String> secret) {
        Map<String, Optional<String>> config = new LinkedHashMap<>();
        List<String> missing = new ArrayList<>();
        env.forEach((name, variable) -> {
            if (variable.value().isPresent()) {
                config.put(name, variable.value());
            } else if (variable.generated()) {
                config.put(name, Optional.of(secret.get()));
            } else if (variable.required() && !overrides.containsKey(name)) {
                missing.add(name);
            }
        });
        if (!missing.isEmpty()) {
            throw UserError.invalid(
                    "app.json requires config vars that have no value; give them in"
                            + " `overrides.env`: "
                            + String.join(", ", missing.stream().sorted().toList()));
        }
        overrides.forEach((name, value) -> config.put(name, Optional.of(value)));
        return config;
    }

    /// Reads the fields and gathers what is wrong with them.
    private static final class Reader {
        private final List<String> errors = new ArrayList<>();

        private Map<String, Variable> env(JsonNode env) {
            Map<String, Variable> variables = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> entry : entries(env, "env")) {
                variables.put(entry.getKey(), variable("env." + entry.getKey(), entry.getValue()));
            }
            return variables;
        }

        private Variable variable(String place, JsonNode node) {
            if (node.isString()) {
                return new Variable(Optional.of(node.stringValue()), false, true);
            }
            if (!node.isObject()) {
                errors.add(place + " must be a string or an object");
                return new Variable(Optional.empty(), false, false);
            }
            Optional<String> generator = text(node, "generator", place + ".generator");
            if (generator.filter(word -> !word.equals("secret")).isPresent()) {
                errors.add(place + ".generator can only be `secret`");
            }
            JsonNode required = node.path("required");
            if (!required.isMissingNode() && !required.isBoolean()) {
                errors.add(place + ".required must be true or false");
            }
            return new Variable(
                    text(node, "value", place + ".value"),
                    generator.isPresent(),
                    required.asBoolean(true));
        }

        private Map<String, Scale> formation(JsonNode formation) {
            Map<String, Scale> scales = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> entry : entries(formation, "formation")) {
                String place = "formation." + entry.getKey();
                JsonNode quantity = entry.getValue().path("quantity");
                if (!entry.getValue().isObject()) {
                    errors.add(place + " must be an object");
                } else if (!quantity.isMissingNode()
                        && !(quantity.isInt() && quantity.intValue() >= 0)) {
                    errors.add(place + ".quantity must be a whole number");
                } else {
                    scales.put(
                            entry.getKey(),
                            new Scale(
                                    quantity.isInt()
                                            ? Optional.of(quantity.intValue())
                                            : Optional.empty(),
                                    text(entry.getValue(), "size", place + ".size")));
                }
            }
            return scales;
        }

        private Iterable<Map.Entry<String, JsonNode>> entries(JsonNode object, String place) {
            if (object.isMissingNode() || object.isNull()) {
                return List.of();
            }
            if (!object.isObject() || object.size() > MAX_ENTRIES) {
                errors.add(place + " must be an object with at most " + MAX_ENTRIES + " entries");
                return List.of();
            }
            return object.properties();
        }

        /// A list of names, each a string or an object with the name in a field.
        private List<String> named(JsonNode root, String field, String inner) {
            JsonNode list = root.path(field);
            List<String> names = new ArrayList<>();
            if (list.isMissingNode() || list.isNull()) {
                return names;
            }
            if (!list.isArray() || list.size() > MAX_ENTRIES) {
                errors.add(field + " must be an array of at most " + MAX_ENTRIES + " entries");
                return names;
            }
            for (JsonNode item : list) {
                JsonNode name = item.isObject() ? item.path(inner) : item;
                if (name.isString() && !name.stringValue().isBlank()) {
                    names.add(name.stringValue());
                } else {
                    errors.add(field + "[" + names.size() + "] names nothing");
                    return names;
                }
            }
            return names;
        }

        private Optional<String> postdeploy(JsonNode scripts) {
            if (!scripts.isObject()) {
                if (!scripts.isMissingNode() && !scripts.isNull()) {
                    errors.add("scripts must be an object");
                }
                return Optional.empty();
            }
            JsonNode script = scripts.path("postdeploy");
            Optional<String> command =
                    script.isObject()
                            ? text(script, "command", "scripts.postdeploy.command")
                            : text(scripts, "postdeploy", "scripts.postdeploy");
            if (command.filter(text -> text.length() > MAX_COMMAND).isPresent()) {
                errors.add("scripts.postdeploy is too long");
            }
            return command.filter(text -> !text.isBlank());
        }

        private Optional<String> text(JsonNode object, String field, String place) {
            JsonNode node = object.path(field);
            if (node.isMissingNode() || node.isNull()) {
                return Optional.empty();
            }
            if (!node.isString()) {
                errors.add(place + " must be a string");
                return Optional.empty();
            }
            return Optional.of(node.stringValue());
        }
    }
}
