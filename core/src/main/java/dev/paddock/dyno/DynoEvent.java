package dev.paddock.dyno;

import java.util.Optional;

/// What an engine saw happen to a dyno. A hint: [Engine#list()] is the truth, and an event may be lost.
public sealed interface DynoEvent {
    DynoId id();

    /// The dyno has its place and, for web dynos, its address; its command is about to begin.
    record Placed(DynoId id, String host, Optional<DynoAddress> address) implements DynoEvent {}

    /// A web dyno accepts connections; any other has begun its command.
    record Up(DynoId id) implements DynoEvent {}

    /// The command ended. Also sent for a dyno that could not be started at all.
    record Exited(DynoId id, Exit exit) implements DynoEvent {}

    /// The dyno's host is gone, and the dyno with it.
    record Lost(DynoId id) implements DynoEvent {}

    /// The dyno uses more memory than its size allows (R14); it goes on running.
    record OverQuota(DynoId id, long usedBytes, long quotaBytes) implements DynoEvent {}
}
