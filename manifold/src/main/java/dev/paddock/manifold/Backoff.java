package dev.paddock.manifold;

import dev.paddock.core.Tick;
import java.time.Duration;

/// What is remembered of a dyno name after a crash, until a success or the user resets it.
///
/// @param crashes crashes in a row
/// @param pause the pause that was imposed after the last one
/// @param notBefore when the next start is allowed
/// @param crashed the dyno that crashed last, as users see it while the name waits
record Backoff(int crashes, Duration pause, Tick notBefore, DynoView crashed) {}
