package dev.paddock.domains;

import dev.paddock.daemons.Processes;

/// A process that is or was a router: a pid alone may be another process's by now.
record RouterProcess(long pid, long startedTicks) {
    private static final long UNKNOWN = -1;

    static RouterProcess of(long pid) {
        return new RouterProcess(pid, Processes.started(pid).orElse(UNKNOWN));
    }

    boolean alive() {
        return startedTicks != UNKNOWN
                && Processes.started(pid).filter(started -> started == startedTicks).isPresent();
    }
}
