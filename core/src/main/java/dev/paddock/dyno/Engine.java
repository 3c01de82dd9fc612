package dev.paddock.dyno;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Runs dynos and reports what becomes of them. Safe for any thread.
///
/// An engine never restarts anything. It keeps the record of an ended dyno until [#forget(DynoId)], so that an end
/// is collected exactly when it has been committed. Dynos outlive the process that holds this object.
public interface Engine extends AutoCloseable {
    /// Where events go; called once, before anything else. The consumer does not block.
    void listen(Consumer<DynoEvent> events);

    /// Begins to start a dyno and returns as soon as [#list()] would show it; the rest arrives as events. A dyno
    /// that cannot be started ends as [DynoEvent.Exited] with [Exit.Cause#LAUNCH_FAILED].
    void start(DynoSpec spec);

    /// The same on one of [#hosts()]. False when that host does not answer or lives another life than the one given:
    /// then nothing was started. An engine of one host need not care.
    default boolean start(DynoSpec spec, EngineHost host) {
        start(spec);
        return true;
    }

    /// Begins to stop a dyno: SIGTERM to all its processes, SIGKILL after `grace` (at once when zero). Unknown and
    /// ended dynos are ignored. Calling it again can only shorten the grace.
    void retire(DynoId id, Duration grace);

    /// SIGHUP to all processes of a dyno: its terminal is gone.
    void hangUp(DynoId id);

    /// All dynos that run or whose end has not been forgotten; not those of hosts that do not answer, nor of an earlier
    /// life of a host.
    List<EngineDyno> list();

    /// Drops the record of an ended dyno and frees what it held: its files, its address, its port.
    void forget(DynoId id);

    /// Connects to the streams of a dyno that was started with [Stdio.Terminal] or [Stdio.Pipes]; at most once per
    /// dyno. Its command begins now.
    Attachment attach(DynoId id);

    /// The output of a dyno from a position on (0 = the beginning of what is kept).
    DynoOutput output(DynoId id, long cursor);

    /// What a dyno uses now; empty for one whose command does not run.
    Optional<DynoUsage> usage(DynoId id);

    /// Web dynos of an app that are started from now on will be of this release; with [ReleaseVersion#NONE] there will
    /// be none. What is kept ready for others can go; an engine that keeps nothing ready need not care.
    default void expect(AppId app, ReleaseVersion release) {}

    /// Removes everything kept for an app beyond its dynos: unpacked slugs, its user number.
    void discard(AppId app);

    /// Drops the unpacked copy of a slug that no release needs any more; ignored while a dyno runs from it.
    void discard(AppId app, java.util.UUID slug);

    /// All hosts, those that do not answer too. Never the same generation of one whose dynos' addresses may be given out
    /// again.
    List<EngineHost> hosts();

    /// What is weaker here than on a fully equipped machine, in words for the operator; empty when nothing is.
    List<String> weaknesses();

    /// Lets go of all dynos without stopping them.
    @Override
    void close();
}
