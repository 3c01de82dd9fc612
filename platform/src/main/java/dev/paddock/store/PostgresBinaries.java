package dev.paddock.store;

import dev.paddock.daemons.Command;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.tukaani.xz.XZInputStream;

/// The PostgreSQL programs, unpacked from their jar into a directory named after the archive's checksum.
final class PostgresBinaries {
    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";
    private static final String PREFIX = "binaries-";

    /// Only programs that link against PostgreSQL need these.
    private static final List<String> LEFT_OUT = List.of("--exclude=*.a", "--exclude=pkgconfig");

    private static final Duration SYNC_LIMIT = Duration.ofMinutes(1);

    private PostgresBinaries() {}

    /// The directory with `bin`, `lib` and `share`; unpacked by the first call.
    static Path unpack(Path parent) {
        try {
            Path directory = parent.resolve(PREFIX + checksum());
            if (!Files.exists(directory)) {
                Path unfinished = parent.resolve(directory.getFileName() + ".new");
                Trees.delete(unfinished);
                Files.createDirectories(unfinished);
                untar(unfinished);
                // Without it a power cut soon after could leave a directory with empty files.
                Command.run(List.of("sync", "-f", unfinished.toString()), SYNC_LIMIT);
                Files.move(unfinished, directory);
            }
            return directory;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Unpacking PostgreSQL below " + parent + " failed: " + e.getMessage(), e);
        }
    }

    /// Deletes what earlier versions of the archive left.
    static void removeOthers(Path current) {
        Path parent = current.resolveSibling("");
        try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path other : found) {
                if (!other.equals(current)) {
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
        Process process = new ProcessBuilder(tar).redirectErrorStream(true).start();
        try (InputStream archive = PostgresBinaries.class.getResourceAsStream(ARCHIVE)) {
            if (archive == null) {
                throw new IOException("the archive is gone from its jar");
            }
            IOException broken = null;
            try (OutputStream input = process.getOutputStream();
                    InputStream plain = xz ? archive : new XZInputStream(archive)) {
                plain.transferTo(input);
            } catch (IOException e) {
                // tar says why in its output.
                broken = e;
            }
            String trouble =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException("tar: " + trouble.strip(), broken);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while unpacking PostgreSQL", e);
        }
    }
}
