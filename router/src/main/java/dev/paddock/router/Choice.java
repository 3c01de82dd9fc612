package dev.paddock.router;

/// What choosing a dyno for a request came to: a [Backend], counted as busy with it, or a reason for none.
sealed interface Choice permits Backend, Choice.None {
    /// Why no dyno was chosen.
    enum None implements Choice {
        /// The request stands in the app's queue; it will be given a dyno.
        QUEUED,
        BACKLOG_FULL,
        /// All dynos failed to connect a moment ago.
        QUARANTINED,
        /// All dynos that may be tried were tried for this request.
        EXHAUSTED,
        /// No dyno is up, one is starting; the request is told when the table changes.
        BOOTING,
        CRASHED,
        NO_PROCESSES
    }
}
