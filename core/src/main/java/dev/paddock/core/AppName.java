package dev.paddock.core;

import java.util.regex.Pattern;

/// The name of an app: 3 to 30 lower-case letters, digits and dashes, a letter first and no dash last.
public record AppName(String value) {
    private static final Pattern VALID = Pattern.compile("[a-z][a-z0-9-]{1,28}[a-z0-9]");

    public AppName {
        if (!VALID.matcher(value).matches()) {
            throw new UserError(
                    "invalid_params",
                    "Name must start with a letter, end with a letter or digit and can only contain lowercase"
                            + " letters, digits, and dashes; it must be 3 to 30 characters long.");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
