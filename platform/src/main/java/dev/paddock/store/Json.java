package dev.paddock.store;

import java.util.Map;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Maps of strings as the jsonb columns hold them.
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final TypeReference<Map<String, String>> STRINGS = new TypeReference<>() {};

    private Json() {}

    public static String write(Map<String, String> strings) {
        return MAPPER.writeValueAsString(strings);
    }

    public static Map<String, String> read(String json) {
        return MAPPER.readValue(json, STRINGS);
    }
}
