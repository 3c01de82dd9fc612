package dev.paddock.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The published JSON schema of the Platform API, as far as its keywords are used for answers: types, properties,
/// items, required, enum, format, pattern, anyOf, references. It lies beside the repository, not in it.
final class PublishedSchema {
    private static final String PLACE = "shared/platform-api/schema.json";

    /// Fields whose pattern names Heroku's own hosts, or whose values name Amazon's regions.
    private static final Set<String> OWN_HOSTS =
            Set.of(
                    "app.git_url",
                    "app.web_url",
                    "filter-apps.git_url",
                    "filter-apps.web_url",
                    "region.provider");

    private final JsonNode root;

    private PublishedSchema(JsonNode root) {
        this.root = root;
    }

    static Optional<PublishedSchema> find() throws IOException {
        for (Path folder = Path.of("").toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            Path file = folder.resolve(PLACE);
            if (Files.exists(file)) {
                return Optional.of(
                        new PublishedSchema(JsonMapper.shared().readTree(Files.readString(file))));
            }
        }
        return Optional.empty();
    }

    /// What is wrong with an answer: fields that the resource has and the answer lacks, and values that do not fit.
    List<String> problems(String resource, JsonNode answer) {
        JsonNode schema = root.at("/definitions/" + resource);
        List<String> problems = new ArrayList<>();
        for (String field : schema.path("properties").propertyNames()) {
            if (!answer.has(field)) {
                problems.add(resource + "." + field + " is missing");
            }
        }
        check(schema, answer, resource, problems);
        return problems;
    }

    /// As [#problems(String, JsonNode)], for what a link says its answer is; of a list, for each item.
    List<String> problems(JsonNode target, String resource, JsonNode answer) {
        JsonNode schema = resolve(target);
        if (answer.isArray() && schema.has("items")) {
            List<String> problems = new ArrayList<>();
            answer.forEach(item -> problems.addAll(problems(schema.get("items"), resource, item)));
            return problems;
        }
        List<String> problems = new ArrayList<>();
        for (String field : schema.path("properties").propertyNames()) {
            if (!answer.has(field)) {
                problems.add(resource + "." + field + " is missing");
            }
        }
        check(schema, answer, resource, problems);
        return problems;
    }

    private void check(JsonNode unresolved, JsonNode value, String path, List<String> problems) {
        JsonNode schema = resolve(unresolved);
        if (OWN_HOSTS.contains(path)) {
            return;
        }
        if (schema.has("type")
                && schema.get("type").valueStream().noneMatch(type -> is(type, value))) {
            problems.add(path + " is " + value + ", not " + schema.get("type"));
            return;
        }
        if (schema.has("anyOf")
                && schema.get("anyOf").valueStream().noneMatch(any -> fits(any, value, path))) {
            problems.add(path + " fits none of the alternatives: " + value);
        }
        if (schema.has("enum") && schema.get("enum").valueStream().noneMatch(value::equals)) {
            problems.add(path + " is " + value + ", none of " + schema.get("enum"));
        }
        if (value.isString()) {
            checkText(schema, value.stringValue(), path, problems);
        }
        if (value.isArray() && schema.has("items")) {
            value.forEach(item -> check(schema.get("items"), item, path + "[]", problems));
        }
        if (value.isObject()) {
            checkObject(schema, value, path, problems);
        }
    }

    private void checkObject(JsonNode schema, JsonNode value, String path, List<String> problems) {
        schema.path("required")
                .forEach(field -> {
                    if (!value.has(field.stringValue())) {
                        problems.add(path + "." + field.stringValue() + " is required");
                    }
                });
        JsonNode properties = schema.path("properties");
        value.properties()
                .forEach(field -> {
                    String inner = path + "." + field.getKey();
                    if (properties.has(field.getKey())) {
                        check(properties.get(field.getKey()), field.getValue(), inner, problems);
                    } else if (!matchesPattern(schema, field.getKey())
                            && schema.path("additionalProperties").isBoolean()
                            && !schema.get("additionalProperties").booleanValue()) {
                        problems.add(inner + " is unknown");
                    }
                });
    }

    private static boolean matchesPattern(JsonNode schema, String field) {
        return schema.path("patternProperties").propertyNames().stream()
                .anyMatch(pattern -> Pattern.compile(pattern).matcher(field).find());
    }

    private static void checkText(
            JsonNode schema, String text, String path, List<String> problems) {
        boolean formatted =
                switch (schema.path("format").asString("")) {
                    case "date-time" -> isDate(text);
                    case "uuid" -> isUuid(text);
                    case "email" -> text.indexOf('@') > 0;
                    case String other -> true;
                };
        if (!formatted) {
            problems.add(path + " is no " + schema.get("format") + ": " + text);
        }
        if (schema.has("pattern")
                && !Pattern.compile(schema.get("pattern").stringValue()).matcher(text).find()) {
            problems.add(path + " does not match " + schema.get("pattern") + ": " + text);
        }
    }

    private boolean fits(JsonNode schema, JsonNode value, String path) {
        List<String> problems = new ArrayList<>();
        check(schema, value, path, problems);
        return problems.isEmpty();
    }

    private JsonNode resolve(JsonNode schema) {
        JsonNode resolved = schema;
        while (resolved.has("$ref")) {
            resolved = root.at(resolved.get("$ref").stringValue().substring(1));
        }
        return resolved;
    }

    private static boolean is(JsonNode type, JsonNode value) {
        return switch (type.stringValue()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isString();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "null" -> value.isNull();
            case String other -> throw new IllegalStateException("unknown type " + other);
        };
    }

    private static boolean isDate(String text) {
        try {
            return Instant.parse(text) != null;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static boolean isUuid(String text) {
        try {
            return UUID.fromString(text).toString().equals(text);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
