package dev.paddock.router;

import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutesJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/// The last table on disk, with its keys, so that a router that restarts while the platform is away serves on.
final class TableFile {
    private final Path file;

    TableFile(Path file) {
        this.file = file;
    }

    /// What was kept; empty when there is none or it cannot be read.
    Optional<ControlFrame.Snapshot> read() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(RoutesJson.parseSnapshot(Files.readAllBytes(file)));
        } catch (IOException | IllegalArgumentException broken) {
            System.err.println(
                    "router: the kept routes in " + file + " are lost: " + broken.getMessage());
            return Optional.empty();
        }
    }

    void write(ControlFrame.Snapshot table) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer bytes = ByteBuffer.wrap(RoutesJson.writeSnapshot(table));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        try {
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException strange) {
            throw new IOException("cannot replace " + file + " in one step", strange);
        }
    }
}
