package dev.paddock.server;

import dev.paddock.daemons.Daemon;
import dev.paddock.daemons.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;

/// What of one platform runs at this moment, seen from outside through its runtime directory.
///
/// @param platform the living platform process
/// @param known what the last platform wrote about itself, whether it lives or not
/// @param router pid of the living router
/// @param database pid of the living PostgreSQL of its own
/// @param dynos those that live; empty when this user may not look
public record Status(
        Optional<ProcessMark> platform,
        Optional<PlatformRecord> known,
        Optional<Long> router,
        Optional<Long> database,
        Optional<Integer> dynos) {
    private static final Status NOTHING =
            new Status(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(0));

    public static Status of(Path data) {
        Optional<RuntimeDirectory> found = RuntimeDirectory.find(data);
        if (found.isEmpty()) {
            return NOTHING;
        }
        RuntimeDirectory runtime = found.get();
        Optional<PlatformRecord> known = PlatformRecord.read(runtime);
        return new Status(
                known.map(PlatformRecord::process).filter(ProcessMark::alive),
                known,
                router(runtime),
                known.flatMap(PlatformRecord::database)
                        .filter(ProcessMark::alive)
                        .map(ProcessMark::pid),
                dynos(runtime));
    }

    private static Optional<Long> router(RuntimeDirectory runtime) {
        try {
            return RouterProcess.find(runtime).map(Daemon::pid);
        } catch (UncheckedIOException notOurs) {
            return Optional.empty();
        }
    }

    private static Optional<Integer> dynos(RuntimeDirectory runtime) {
        int living = 0;
        try (DirectoryStream<Path> dynos = Files.newDirectoryStream(runtime.dynos())) {
            for (Path dyno : dynos) {
                // What has no spec is a spare: a container that waits to become a dyno.
                if (Files.exists(dyno.resolve("spec.json")) && lives(dyno.resolve("pid"))) {
                    living++;
                }
            }
            return Optional.of(living);
        } catch (NoSuchFileException | NotDirectoryException none) {
            return Optional.of(0);
        } catch (IOException notOurs) {
            return Optional.empty();
        }
    }

    private static boolean lives(Path pid) {
        try {
            return Processes.started(Long.parseLong(Files.readString(pid).trim())).isPresent();
        } catch (IOException | NumberFormatException notYetOrNoMore) {
            return false;
        }
    }
}
