package dev.paddock.engine.local;

/// How far dynos are kept apart from each other and from this machine.
public enum Isolation {
    CONTAINERS("each dyno is sealed off"),
    SANDBOXES("weaker: sandboxed dynos share one user and the network of this machine"),
    NONE("NOT ISOLATED: apps run as plain processes and may do all that this user may");

    private final String text;

    Isolation(String text) {
        this.text = text;
    }

    /// In words for the operator.
    public String text() {
        return text;
    }
}
