package dev.paddock.engine.local;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What makes containers out of bundles on this machine, and takes them away. Safe for any thread.
interface Sandbox {
    /// The words that run a dyno's command inside, profile scripts first.
    List<String> launch(String command);

    /// Whether a container can have a layer of its own over a slug; else it gets a copy.
    boolean layers();

    /// Writes down what a dyno's container is to be.
    void describe(OciBundle bundle, DynoFiles files) throws IOException;

    /// The command that runs what was written down to its end.
    List<String> running(DynoFiles files);

    /// The dyno's first process, as soon as it is ours and not any more of what makes the container.
    Optional<ProcessIdentity> first(DynoFiles files);

    /// Whether the container came to be, though it may have ended since.
    boolean began(DynoFiles files);

    ProcessGroup group(DynoFiles files);

    /// Removes what is kept of a dyno's container, killing what is left of it.
    void delete(DynoFiles files);

    /// Runs a container to its end with nobody beside it, and removes what was kept of it.
    Command.Result run(OciBundle bundle, String name, Path input, Duration limit)
            throws IOException;

    /// Removes what an earlier process left of such runs.
    void clean();
}
