package dev.paddock.manifold;

import dev.paddock.core.Tick;
import java.util.List;
import java.util.Optional;

/// What to do now, in this order, and when to look again if nothing happens before.
record Plan(List<Action> actions, Optional<Tick> again) {
    Plan {
        actions = List.copyOf(actions);
    }
}
