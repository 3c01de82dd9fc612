package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.SlugRef;
import dev.paddock.engine.local.OciBundle.BundleMount;
import dev.paddock.engine.local.OciBundle.Connection;
import dev.paddock.engine.local.OciBundle.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// Slugs unpacked once per app, as the app's user, for all its dynos to share below their own layer. An archive is
/// hostile: it is unpacked in a container of its own, without network. Safe for any thread.
final class SlugCache {
    /// Slugs that are made for Heroku's API hold all in the one folder `./app`; ours are packed without it.
    private static final String UNPACK =
            """
            set -e -o pipefail
            first=$(tar "$1" -f - -C /app | sed -n 1p)
            if [[ $first =~ ^(\\./)?app/?$ && $(ls -A /app) = app && ! -L /app/app ]]; then
                mv /app/app /app/.unpacked-slug
                find /app/.unpacked-slug -mindepth 1 -maxdepth 1 -exec mv -t /app -- {} +
                rmdir /app/.unpacked-slug
            fi
            """;

    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int BUFFER = 1 << 16;
    private static final long FULL_DISK = 1 << 16;
    private static final byte[] GZIP = {0x1f, (byte) 0x8b};

    private final Path directory;
    private final Sandbox sandbox;
    private final Map<Path, Object> locks = new ConcurrentHashMap<>();

    SlugCache(Path directory, Sandbox sandbox) {
        this.directory = directory;
        this.sandbox = sandbox;
    }

    /// Removes what an earlier process left half unpacked.
    void clean() {
        sandbox.clean();
        for (String app : Directory.names(directory)) {
            for (String name : Directory.names(directory.resolve(app))) {
                if (name.endsWith(".partial")) {
                    Directory.remove(directory.resolve(app).resolve(name));
                }
            }
        }
    }

    /// The directory a slug is unpacked in, owned by the app's user.
    Path unpacked(AppId app, SlugRef slug, int user) throws IOException, SlugRefused {
        Path target = directory.resolve(app.toString()).resolve(slug.id().toString());
        synchronized (locks.computeIfAbsent(target, path -> new Object())) {
            if (!Files.isDirectory(target)) {
                String actual = sha256(slug.file());
                if (!actual.equalsIgnoreCase(slug.sha256())) {
                    throw new SlugRefused(
                            "The slug has SHA256:" + actual + ", not SHA256:" + slug.sha256() + ".",
                            true);
                }
                unpack(slug, user, target);
            }
            return target;
        }
    }

    private static String sha256(Path file) throws IOException {
        try (InputStream stream = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[BUFFER];
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                digest.update(buffer, 0, count);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }

    private void unpack(SlugRef slug, int user, Path target) throws IOException, SlugRefused {
        Directory.createPrivate(target.resolveSibling("."));
        Path partial = target.resolveSibling(slug.id() + ".partial");
        Directory.remove(partial);
        Directory.create(partial, "rwxr-xr-x");
        Directory.give(partial, user);
        String name = "unpack-" + UUID.randomUUID();
        try {
            OciBundle bundle = bundle(compression(slug.file()), user, partial, name);
            Command.Result result = sandbox.run(bundle, name, slug.file(), LIMIT);
            if (!result.ok()) {
                throw new SlugRefused("The slug cannot be unpacked: " + complaint(result), false);
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Directory.remove(partial);
        }
    }

    /// The archive comes in as standard input: the user in the container could not open the file itself.
    private static OciBundle bundle(String compression, int user, Path target, String name) {
        return new OciBundle(
                List.of("/bin/bash", "-c", UNPACK, "unpack", "-xv" + compression),
                Map.of("PATH", Command.PATH, "LC_ALL", "C.UTF-8"),
                user,
                "/",
                Optional.empty(),
                name,
                new Limits(
                        DynoSize.BUILD.memoryBytes(),
                        DynoSize.BUILD.processes(),
                        DynoSize.BUILD.cpuShares(),
                        1 << 20),
                List.of(BundleMount.writable(target, "/app")),
                new Connection.None());
    }

    /// tar cannot look into a stream to find out.
    private static String compression(Path archive) throws IOException {
        try (InputStream stream = Files.newInputStream(archive)) {
            return Arrays.equals(stream.readNBytes(GZIP.length), GZIP) ? "z" : "";
        }
    }

    /// What tar said first; the rest follows from it. It does not always say that the disk is full.
    private String complaint(Command.Result result) throws IOException {
        if (Files.getFileStore(directory).getUsableSpace() < FULL_DISK) {
            return "the disk that holds " + directory + " is full";
        }
        return result.output()
                .lines()
                .findFirst()
                .orElse("tar ended with status " + result.status());
    }

    void discard(AppId app, UUID slug) {
        Directory.remove(directory.resolve(app.toString()).resolve(slug.toString()));
    }

    void discard(AppId app) {
        Directory.remove(directory.resolve(app.toString()));
    }

    /// A slug that cannot be used, and whether that is because its bytes are not the ones promised.
    static final class SlugRefused extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean checksum;

        SlugRefused(String message, boolean checksum) {
            super(message);
            this.checksum = checksum;
        }

        boolean checksum() {
            return checksum;
        }
    }
}
