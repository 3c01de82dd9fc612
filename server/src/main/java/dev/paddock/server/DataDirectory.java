package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/// The directory that holds all state of one platform, held under a lock: one platform per data directory.
final class DataDirectory implements AutoCloseable {
    static final String LOCK = "lock";
    private static final int MARK_BYTES = 200;

    private final Path path;
    private final FileChannel channel;

    private DataDirectory(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /// Makes the directory when it is missing, and locks it. Throws UserError naming the platform that holds it.
    static DataDirectory open(Path path) {
        Path real = create(path);
        try {
            FileChannel channel =
                    FileChannel.open(
                            real.resolve(LOCK),
                            Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.READ,
                                    StandardOpenOption.WRITE),
                            SmallFiles.OWNER_ONLY);
            if (tryLock(channel).isEmpty()) {
                String holder =
                        ProcessMark.parse(read(channel))
                                .map(mark -> "process " + mark.pid())
                                .orElse("another process");
                channel.close();
                throw new UserError(
                        "conflict",
                        "The data directory %s is in use by the platform that runs as %s. Take over from it with `paddock up --replace`, stop it with `paddock down --data %s`, or choose another directory with --data."
                                .formatted(real, holder, real));
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(ProcessMark.self().toString().getBytes(StandardCharsets.UTF_8)),
                    0);
            return new DataDirectory(real, channel);
        } catch (IOException e) {
            throw new UserError(
                    "unavailable", "Could not lock the data directory %s: %s.".formatted(real, e));
        }
    }

    /// The platform that holds the directory, whether it is ready or not.
    static Optional<ProcessMark> holder(Path path) {
        try {
            return ProcessMark.parse(Files.readString(path.resolve(LOCK)))
                    .filter(ProcessMark::alive);
        } catch (IOException neverUsed) {
            return Optional.empty();
        }
    }

    private static Path create(Path path) {
        try {
            Files.createDirectories(path);
            Path real = path.toRealPath();
            // Whoever called sudo reads two files of theirs in it, by name; nobody else gets that
            // far.
            Set<PosixFilePermission> mode =
                    PosixFilePermissions.fromString(
                            Superuser.caller().isPresent() ? "rwx--x--x" : "rwx------");
            if (!Files.getPosixFilePermissions(real).equals(mode)) {
                Files.setPosixFilePermissions(real, mode);
            }
            return real;
        } catch (IOException e) {
            throw new UserError(
                    "unavailable",
                    "Could not make the data directory %s: %s. Choose another with --data."
                            .formatted(path, e));
        }
    }

    private static Optional<FileLock> tryLock(FileChannel channel) throws IOException {
        try {
            return Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException sameProcess) {
            return Optional.empty();
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(MARK_BYTES);
        channel.read(text, 0);
        return StandardCharsets.UTF_8.decode(text.flip()).toString();
    }

    Path path() {
        return path;
    }

    /// Throws UserError when a restore into it was cut off.
    void requireWhole() {
        if (Files.exists(path.resolve(Restore.UNFINISHED))) {
            throw new UserError(
                    "conflict",
                    "The restore into %s was cut off. Call `paddock restore` again, which begins it anew, or remove the directory with `paddock down --purge --data %s`."
                            .formatted(path, path));
        }
    }

    /// The flags of the last start, kept for backups.
    Path settings() {
        return path.resolve(BackedUp.SETTINGS);
    }

    Path repositories() {
        return path.resolve("repositories");
    }

    Path slugs() {
        return path.resolve("slugs");
    }

    Path builds() {
        return path.resolve("build");
    }

    Path buildCaches() {
        return path.resolve("build-caches");
    }

    Path sources() {
        return path.resolve("sources");
    }

    Path outputs() {
        return path.resolve("outputs");
    }

    Path logs() {
        return path.resolve("logs");
    }

    /// Opens what the database keeps sealed; is kept apart from backups of the database.
    Path secretsKey() {
        return path.resolve("keys").resolve("secrets.key");
    }

    Path audit() {
        return path.resolve("audit");
    }

    Path certificates() {
        return path.resolve("certificates");
    }

    Path router() {
        return path.resolve("router");
    }

    Path routerPrograms() {
        return path.resolve("router-programs");
    }

    Path engine() {
        return path.resolve("engine");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
