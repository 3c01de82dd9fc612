package dev.paddock.core;

import java.util.UUID;

/// The identity of an app; stays when the app is renamed.
public record AppId(UUID value) {
    public static AppId random() {
        return new AppId(UUID.randomUUID());
    }

    public static AppId parse(String text) {
        return new AppId(UUID.fromString(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
