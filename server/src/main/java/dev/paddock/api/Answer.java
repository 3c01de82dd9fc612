package dev.paddock.api;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// What an endpoint answers: a status, a JSON body and a few headers.
record Answer(int status, Body body, Map<String, String> headers) {
    Answer {
        headers = Map.copyOf(headers);
    }

    Answer(int status, JsonNode body, Map<String, String> headers) {
        this(status, new Tree(body), headers);
    }

    static Answer ok(JsonNode body) {
        return new Answer(200, body, Map.of());
    }

    static Answer created(JsonNode body) {
        return new Answer(201, body, Map.of());
    }

    /// The change was begun and goes on by itself.
    static Answer accepted() {
        return new Answer(202, JsonNodeFactory.instance.objectNode(), Map.of());
    }

    static Answer list(List<? extends JsonNode> items) {
        return ok(array(items));
    }

    /// A list or a part of one, with the headers that lead to the rest.
    static Answer page(Page<? extends JsonNode> page) {
        return new Answer(page.partial() ? 206 : 200, array(page.items()), page.headers());
    }

    private static ArrayNode array(List<? extends JsonNode> items) {
        return JsonNodeFactory.instance.arrayNode().addAll(items);
    }

    /// The same, with its bytes at hand.
    Answer written() {
        return new Answer(status, new Written(body.bytes()), headers);
    }

    /// The JSON, as a value or as the bytes that are sent.
    sealed interface Body {
        byte[] bytes();
    }

    record Tree(JsonNode json) implements Body {
        @Override
        public byte[] bytes() {
            return json.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    /// Nobody changes the bytes.
    static final class Written implements Body {
        private final byte[] bytes;

        private Written(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public byte[] bytes() {
            return bytes;
        }
    }
}
