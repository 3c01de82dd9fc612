package dev.paddock.domains;

import dev.paddock.daemons.Processes;

/// A process that is or was a router: a pid alone may be another process's by now.
record PeerProcess(long pid, long startedTicks) {
    private static final long UNKNOWN = -1;

    static PeerProcess of(long pid) {
        return new PeerProcess(pid, Processes.started(pid).orElse(UNKNOWN));
    }

    boolean alive() {
        return startedTicks != UNKNOWN
                && Processes.started(pid).filter(started -> started == startedTicks).isPresent();
    }
}
