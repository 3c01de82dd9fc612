package dev.paddock.dyno;

/// What a dyno is for; only formation dynos are kept running.
public enum DynoKind {
    FORMATION,
    ONE_OFF,
    RELEASE,
    BUILD
}
