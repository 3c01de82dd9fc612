package dev.paddock.server;

import dev.paddock.store.PostgresServer;

/// Ends router and database again when a start fails after it started them; those that ran before go on.
final class StartedInVain implements AutoCloseable {
    private final RuntimeDirectory runtime;
    private final boolean routerRan;
    private final boolean databaseRan;
    private boolean settled;

    StartedInVain(RuntimeDirectory runtime) {
        this.runtime = runtime;
        routerRan = RouterProcess.find(runtime).isPresent();
        databaseRan = PostgresServer.running(runtime.path());
    }

    /// The start succeeded.
    void settle() {
        settled = true;
    }

    @Override
    public void close() {
        if (settled) {
            return;
        }
        if (!routerRan) {
            var _ = RouterProcess.stopLeftOver(runtime);
        }
        if (!databaseRan) {
            var _ = PostgresServer.stopLeftOver(runtime.path());
        }
    }
}
