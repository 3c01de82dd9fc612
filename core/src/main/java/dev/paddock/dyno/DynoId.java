package dev.paddock.dyno;

import java.util.UUID;

/// The identity of one start of a dyno. Each start gets a new one, so the id is also the generation: a name
/// (`web.1`) is worn by many ids, one after the other.
public record DynoId(UUID value) {
    public static DynoId random() {
        return new DynoId(UUID.randomUUID());
    }

    public static DynoId parse(String text) {
        return new DynoId(UUID.fromString(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
