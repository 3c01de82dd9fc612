package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.ErrorCode;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import dev.paddock.logs.DynoLogs;
import dev.paddock.manifold.ManifoldListener.Notice;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;

/// Tells the life of each dyno in its app's log, in the words of dynos.md sections 1 and 7, and has its output
/// followed. Safe for any thread.
public final class DynoJournal {
    /// For the last output of an ended dyno to arrive before `Process exited`.
    private static final Duration LAST_OUTPUT_LIMIT = Duration.ofSeconds(1);

    private static final double BYTES_PER_MB = 1024 * 1024;

    private final LogSink log;
    private final DynoLogs output;
    private final InstantSource clock;

    public DynoJournal(LogSink log, DynoLogs output, InstantSource clock) {
        this.log = log;
        this.output = output;
        this.clock = clock;
    }

    /// A transition that was just recorded. `isNew` is false for one that an earlier process of the platform had
    /// recorded and told: the output is followed again, the lines are not.
    public void transition(DynoTransition transition, boolean isNew) {
        followOutput(transition);
        if (isNew) {
            tell(transition);
        }
    }

    /// The output of an attached dyno belongs to whoever attached.
    private void followOutput(DynoTransition transition) {
        if (transition.attached()) {
            return;
        }
        if (transition.isEnd()) {
            output.finish(transition.dyno(), LAST_OUTPUT_LIMIT);
        } else {
            output.follow(transition.app(), transition.dyno(), transition.name());
        }
    }

    private void tell(DynoTransition transition) {
        switch (transition.to()) {
            case STARTING -> {
                if (transition.reason() == Reason.RESTART_AFTER_CRASH) {
                    write(transition, stateLine(DynoState.CRASHED, DynoState.STARTING));
                }
                write(transition, "Starting process with command `" + transition.command() + "`");
            }
            case UP, CREATED, IDLE ->
                    write(transition, stateLine(transition.from(), transition.to()));
            case CRASHED, DOWN, COMPLETE -> {
                transition.exit().ifPresent(exit -> tellExit(transition, exit));
                if (saysEndState(transition)) {
                    write(transition, stateLine(transition.from(), transition.to()));
                }
            }
        }
    }

    private void tellExit(DynoTransition transition, Exit exit) {
        switch (exit.cause()) {
            case PROCESS -> {}
            case GRACE_EXPIRED -> {
                write(
                        transition,
                        ErrorCode.R12.line()
                                + " -> Process failed to exit within 30 seconds of SIGTERM");
                write(transition, "Stopping process with SIGKILL");
            }
            case OUT_OF_MEMORY -> {
                write(transition, ErrorCode.R15.line());
                write(transition, "Stopping process with SIGKILL");
            }
            case LAUNCH_FAILED -> {
                write(transition, ErrorCode.R99.line() + " -> Failed to launch: " + exit.detail());
                return;
            }
            case CHECKSUM -> {
                write(transition, ErrorCode.R17.line() + " -> " + exit.detail());
                return;
            }
        }
        write(transition, "Process exited with status " + exit.status());
    }

    /// A formation dyno that is stopped or replaced ends with its exit line: its name has another state by then.
    private static boolean saysEndState(DynoTransition transition) {
        return transition.to() != DynoState.DOWN
                || transition.reason() == Reason.HOST_LOST
                || transition.reason() == Reason.IDLE;
    }

    /// A remark of the manifold.
    public void notice(AppId app, Notice notice) {
        switch (notice) {
            case Notice.Restarting(DynoName name, DynoState from) -> {
                write(app, name, "Restarting");
                if (from != DynoState.STARTING) {
                    write(app, name, stateLine(from, DynoState.STARTING));
                }
            }
            case Notice.Idling(DynoName name) -> write(app, name, "Idling");
            case Notice.Unidling(DynoName name) -> {
                write(app, name, "Unidling");
                write(app, name, stateLine(DynoState.DOWN, DynoState.STARTING));
            }
            case Notice.Stopping(DynoName name, String signal) ->
                    write(
                            app,
                            name,
                            signal.equals("SIGKILL")
                                    ? "Stopping process with SIGKILL"
                                    : "Stopping all processes with " + signal);
            case Notice.NoRoom(DynoName name) ->
                    write(app, name, "Waiting for a machine that has room for this dyno");
            case Notice.BootTimeout(DynoName name, Duration limit) ->
                    write(
                            app,
                            name,
                            ErrorCode.R10.line()
                                    + " -> Web process failed to bind to $PORT within "
                                    + limit.toSeconds()
                                    + " seconds of launch");
            case Notice.LaunchTimeout(DynoName name, Duration limit) ->
                    write(
                            app,
                            name,
                            ErrorCode.R99.line()
                                    + " -> Failed to launch within "
                                    + limit.toSeconds()
                                    + " seconds");
            case Notice.NotAttached(DynoName name) ->
                    write(app, name, ErrorCode.R13.line() + " -> Failed to attach to process");
            case Notice.Detached(DynoName name) ->
                    write(
                            app,
                            name,
                            ErrorCode.R16.line()
                                    + " -> An attached process is not responding to SIGHUP after"
                                    + " its external connection was closed.");
            case Notice.OverQuota(DynoName name, DynoEvent.OverQuota event) -> {
                write(app, name, memoryLine(event));
                write(app, name, ErrorCode.R14.line());
            }
        }
    }

    private static String memoryLine(DynoEvent.OverQuota event) {
        return String.format(
                Locale.ROOT,
                "Process running mem=%.0fMB(%.1f%%)",
                event.usedBytes() / BYTES_PER_MB,
                100.0 * event.usedBytes() / event.quotaBytes());
    }

    private static String stateLine(DynoState from, DynoState to) {
        return "State changed from " + from + " to " + to;
    }

    private void write(DynoTransition transition, String text) {
        write(transition.app(), transition.date(), transition.name(), text);
    }

    private void write(AppId app, DynoName name, String text) {
        write(app, clock.instant(), name, text);
    }

    private void write(AppId app, Instant time, DynoName name, String text) {
        log.write(LogLine.of(app, time, LogSource.HEROKU, name.toString(), text));
    }
}
