package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.RoutesJson;
import dev.paddock.routes.RoutingTable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A routes file that is read again when it changes. A file that does not fit changes nothing.
final class RoutesFile {
    private static final int LOOK_MILLIS = 200;

    private final Path file;
    private final Semaphore look = new Semaphore(0);
    private Version version = Version.NONE;

    RoutesFile(Path file) {
        this.file = file;
    }

    /// Begins to read it for the first time, on a thread of its own.
    Future<RoutingTable> begin() {
        FutureTask<RoutingTable> reading = new FutureTask<>(() -> read(UnaryOperator.identity()));
        Thread.ofPlatform().name("routes-file").daemon().start(reading);
        return reading;
    }

    private RoutingTable read(UnaryOperator<AppRoute> known) throws IOException {
        version = versionNow();
        try (InputStream in = Files.newInputStream(file)) {
            Path directory = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), file);
            return RoutesJson.parse(in, directory, known);
        } catch (IllegalArgumentException unfit) {
            throw new IOException("the routes file " + file + ": " + unfit.getMessage(), unfit);
        } catch (java.nio.file.NoSuchFileException missing) {
            throw new IOException("the routes file " + file + " does not exist", missing);
        }
    }

    /// Gives each new table to the consumer, on a thread of its own. Called when the first one was read.
    ///
    /// @param known gives back an equal route that is in memory already, or the same
    void watch(UnaryOperator<AppRoute> known, Consumer<RoutingTable> changed) {
        Thread.ofPlatform().name("routes-file").daemon().start(() -> watchForEver(known, changed));
    }

    /// Reads the file now, whether it seems changed or not.
    void reload() {
        look.release();
    }

    private void watchForEver(UnaryOperator<AppRoute> known, Consumer<RoutingTable> changed) {
        while (true) {
            try {
                boolean asked = look.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (asked || !versionNow().equals(version)) {
                    changed.accept(read(known));
                }
            } catch (IOException unfit) {
                System.err.println("router: " + unfit.getMessage() + "; the old routes stay");
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private Version versionNow() {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(now.fileKey(), now.lastModifiedTime(), now.size());
        } catch (IOException _) {
            // Not there at the moment, as between two renames; that is a change when it comes back.
            return Version.NONE;
        }
    }

    private record Version(@Nullable Object inode, FileTime modified, long size) {
        static final Version NONE = new Version(null, FileTime.fromMillis(0), -1);
    }
}
