package dev.paddock.server;

import dev.paddock.core.UserError;
import dev.paddock.store.Database;
import dev.paddock.store.PostgresServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Takes the place of the platform that runs on the same data directory, for `up --replace`. The router serves on, dynos
/// and database live on, and whoever starts next adopts them.
public final class Replacement {
    /// The signal by which a platform is asked to end alone. A build that does not know it ends as if it had been killed,
    /// which leaves the same behind.
    static final String SIGNAL = "USR1";

    /// A platform that is still starting does that first.
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private Replacement() {}

    /// Ends the platform that runs there, and it alone; does nothing when there is none. Its database is brought to this
    /// build's schema first: a migration that fails leaves it running. Throws UserError.
    public static void makeRoom(Settings settings, Installation installation) {
        Optional<ProcessMark> running = DataDirectory.holder(settings.data());
        if (running.isEmpty()) {
            return;
        }
        HostPackages.ofThisMachine().require(settings.installs());
        migrate(StatePlace.of(settings.data(), settings.database()), installation);
        end(running.get());
    }

    private static void migrate(StatePlace place, Installation installation) {
        try {
            if (place.external().isPresent()) {
                place.require();
                Database.migrate(place.external().get());
            } else {
                PostgresServer.migrateRunning(
                        StatePlace.own(place.data()),
                        RuntimeDirectory.of(place.data()).path(),
                        installation.postgres());
            }
        } catch (RuntimeException e) {
            UserError failed =
                    new UserError(
                            "unavailable",
                            "The database could not be brought to this version's schema, so the running platform was not replaced and goes on as it was: "
                                    + e.getMessage());
            failed.initCause(e);
            throw failed;
        }
    }

    private static void end(ProcessMark platform) {
        signal(platform);
        try {
            if (!platform.awaitEnd(LIMIT)) {
                throw new UserError(
                        "unavailable",
                        "The running platform, process %d, did not end within %d s. Look at what it says; kill -9 %d ends it alone as well, and then `paddock up` takes over."
                                .formatted(platform.pid(), LIMIT.toSeconds(), platform.pid()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while the running platform ends.");
        }
    }

    private static void signal(ProcessMark platform) {
        String command = "kill -%s %d".formatted(SIGNAL, platform.pid());
        try {
            Process kill = new ProcessBuilder(List.of("sh", "-c", command)).start();
            if (kill.waitFor() != 0 && platform.alive()) {
                throw new UserError(
                        "unavailable",
                        "The running platform, process %d, cannot be told to end: `%s` failed. Does it belong to another user?"
                                .formatted(platform.pid(), command));
            }
        } catch (IOException e) {
            throw new UserError("unavailable", "Could not run `%s`: %s".formatted(command, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while the running platform ends.");
        }
    }
}
