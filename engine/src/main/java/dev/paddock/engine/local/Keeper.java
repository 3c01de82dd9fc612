package dev.paddock.engine.local;

import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.Stdio;
import dev.paddock.engine.local.Conmon.LaunchFailure;
import java.io.IOException;

/// What stays beside a container from its creation to its end and keeps its output and how it ended, also while no
/// platform runs: a conmon, or a shell where that is missing.
interface Keeper {
    /// Makes ready what it needs, by which a later engine knows who keeps the dyno.
    void prepare(DynoFiles files);

    /// Creates the container, as far as it goes without beginning its command; returns its first process.
    ProcessIdentity create(DynoFiles files, Stdio stdio) throws LaunchFailure;

    /// Lets the command begin; returns the container's first process, which may be known only now.
    ProcessIdentity start(DynoFiles files, ProcessIdentity init) throws LaunchFailure;

    /// Connects to the streams of a container that waits for it.
    Attachment attach(DynoFiles files) throws IOException;

    /// For the log as this keeper writes it.
    LineParser parser();

    /// Whether all that was written to the log can be told from what the keeper's process wrote.
    boolean counts();
}
