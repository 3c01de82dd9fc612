package dev.paddock.server;

import dev.paddock.core.UserError;
import dev.paddock.engine.local.LocalEngine;
import dev.paddock.engine.local.LocalSettings;
import dev.paddock.store.PostgresServer;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// Ends a platform from outside: asks the living one to end everything, and ends by itself what a dead one left.
public final class Teardown {
    /// The dynos' 30 s, the routers' acknowledgements, and the database's last checkpoint.
    private static final Duration PLATFORM_LIMIT = Duration.ofSeconds(150);

    private static final Duration LEFTOVERS_LIMIT = Duration.ofSeconds(40);

    private final Path data;
    private final Consumer<String> told;

    /// @param told gets a line for each thing that was ended or undone
    public Teardown(Path data, Consumer<String> told) {
        this.data = data;
        this.told = told;
    }

    /// Ends dynos, router, platform and database; returns when they are gone.
    public void stop() {
        if (!Files.isDirectory(data)) {
            throw UserError.invalid(
                    "There is no platform in %s: the directory does not exist.".formatted(data));
        }
        requireOurs();
        stopPlatform();
        try (DataDirectory held = DataDirectory.open(data)) {
            RuntimeDirectory runtime = RuntimeDirectory.of(held.path());
            if (Files.isDirectory(runtime.path())) {
                stopLeftovers(held, runtime);
            }
        }
    }

    /// As [#stop()], and then undoes every change to the machine.
    public void purge() {
        stop();
        RuntimeDirectory runtime;
        Optional<String> external = StatePlace.remembered(data);
        try (DataDirectory held = DataDirectory.open(data)) {
            runtime = RuntimeDirectory.of(held.path());
            runtime.create();
            LocalEngine.purge(runtime.path(), held.engine(), runtime.hash());
            told.accept(
                    "removed namespaces, cgroups, addresses and firewall rules " + runtime.hash());
            Trees.delete(runtime.path());
            told.accept("removed " + runtime.path());
            Trees.delete(held.path());
            told.accept("removed " + held.path());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Machine.removeUsersUnlessNeeded(runtime.root(), told);
        external.ifPresent(server ->
                told.accept(
                        "left the database %s as it is: nothing opens what is sealed in it any more, so drop it there with `drop database`"
                                .formatted(server)));
    }

    /// A directory named by mistake must not lose its files.
    private void requireOurs() {
        if (!Files.exists(data.resolve(DataDirectory.LOCK))) {
            throw UserError.invalid(
                    "%s is no data directory of a platform: it has no file %s. Nothing was done."
                            .formatted(data, DataDirectory.LOCK));
        }
    }

    private void stopPlatform() {
        // A platform of this very process has closed by now, or opening the directory will say so.
        Optional<ProcessMark> platform =
                DataDirectory.holder(data)
                        .filter(holder -> holder.pid() != ProcessHandle.current().pid());
        if (platform.isEmpty()) {
            return;
        }
        ProcessMark process = platform.get();
        ProcessHandle.of(process.pid())
                .filter(handle -> process.alive())
                .ifPresent(ProcessHandle::destroy);
        try {
            if (!process.awaitEnd(PLATFORM_LIMIT)) {
                throw new UserError(
                        "unavailable",
                        "The platform, process %d, did not end within %d s. Look at what it says, or end it with kill -9 %d and call `paddock down` again."
                                .formatted(
                                        process.pid(), PLATFORM_LIMIT.toSeconds(), process.pid()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while the platform ends.");
        }
        told.accept("stopped the platform, process " + process.pid());
    }

    private void stopLeftovers(DataDirectory held, RuntimeDirectory runtime) {
        try (LocalEngine engine = engine(held, runtime)) {
            int dynos = Dying.living(engine).size();
            if (dynos > 0) {
                if (!Dying.await(engine, new Grace(), LEFTOVERS_LIMIT)) {
                    throw new UserError(
                            "unavailable",
                            "%d dynos do not end; their processes are in %s."
                                    .formatted(Dying.living(engine).size(), runtime.dynos()));
                }
                told.accept("stopped " + dynos + (dynos == 1 ? " dyno" : " dynos"));
            }
            engine.standDown();
        }
        if (RouterProcess.stopLeftOver(runtime)) {
            told.accept("stopped the router");
        }
        if (PostgresServer.stopLeftOver(runtime.path())) {
            told.accept("stopped the database");
        }
        PlatformRecord.remove(runtime);
    }

    private static LocalEngine engine(DataDirectory held, RuntimeDirectory runtime) {
        LocalEngine engine =
                new LocalEngine(
                        LocalSettings.of(
                                runtime.path(), held.engine(), runtime.hash(), new SystemTimers()));
        engine.listen(event -> {});
        return engine;
    }
}
