package dev.paddock.manifold;

import dev.paddock.dyno.DynoTransition;

/// Something for the listener, in the order in which it was concluded.
sealed interface Fact {
    /// Must be committed; told again until it is.
    record Transition(DynoTransition transition) implements Fact {}

    /// As important as a transition.
    record Prebooted(ManifoldListener.Preboot outcome) implements Fact {}

    /// Worth a line in the log; told once.
    record Remark(ManifoldListener.Notice notice) implements Fact {}
}
