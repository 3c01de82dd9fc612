package dev.paddock.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Bodies for one published link: as its schema says, and with something wrong in them. The same for the same seed.
final class FuzzedBodies {
    static final List<String> ODD_TEXTS =
            List.of(
                    "",
                    " ",
                    "\0",
                    "a\0b",
                    "line\nbreak\r\n",
                    "\u001b[31m\u0007\u007f",
                    "\u202egnp.exe",
                    "\ud83d\ude80\ud83c\udffd\u200d",
                    "e\u0301\ufffd\ufeff",
                    "ＡＤＭＩＮ",
                    "..",
                    "../../etc/passwd",
                    "a/b",
                    "a;b?c#d&e=f",
                    "%00%2e%2e",
                    "$(reboot)`id`",
                    "' or 1=1 --",
                    "<script>alert(1)</script>",
                    "-1",
                    "null",
                    "x".repeat(300),
                    "x".repeat(100_000),
                    "\u00e9".repeat(5000));

    private static final List<String> ODD_VALUES =
            List.of(
                    "null",
                    "true",
                    "0",
                    "-1",
                    "1.5",
                    "1e400",
                    "9223372036854775807",
                    "9223372036854775808",
                    "-99999999999999999999999999",
                    "1E999999999",
                    "[]",
                    "[null]",
                    "[[[[]]]]",
                    "[1,\"a\",{}]",
                    "{}",
                    "{\"\":\"\"}",
                    "{\"id\":5,\"name\":[]}",
                    "{\"name\":\"\\u0000\"}",
                    "\"\\ud800\"",
                    "\"\\u0000\"");

    private final PublishedLinks links;
    private final JsonNode schema;
    private final Random random;

    FuzzedBodies(PublishedLinks links, PublishedLinks.Link link, Random random) {
        this.links = links;
        this.schema = link.body();
        this.random = random;
    }

    byte[] next() {
        return switch (random.nextInt(12)) {
            case 0 -> new byte[0];
            case 1 -> bytes(pick(List.of("{", "[]", "\"text\"", "5", "nul", "{}{}", "{\"a\":}")));
            case 2 -> new byte[] {'{', '"', (byte) 0xc3, (byte) 0x28, '"', ':', '1', '}'};
            case 3 -> bytes("{\"a\":" + "[".repeat(2000) + "]".repeat(2000) + "}");
            case 4 -> bytes(text(fields(), true));
            default -> bytes(text(fields(), false));
        };
    }

    /// The fields of the schema, some of them left out, some with odd values, in any order.
    private Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(schema.path("properties").propertyNames());
        Collections.shuffle(names, random);
        for (String name : names) {
            int chance = random.nextInt(10);
            if (chance > 0) {
                JsonNode property = schema.get("properties").get(name);
                fields.put(name, chance < 5 ? odd() : value(name, property, 0));
            }
        }
        if (names.isEmpty() || random.nextInt(4) == 0) {
            fields.put(pick(ODD_TEXTS), odd());
        }
        return fields;
    }

    private String odd() {
        return random.nextBoolean() ? pick(ODD_VALUES) : json(pick(ODD_TEXTS));
    }

    /// A value that the schema allows, or one that is wrong deeper inside.
    private String value(String name, JsonNode property, int depth) {
        JsonNode type = links.resolve(property);
        if (type.has("anyOf")) {
            return value(name, type.get("anyOf").get(0), depth);
        }
        if (type.path("properties").size() > 0 && depth < 4) {
            Map<String, String> inner = new LinkedHashMap<>();
            type.get("properties")
                    .properties()
                    .forEach(one -> {
                        if (random.nextInt(6) > 0) {
                            inner.put(one.getKey(), within(one.getKey(), one.getValue(), depth));
                        }
                    });
            return text(inner, false);
        }
        if (type.has("items") && depth < 4) {
            return "[" + within(name, type.get("items"), depth) + "]";
        }
        return switch (name) {
            // Nothing is fetched from elsewhere.
            case "url" -> "\"http://127.0.0.1:9/x\"";
            case "app" -> "\"shop\"";
            case "type" -> pick(List.of("\"web\"", "\"worker\"", "\"user\""));
            case String other -> type.has("example") ? type.get("example").toString() : odd();
        };
    }

    private String within(String name, JsonNode property, int depth) {
        return random.nextInt(5) == 0 ? odd() : value(name, property, depth + 1);
    }

    private static String text(Map<String, String> fields, boolean twice) {
        List<String> parts = new ArrayList<>();
        fields.forEach((name, value) -> {
            parts.add(json(name) + ":" + value);
            if (twice) {
                parts.add(json(name) + ":" + value);
            }
        });
        return "{" + String.join(",", parts) + "}";
    }

    private static String json(String text) {
        return JsonMapper.shared().writeValueAsString(text);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
