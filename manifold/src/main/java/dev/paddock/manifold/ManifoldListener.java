package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoTransition;

/// Where the manifold's facts go.
public interface ManifoldListener {
    /// A transition, in order per app, never two at once for one app. Returns when it is committed; the manifold
    /// calls again (with growing pauses) when it throws. The engine's record of an ended dyno is forgotten only
    /// after this returned.
    void transition(DynoTransition transition);

    /// The app's view has a new revision; called at once, must not block.
    void changed(AppId app);

    /// Something worth a log line that changes no state: R14, stopping with SIGTERM.
    void notice(AppId app, Notice notice);

    /// A remark about a dyno for the app's log.
    sealed interface Notice {
        /// `Stopping all processes with SIGTERM` (or SIGKILL).
        record Stopping(dev.paddock.dyno.DynoName name, String signal) implements Notice {}

        record OverQuota(dev.paddock.dyno.DynoName name, DynoEvent.OverQuota event)
                implements Notice {}
    }
}
