package dev.paddock.manifold;

import dev.paddock.core.Tick;
import java.time.Duration;

/// What is remembered of a dyno name after a crash, until a success or the user resets it.
///
/// @param crashes crashes in a row
/// @param forgiven deaths in a row that did not count as another crash
/// @param pause the pause that was imposed after the last one
/// @param notBefore when the next start is allowed
/// @param crashed the dyno that crashed last, as users see it while the name waits
record Backoff(int crashes, int forgiven, Duration pause, Tick notBefore, DynoView crashed) {}
