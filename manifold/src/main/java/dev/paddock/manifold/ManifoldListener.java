package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import java.time.Duration;
import java.util.Optional;

/// Where the manifold's facts go.
public interface ManifoldListener {
    /// A transition, in order per app, never two at once for one app. Returns when it is committed; the manifold
    /// calls again (with growing pauses) when it throws. The engine's record of an ended dyno is forgotten only
    /// after this returned.
    void transition(DynoTransition transition);

    /// The change of an app's web dynos to new ones beside the old ones ended. Told again, as a transition, until this
    /// returns.
    void prebooted(AppId app, Preboot outcome);

    /// The app's view has a new revision; called at once, must not block.
    void changed(AppId app);

    /// Something worth a log line that changes no state. Comes in its place among the app's transitions; when it
    /// throws, the remark is dropped.
    void notice(AppId app, Notice notice);

    /// How new web dynos that were started beside the old ones ended up.
    sealed interface Preboot {
        ReleaseVersion release();

        /// They serve, and the old ones are stopped.
        record TookOver(ReleaseVersion release) implements Preboot {}

        /// They crashed or were not up in time; the old ones go on serving.
        ///
        /// @param size of the new ones
        /// @param kept the size of those that serve, when they run a release that is still good and differ in size alone
        record GivenUp(ReleaseVersion release, DynoSize size, Optional<DynoSize> kept, String why)
                implements Preboot {}
    }

    /// A remark about a dyno for the app's log.
    sealed interface Notice {
        DynoName name();

        /// It is being replaced: a new release, a new size, or a restart that was asked for.
        record Restarting(DynoName name, DynoState from) implements Notice {}

        /// It is stopped because its app goes to sleep.
        record Idling(DynoName name) implements Notice {}

        /// It is started because its app wakes.
        record Unidling(DynoName name) implements Notice {}

        /// `Stopping all processes with SIGTERM` (or SIGKILL).
        record Stopping(DynoName name, String signal) implements Notice {}

        /// No host that is alive has had room for it for some seconds; it is started as soon as one has.
        record NoRoom(DynoName name) implements Notice {}

        /// A web dyno did not bind $PORT in time (R10).
        record BootTimeout(DynoName name, Duration limit) implements Notice {}

        /// The engine did not get as far as beginning the command in time.
        record LaunchTimeout(DynoName name, Duration limit) implements Notice {}

        /// Nobody attached in time (R13).
        record NotAttached(DynoName name) implements Notice {}

        /// It does not end though its client is gone (R16).
        record Detached(DynoName name) implements Notice {}

        /// It uses more memory than its size allows (R14).
        record OverQuota(DynoName name, DynoEvent.OverQuota event) implements Notice {}
    }
}
