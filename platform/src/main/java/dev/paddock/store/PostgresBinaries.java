package dev.paddock.store;

import dev.paddock.daemons.Command;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.tukaani.xz.XZInputStream;

/// The PostgreSQL programs, unpacked from their jar into a directory named after the archive's checksum.
final class PostgresBinaries {
    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";
    private static final String PREFIX = "binaries-";

    /// Only programs that link against PostgreSQL need these.
    private static final List<String> LEFT_OUT = List.of("--exclude=*.a", "--exclude=pkgconfig");

    private static final Duration COPY_LIMIT = Duration.ofMinutes(1);

    /// Without the xz program, on a slow machine.
    private static final Duration UNPACK_LIMIT = Duration.ofMinutes(5);

    private PostgresBinaries() {}

    /// The directory with `bin`, `lib` and `share`; made by the first call.
    ///
    /// @param store where they are unpacked once for all data directories of this installation; a store that cannot be
    ///     written is done without
    static Path unpack(Path parent, Optional<Path> store) {
        try {
            String name = PREFIX + checksum();
            Path directory = parent.resolve(name);
            Unsettled.discardTorn(directory);
            if (!Files.exists(directory)) {
                Unsettled.begin(directory);
                Path unfinished = parent.resolve(name + ".new");
                Trees.delete(unfinished);
                Optional<Path> kept = store.flatMap(path -> keep(path.resolve(name)));
                if (kept.isPresent()) {
                    copy(kept.get(), unfinished);
                } else {
                    Files.createDirectories(unfinished);
                    untar(unfinished);
                }
                Files.move(unfinished, directory);
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Unpacking PostgreSQL below " + parent + " failed: " + e.getMessage(), e);
        }
    }

    /// The directory below `store`, if it was made.
    static Optional<Path> unpacked(Path store) {
        try {
            return Optional.of(store.resolve(PREFIX + checksum())).filter(Files::isDirectory);
        } catch (IOException e) {
            throw new UncheckedIOException("Looking for PostgreSQL below " + store, e);
        }
    }

    /// Brings what [#unpack(Path, Optional)] made onto the disk.
    static void settle(Path directory, Optional<Path> store) throws IOException {
        Unsettled.settle(List.of(directory));
        Optional<Path> kept = store.map(path -> path.resolve(directory.getFileName()));
        if (kept.isPresent() && Files.isWritable(kept.get().resolveSibling(""))) {
            Unsettled.settle(List.of(kept.get()));
        }
    }

    private static Optional<Path> keep(Path kept) {
        try {
            Files.createDirectories(kept.resolveSibling(""));
            if (Files.isWritable(kept.resolveSibling(""))) {
                Unsettled.discardTorn(kept);
            }
            if (!Files.isDirectory(kept)) {
                Unsettled.begin(kept);
                Path unfinished =
                        Files.createTempDirectory(
                                kept.resolveSibling(""), kept.getFileName().toString());
                try {
                    Files.setPosixFilePermissions(
                            unfinished, PosixFilePermissions.fromString("rwxr-xr-x"));
                    untar(unfinished);
                    Files.move(unfinished, kept);
                } finally {
                    Trees.delete(unfinished);
                }
            }
            return Optional.of(kept);
        } catch (IOException e) {
            // A read-only installation, or another start was quicker.
            return Optional.of(kept).filter(Files::isDirectory);
        }
    }

    /// By hard links where both are on one file system.
    private static void copy(Path kept, Path target) throws IOException {
        List<String> cp = List.of("cp", "--archive", kept.toString(), target.toString());
        if (Files.getFileStore(kept).equals(Files.getFileStore(target.resolveSibling("")))) {
            List<String> link = new ArrayList<>(cp);
            link.add(1, "--link");
            if (Command.run(link, COPY_LIMIT).ok()) {
                return;
            }
            Trees.delete(target);
        }
        Command.Result result = Command.run(cp, COPY_LIMIT);
        if (!result.ok()) {
            throw new IOException(result.output());
        }
    }

    /// Deletes what earlier versions of the archive left.
    static void removeOthers(Path current) {
        Path parent = current.resolveSibling("");
        try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path other : found) {
                if (!other.getFileName().toString().startsWith(current.getFileName().toString())) {
                    Trees.delete(other);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Removing old PostgreSQL binaries", e);
        }
    }

    private static String checksum() throws IOException {
        URL url = PostgresBinaries.class.getResource(ARCHIVE);
        if (url == null || !(url.openConnection() instanceof JarURLConnection connection)) {
            throw new IllegalStateException(
                    "The jar with the PostgreSQL binaries is not on the class path.");
        }
        return "%08x".formatted(connection.getJarEntry().getCrc());
    }

    private static void untar(Path directory) throws IOException {
        // The xz program takes a quarter of the time of its Java port, but a small Debian lacks it.
        boolean xz = Files.isExecutable(Path.of("/usr/bin/xz"));
        List<String> tar =
                List.of(
                        "tar",
                        xz ? "-xJf" : "-xf",
                        "-",
                        "--no-same-owner",
                        LEFT_OUT.getFirst(),
                        LEFT_OUT.getLast(),
                        "-C",
                        directory.toString());
        try (InputStream archive = PostgresBinaries.class.getResourceAsStream(ARCHIVE)) {
            if (archive == null) {
                throw new IOException("the archive is gone from its jar");
            }
            try (InputStream plain = xz ? archive : new XZInputStream(archive)) {
                Command.Result result = Command.run(tar, plain, UNPACK_LIMIT);
                if (!result.ok()) {
                    // On a full disk it says the same of every file.
                    throw new IOException(result.output().lines().findFirst().orElse("tar failed"));
                }
            }
        }
    }
}
