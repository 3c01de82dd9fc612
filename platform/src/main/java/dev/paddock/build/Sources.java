package dev.paddock.build;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// Trees that users uploaded to build from, kept for a while. Safe for any thread.
public final class Sources {
    /// Of an upload, and of the URLs that lead to it.
    public static final Duration LIFE = Duration.ofHours(1);

    private static final long MAX_BYTES = 1024L * 1024 * 1024;
    private static final long MAX_BYTES_OF_ALL = 4 * MAX_BYTES;
    private static final int COPY_BYTES = 64 * 1024;
    private static final String UPLOADING = ".part";

    private final Path directory;
    private final InstantSource clock;

    public Sources(Path directory, InstantSource clock) {
        this.directory = directory;
        this.clock = clock;
    }

    /// The id of a new source, which has nothing uploaded yet.
    public UUID create() {
        return UUID.randomUUID();
    }

    /// Takes an upload; one that breaks off or is too large leaves what was there before.
    public void store(UUID id, InputStream upload) throws IOException {
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        removeOld(clock.instant().minus(LIFE));
        Path part = Files.createTempFile(directory, id.toString(), UPLOADING);
        try {
            write(upload, part, MAX_BYTES_OF_ALL - allBytes());
            Files.move(
                    part,
                    directory.resolve(id.toString()),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static void write(InputStream upload, Path part, long room) throws IOException {
        try (OutputStream out = Files.newOutputStream(part)) {
            byte[] buffer = new byte[COPY_BYTES];
            long bytes = 0;
            for (int count = upload.read(buffer); count >= 0; count = upload.read(buffer)) {
                bytes += count;
                if (bytes > MAX_BYTES) {
                    throw new UserError(
                            "request_entity_too_large",
                            "A source may have at most "
                                    + BuildLimits.megabytes(MAX_BYTES)
                                    + " MB.");
                }
                if (bytes > room) {
                    throw new UserError(
                            "unavailable",
                            "Too many sources were uploaded within an hour. Try again later.");
                }
                out.write(buffer, 0, count);
            }
        }
    }

    private void removeOld(Instant before) throws IOException {
        for (Path file : files()) {
            if (Files.getLastModifiedTime(file).toInstant().isBefore(before)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private long allBytes() throws IOException {
        long bytes = 0;
        for (Path file : files()) {
            bytes += Files.exists(file) ? Files.size(file) : 0;
        }
        return bytes;
    }

    private List<Path> files() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /// What was uploaded; empty when nothing was.
    public Optional<Path> find(UUID id) {
        return Optional.of(directory.resolve(id.toString())).filter(Files::isRegularFile);
    }

    /// Removes all uploads: their URLs went with the platform process that made them. Called once at start.
    public void clean() {
        try {
            removeOld(Instant.MAX);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
