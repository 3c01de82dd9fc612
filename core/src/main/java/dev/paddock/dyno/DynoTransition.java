package dev.paddock.dyno;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import java.time.Instant;
import java.util.Optional;

/// What the manifold concluded about a dyno: it went from one state to another, when and why.
///
/// @param tick when, on the monotonic clock of the boot `bootId`; what durations are computed from
/// @param date when, on the wall clock; for display only
/// @param command the command with `$PORT` expanded, as the log shows it
/// @param attached whether its streams belong to whoever attaches, so that its output is not logged
/// @param exit present when the dyno ended by itself or was stopped; empty when it was lost with its host
public record DynoTransition(
        DynoId dyno,
        AppId app,
        DynoName name,
        DynoKind kind,
        DynoSize size,
        ReleaseVersion release,
        DynoState from,
        DynoState to,
        Reason reason,
        Tick tick,
        String bootId,
        Instant date,
        String command,
        boolean attached,
        Optional<Exit> exit) {

    /// Whether this is the last transition of its dyno.
    public boolean isEnd() {
        return switch (to) {
            case CRASHED, DOWN, COMPLETE -> true;
            case CREATED, STARTING, UP, IDLE -> false;
        };
    }

    /// Why a dyno changed its state.
    public enum Reason {
        /// It was wanted and is being started for the first time.
        START,
        /// Its command began or its port answers.
        UP,
        /// Its command ended though it should run.
        EXIT,
        /// It did not bind $PORT in time (R10).
        BOOT_TIMEOUT,
        /// It crashed before and is tried again.
        RESTART_AFTER_CRASH,
        /// A new release, a new size, or a restart the user asked for.
        RESTART,
        /// New ones that were started beside it took over (preboot).
        REPLACED,
        /// It is no longer wanted.
        SCALE_DOWN,
        /// Nobody asked its app for anything for long.
        IDLE,
        /// The user stopped it.
        STOP,
        /// Its host is gone.
        HOST_LOST,
        /// Nobody attached in time (R13).
        NOT_ATTACHED,
        /// A one-off ran to its end.
        COMPLETE
    }
}
