package dev.paddock.build;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.core.AppId;
import dev.paddock.core.ConfigVars;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.Mount;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// The files of one build on the platform's side. Only `out` and the cache can be written by the build dyno; what is
/// read back from `out` is a regular file, opened without following links, and bounded.
final class BuildDirectory {
    /// Where the build dyno sees the mounts.
    static final String ROOT = "/paddock";

    /// Our buildpacks and what runs them; resources of this package.
    private static final List<String> SCRIPTS =
            List.of(
                    "build",
                    "ours",
                    "tools.sh",
                    "apt/bin/detect",
                    "apt/bin/compile",
                    "ruby/bin/detect",
                    "ruby/bin/compile",
                    "ruby/bin/release",
                    "java/bin/detect",
                    "java/bin/compile",
                    "java/bin/release",
                    "nodejs/bin/detect",
                    "nodejs/bin/compile",
                    "nodejs/bin/release",
                    "python/bin/detect",
                    "python/bin/compile",
                    "static/bin/detect",
                    "static/bin/compile",
                    "static/bin/release",
                    "procfile/bin/detect",
                    "procfile/bin/compile");

    private static final int COPY_BYTES = 64 * 1024;

    private final Path directory;
    private final Path cache;

    private BuildDirectory(Path directory, Path cache) {
        this.directory = directory;
        this.cache = cache;
    }

    /// Nobody but the platform can enter `work`; the mounts below are readable by every user, for the user number of
    /// the dyno is the engine's affair.
    static BuildDirectory create(Path work, DynoId id, Path caches, AppId app) throws IOException {
        Path cache = caches.resolve(app.toString());
        BuildDirectory made = new BuildDirectory(work.resolve(id.toString()), cache);
        makeDirectory(work, "rwx------");
        makeDirectory(caches, "rwx------");
        makeDirectory(made.directory, "rwx------");
        for (String name : List.of("buildpacks", "packs", "source", "env", "out")) {
            makeDirectory(made.directory.resolve(name), "rwxr-xr-x");
        }
        if (!Files.isDirectory(cache, LinkOption.NOFOLLOW_LINKS)) {
            makeDirectory(cache, "rwx------");
        }
        made.writeScripts();
        return made;
    }

    private static void makeDirectory(Path path, String permissions) throws IOException {
        Files.createDirectories(path);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private void writeScripts() throws IOException {
        for (String name : SCRIPTS) {
            Path file = directory.resolve("buildpacks").resolve(name);
            for (Path parent = file.getParent();
                    parent != null && !parent.equals(directory);
                    parent = parent.getParent()) {
                makeDirectory(parent, "rwxr-xr-x");
            }
            try (InputStream script = Builder.class.getResourceAsStream("buildpacks/" + name)) {
                if (script == null) {
                    throw new IllegalStateException("the program lacks its buildpack " + name);
                }
                Files.copy(script, file);
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    List<Mount> mounts() {
        return List.of(
                new Mount(directory.resolve("buildpacks"), ROOT + "/buildpacks", false),
                new Mount(directory.resolve("packs"), ROOT + "/packs", false),
                new Mount(directory.resolve("source"), ROOT + "/source", false),
                new Mount(directory.resolve("env"), ROOT + "/env", false),
                new Mount(directory.resolve("out"), ROOT + "/out", true),
                new Mount(cache, ROOT + "/cache", true));
    }

    void writeConfig(ConfigVars config) throws IOException {
        for (var variable : config.values().entrySet()) {
            if (!variable.getKey().startsWith(ConfigVars.SETTING_PREFIX)) {
                Path file = directory.resolve("env").resolve(variable.getKey());
                Files.writeString(file, variable.getValue());
                readable(file);
            }
        }
    }

    /// The buildpacks that the user chose, numbered in their order.
    void writeBuildpacks(List<Buildpack> buildpacks, Fetcher fetcher, long limit)
            throws IOException {
        for (int i = 0; i < buildpacks.size(); i++) {
            Buildpack buildpack = buildpacks.get(i);
            String number = "%02d".formatted(i);
            Path packs = directory.resolve("packs");
            Path label = packs.resolve(number + ".label");
            if (buildpack.ours().isPresent()) {
                Path ours = packs.resolve(number + ".ours");
                Files.writeString(ours, buildpack.ours().get());
                readable(ours);
            } else {
                Path tar = packs.resolve(number + ".tar");
                fetcher.buildpack(buildpack, directory, tar, limit);
                readable(tar);
            }
            Files.writeString(label, buildpack.shown());
            readable(label);
        }
    }

    /// A tree from elsewhere, which may be gzipped; closes the archive.
    ///
    /// @param checksum what its bytes must have, `SHA256:` and 64 hex digits
    void writeArchive(InputStream archive, Optional<String> checksum, long limit)
            throws IOException {
        Path file = directory.resolve("source").resolve("source.tar");
        MessageDigest digest = sha256();
        try (InputStream bytes = new DigestInputStream(archive, digest)) {
            Fetcher.unzip(bytes, "the source", file, limit);
            bytes.transferTo(OutputStream.nullOutputStream());
        }
        String found = "SHA256:" + HexFormat.of().formatHex(digest.digest());
        if (checksum.isPresent() && !checksum.get().equals(found)) {
            throw new BuildFailed(
                    "the source is not the one that was meant: its checksum is " + found);
        }
        readable(file);
        Path mark = Files.createFile(directory.resolve("source").resolve("archive"));
        readable(mark);
    }

    void writeSource(InputStream tar, long limit) throws IOException {
        Path file = directory.resolve("source").resolve("source.tar");
        try (OutputStream out = Files.newOutputStream(file)) {
            byte[] buffer = new byte[COPY_BYTES];
            long bytes = 0;
            for (int count = tar.read(buffer); count >= 0; count = tar.read(buffer)) {
                bytes += count;
                if (bytes > limit) {
                    throw new BuildFailed(
                            "the source is over "
                                    + BuildLimits.megabytes(limit)
                                    + " MB; remove large files from the repository");
                }
                out.write(buffer, 0, count);
            }
        }
        readable(file);
    }

    private static void readable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }

    boolean hasFreeBytes(long wanted) {
        try {
            return Files.getFileStore(directory).getUsableSpace() >= wanted;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A small file from the build; empty when it is not there.
    Optional<byte[]> result(String name, int limit) throws IOException {
        Path file = directory.resolve("out").resolve(name);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        try (InputStream in = openRegular(file, name)) {
            byte[] bytes = in.readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new BuildFailed(
                        "the build left a " + name + " of more than " + limit + " bytes");
            }
            return Optional.of(bytes);
        }
    }

    /// The first line of a small file, made harmless to show.
    Optional<String> resultLine(String name, int limit) throws IOException {
        return result(name, COPY_BYTES)
                .map(bytes -> printable(new String(bytes, UTF_8), limit))
                .filter(line -> !line.isBlank());
    }

    /// Copies the slug out of the dyno's reach.
    PackedSlug takeSlug(long limit) throws IOException {
        Path copy = directory.resolve("slug.tgz");
        Path packed = directory.resolve("out").resolve("slug.tgz");
        if (!Files.exists(packed, LinkOption.NOFOLLOW_LINKS)) {
            throw new BuildFailed("the build ended without a slug");
        }
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Files.createFile(copy, ownerOnly);
        MessageDigest digest = sha256();
        long bytes = 0;
        try (InputStream in = new DigestInputStream(openRegular(packed, "slug"), digest);
                OutputStream out = Files.newOutputStream(copy)) {
            byte[] buffer = new byte[COPY_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                bytes += count;
                if (bytes > limit) {
                    throw new BuildFailed(
                            "the slug is over the limit of "
                                    + BuildLimits.megabytes(limit)
                                    + " MB; leave out what the app does not need to run"
                                    + " (.slugignore)");
                }
                out.write(buffer, 0, count);
            }
        }
        return new PackedSlug(copy, HexFormat.of().formatHex(digest.digest()), bytes);
    }

    /// The build dyno has ended, so nothing changes between the look and the opening; a pipe would block for ever.
    private static InputStream openRegular(Path file, String name) throws IOException {
        if (!Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isRegularFile()) {
            throw new BuildFailed("the build left a " + name + " that is no regular file");
        }
        return Channels.newInputStream(
                Files.newByteChannel(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static String printable(String text, int limit) {
        String line = text.lines().findFirst().orElse("").replaceAll("\\p{Cntrl}", "?").strip();
        return line.length() > limit ? line.substring(0, limit) + "..." : line;
    }

    void remove() {
        FileTree.remove(directory);
    }

    long cacheBytes() {
        return FileTree.bytes(cache);
    }

    void emptyCache() {
        FileTree.remove(cache);
    }

    /// A slug that nobody else can change any more.
    record PackedSlug(Path file, String sha256, long bytes) {}
}
