/// Children that outlive the platform: PostgreSQL and the router.
///
/// Each runs in its own session, where possible under its own system user, and leaves a record by which a later
/// platform process finds and adopts it. Start with [Daemon] and [DaemonSpec].
@NullMarked
package dev.paddock.daemons;

import org.jspecify.annotations.NullMarked;
