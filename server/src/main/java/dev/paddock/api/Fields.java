package dev.paddock.api;

import dev.paddock.core.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// The fields of a JSON object that a client sent, read with their types; a mistake names the field. A field that is
/// null counts as absent.
final class Fields {
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private final String path;
    private final JsonNode object;

    private Fields(String path, JsonNode object) {
        this.path = path;
        this.object = object;
    }

    /// An empty body is an object without fields.
    static Fields parse(byte[] body) {
        if (body.length == 0) {
            return new Fields("", JsonNodeFactory.instance.objectNode());
        }
        JsonNode node;
        try {
            node = JSON.readTree(body);
        } catch (JacksonException e) {
            throw new UserError("bad_request", "The body is not valid JSON" + place(e) + ".");
        }
        if (!node.isObject()) {
            throw new UserError(
                    "bad_request", "The body must be a JSON object, not " + kind(node) + ".");
        }
        return new Fields("", node);
    }

    private static String place(JacksonException e) {
        var location = e.getLocation();
        String where =
                location == null
                        ? ""
                        : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
        String what = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
        return where + (what.isEmpty() ? "" : ": " + shorten(what));
    }

    private static String shorten(String text) {
        return text.length() > 200 ? text.substring(0, 200) + "..." : text;
    }

    boolean has(String name) {
        return find(name).isPresent();
    }

    /// Whether the field is there at all, be it null.
    boolean mentions(String name) {
        return object.has(name);
    }

    Optional<String> text(String name) {
        return find(name, JsonNode::isString, "a string").map(JsonNode::stringValue);
    }

    String requiredText(String name) {
        return text(name)
                .filter(text -> !text.isBlank())
                .orElseThrow(
                        () -> UserError.invalid("The field `" + path + name + "` is missing."));
    }

    /// A string, or a number as the string that writes it.
    Optional<String> textOrNumber(String name) {
        return find(
                        name,
                        node -> node.isString() || node.isIntegralNumber(),
                        "a string or a whole number")
                .map(JsonNode::asString);
    }

    Optional<Boolean> flag(String name) {
        return find(name, JsonNode::isBoolean, "true or false").map(JsonNode::booleanValue);
    }

    Optional<Long> number(String name) {
        return find(
                        name,
                        node -> node.isIntegralNumber() && node.canConvertToLong(),
                        "a whole number")
                .map(JsonNode::longValue);
    }

    /// An array of strings; empty when it is absent.
    List<String> strings(String name) {
        List<String> strings = new ArrayList<>();
        for (JsonNode item :
                find(name, JsonNode::isArray, "an array")
                        .orElse(JsonNodeFactory.instance.arrayNode())) {
            String place = name + "[" + strings.size() + "]";
            strings.add(check(place, item, JsonNode::isString, "a string").stringValue());
        }
        return strings;
    }

    /// A user named by a string, or by an object with their e-mail or id.
    Optional<String> userIdentity(String name) {
        boolean isObject = find(name).filter(JsonNode::isObject).isPresent();
        return isObject
                ? object(name).flatMap(inner -> inner.text("email").or(() -> inner.text("id")))
                : text(name);
    }

    /// A thing named by a string, or by an object with its name or id.
    Optional<String> identity(String name) {
        boolean isObject = find(name).filter(JsonNode::isObject).isPresent();
        return isObject
                ? object(name).flatMap(inner -> inner.text("name").or(() -> inner.text("id")))
                : text(name);
    }

    String requiredIdentity(String name) {
        return identity(name)
                .filter(text -> !text.isBlank())
                .orElseThrow(
                        () -> UserError.invalid("The field `" + path + name + "` is missing."));
    }

    Optional<Fields> object(String name) {
        return find(name, JsonNode::isObject, "an object")
                .map(node -> new Fields(path + name + ".", node));
    }

    List<Fields> objects(String name) {
        List<Fields> objects = new ArrayList<>();
        for (JsonNode item :
                find(name, JsonNode::isArray, "an array")
                        .orElse(JsonNodeFactory.instance.arrayNode())) {
            String place = name + "[" + objects.size() + "]";
            objects.add(
                    new Fields(
                            path + place + ".",
                            check(place, item, JsonNode::isObject, "an object")));
        }
        return objects;
    }

    /// All fields as strings; empty for those that are null.
    Map<String, Optional<String>> texts() {
        Map<String, Optional<String>> texts = new LinkedHashMap<>();
        for (String name : object.propertyNames()) {
            texts.put(
                    name,
                    find(name, JsonNode::isString, "a string or null").map(JsonNode::stringValue));
        }
        return texts;
    }

    /// All fields as strings, numbers as written.
    Map<String, String> textsOrNumbers() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String name : object.propertyNames()) {
            textOrNumber(name).ifPresent(text -> texts.put(name, text));
        }
        return texts;
    }

    private Optional<JsonNode> find(String name, Predicate<JsonNode> type, String wanted) {
        return find(name).map(node -> check(name, node, type, wanted));
    }

    private JsonNode check(String name, JsonNode node, Predicate<JsonNode> type, String wanted) {
        if (!type.test(node)) {
            throw UserError.invalid(
                    "The field `"
                            + path
                            + shorten(name)
                            + "` must be "
                            + wanted
                            + ", not "
                            + kind(node)
                            + ".");
        }
        return node;
    }

    private Optional<JsonNode> find(String name) {
        @Nullable JsonNode node = object.get(name);
        return node == null || node.isNull() ? Optional.empty() : Optional.of(node);
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case ARRAY -> "an array";
            case OBJECT, POJO -> "an object";
            case STRING, BINARY -> "a string";
            case NUMBER -> node.isIntegralNumber() ? "a number" : "a fraction";
            case BOOLEAN -> "a boolean";
            case NULL, MISSING -> "null";
        };
    }
}
