package dev.paddock.dyno;

import java.util.Locale;

/// The states of a dyno as the API and the log name them.
public enum DynoState {
    CREATED,
    STARTING,
    UP,
    IDLE,
    CRASHED,
    DOWN,
    COMPLETE;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
