package dev.paddock.dyno;

import dev.paddock.core.ProcessType;

/// The name of a dyno within its app: `web.1`, `run.4711`.
public record DynoName(ProcessType type, int number) implements Comparable<DynoName> {
    public DynoName {
        if (number < 1) {
            throw new IllegalArgumentException("dyno number " + number);
        }
    }

    /// Parses `web.1`; throws IllegalArgumentException for anything else.
    public static DynoName parse(String text) {
        int dot = text.lastIndexOf('.');
        if (dot < 1) {
            throw new IllegalArgumentException("not a dyno name: " + text);
        }
        return new DynoName(
                new ProcessType(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
    }

    @Override
    public int compareTo(DynoName other) {
        int byType = type.compareTo(other.type);
        return byType != 0 ? byType : Integer.compare(number, other.number);
    }

    @Override
    public String toString() {
        return type + "." + number;
    }
}
