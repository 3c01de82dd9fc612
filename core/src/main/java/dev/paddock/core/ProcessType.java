package dev.paddock.core;

import java.util.regex.Pattern;

/// The name of a kind of process, as it stands before the colon in a Procfile.
public record ProcessType(String value) implements Comparable<ProcessType> {
    public static final int MAX_LENGTH = 63;

    // First: the constants below are checked against it.
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_-]{1," + MAX_LENGTH + "}");

    public static final ProcessType WEB = new ProcessType("web");
    public static final ProcessType RELEASE = new ProcessType("release");
    public static final ProcessType RUN = new ProcessType("run");

    public ProcessType {
        if (!VALID.matcher(value).matches()) {
            throw UserError.invalid(
                    "Process type " + value + " may only contain letters, digits, - and _.");
        }
    }

    public boolean isWeb() {
        return equals(WEB);
    }

    @Override
    public int compareTo(ProcessType other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
