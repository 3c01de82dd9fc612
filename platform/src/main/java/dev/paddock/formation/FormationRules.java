package dev.paddock.formation;

import java.time.Duration;

/// What the operator chose for the dynos of all apps.
///
/// @param prebootWait from the start of new web dynos until they take over at the earliest (preboot)
public record FormationRules(SleepPolicy sleep, Duration prebootWait) {
    public static final FormationRules USUAL =
            new FormationRules(SleepPolicy.MODERN, Duration.ZERO);
}
