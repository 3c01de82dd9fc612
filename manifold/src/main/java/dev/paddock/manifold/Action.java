package dev.paddock.manifold;

import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoTransition.Reason;
import java.time.Duration;

/// Something the planner wants done next.
sealed interface Action {
    /// Start a new formation dyno of this name.
    record Start(DynoName name, Reason reason) implements Action {}

    /// Take a dyno out of service: it leaves the view and gives its name free. It is stopped by a later [Retire].
    record Withdraw(DynoId id, Reason reason, Duration grace) implements Action {}

    /// Stop a withdrawn dyno now.
    record Retire(DynoId id, Duration grace) implements Action {}

    /// The new web dynos are all up: they serve from now on instead of the old ones.
    record TakeOver() implements Action {}

    /// The new web dynos do not come up: the old ones go on serving.
    record GiveUp(String why) implements Action {}

    /// Tell a one-off that its client is gone.
    record HangUp(DynoId id) implements Action {}

    /// Collect an ended dyno.
    record Forget(DynoId id) implements Action {}
}
