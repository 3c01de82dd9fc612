package dev.paddock.core;

/// Told at the named steps of changes that consist of several, so that a test can end the process at each of them.
@FunctionalInterface
public interface Steps {
    /// For whoever ends nothing.
    Steps UNWATCHED = _ -> {};

    void reached(String step);
}
