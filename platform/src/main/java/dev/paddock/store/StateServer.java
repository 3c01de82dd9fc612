package dev.paddock.store;

import java.util.OptionalLong;

/// The PostgreSQL server that keeps a platform's state: one of our own, or one that the operator named.
public sealed interface StateServer permits PostgresServer, ExternalServer {
    DatabaseAddress address();

    /// Waits until what was made for this start is on the disk.
    void settle();

    /// The process on this machine that is ours to end, if any.
    OptionalLong process();

    /// Ends what is ours of it.
    void stop();
}
