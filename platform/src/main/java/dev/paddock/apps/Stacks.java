package dev.paddock.apps;

import java.util.List;

/// The stacks and regions of this platform: one of each, the machine itself.
public final class Stacks {
    public static final String DEFAULT_STACK = "host";
    public static final String DEFAULT_REGION = "local";

    private Stacks() {}

    public static List<String> stacks() {
        return List.of(DEFAULT_STACK);
    }

    public static List<String> regions() {
        return List.of(DEFAULT_REGION);
    }
}
