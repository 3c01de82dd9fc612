package dev.paddock.core;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The config vars of an app at one release, sorted by name; values are secrets and never appear in [#toString()].
public record ConfigVars(Map<String, String> values) {
    /// The limit for all names and values of an app together (spec: 64 KB).
    public static final int MAX_BYTES = 64 * 1024;

    public static final ConfigVars EMPTY = new ConfigVars(Map.of());

    /// Names with this prefix are settings of the platform; they are not given to dynos.
    public static final String SETTING_PREFIX = "PADDOCK_";

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,255}");

    public ConfigVars {
        int bytes = 0;
        for (var entry : values.entrySet()) {
            if (!NAME.matcher(entry.getKey()).matches()) {
                throw UserError.invalid(
                        "Config var name "
                                + quote(entry.getKey())
                                + " is not valid: use letters, digits and _, not starting with a digit.");
            }
            if (entry.getValue().indexOf('\0') >= 0) {
                throw UserError.invalid(
                        "Config var " + entry.getKey() + " contains a NUL character.");
            }
            bytes +=
                    entry.getKey().length()
                            + entry.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        if (bytes > MAX_BYTES) {
            throw UserError.invalid(
                    "Config vars are limited to 64 KB in all; these are "
                            + bytes
                            + " bytes. Remove or shorten some.");
        }
        values = Collections.unmodifiableMap(new TreeMap<>(values));
    }

    private static String quote(String name) {
        return name.length() > 64 ? name.substring(0, 64) + "..." : name;
    }

    @Override
    public String toString() {
        return "ConfigVars" + values.keySet();
    }
}
