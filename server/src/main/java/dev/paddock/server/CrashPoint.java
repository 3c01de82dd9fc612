package dev.paddock.server;

import dev.paddock.core.Steps;
import java.util.Optional;

/// Ends this process at a step as `kill -9` would, with nothing tidied: for tests of what a crash leaves.
///
/// @param step the name of the step, as it is told to [Steps]
record CrashPoint(String step) implements Steps {
    /// The system property that names the step.
    static final String PROPERTY = "paddock.crash-at";

    /// What a shell calls the end by SIGKILL.
    static final int STATUS = 137;

    static Steps named(Optional<String> step) {
        return step.<Steps>map(CrashPoint::new).orElse(UNWATCHED);
    }

    @Override
    public void reached(String reached) {
        if (reached.equals(step)) {
            Runtime.getRuntime().halt(STATUS);
        }
    }
}
