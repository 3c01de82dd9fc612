package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Where a platform keeps what lives only while it runs: sockets, pids, dyno bundles. One per data directory, named
/// by its hash, so that several platforms share a machine; short, because a Unix socket's path has 108 bytes.
///
/// @param root holds the runtime directories of all platforms of this user
/// @param hash the first 12 hex digits of the SHA-256 of the data directory's real path; also in the names of nft
///     table, namespaces and cgroups
public record RuntimeDirectory(Path root, Path path, String hash) {
    private static final int HASH_DIGITS = 12;
    private static final Path SYSTEM_ROOT = Path.of("/run/paddock");

    /// The directory that belongs to an existing data directory, whether it exists or not.
    public static RuntimeDirectory of(Path data) {
        return in(usersRoot(), data);
    }

    static RuntimeDirectory in(Path root, Path data) {
        String hash = hash(data);
        return new RuntimeDirectory(root, root.resolve(hash), hash);
    }

    /// Where the platform of a data directory may have put its record, whoever started it: the superuser or this user.
    public static Optional<RuntimeDirectory> find(Path data) {
        if (!Files.isDirectory(data)) {
            return Optional.empty();
        }
        return List.of(SYSTEM_ROOT, usersRoot()).stream()
                .map(root -> in(root, data))
                .filter(runtime -> Files.isDirectory(runtime.path()))
                .findFirst();
    }

    static String hash(Path data) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(data.toRealPath().toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, HASH_DIGITS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path usersRoot() {
        if (Superuser.here()) {
            return SYSTEM_ROOT;
        }
        String session = System.getenv("XDG_RUNTIME_DIR");
        return session != null && Files.isWritable(Path.of(session))
                ? Path.of(session, "paddock")
                : Path.of("/tmp/paddock-" + Superuser.uid());
    }

    /// Makes it with its root. Others may pass through (the router's and the database's users reach their sockets)
    /// but not look around.
    public void create() {
        make(root);
        make(path);
    }

    private static void createParents(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
    }

    private static void make(Path directory) {
        try {
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                createParents(directory);
                Files.createDirectory(directory);
            }
            // Below /tmp anybody could have made it before us.
            int owner = (int) Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (owner != Superuser.uid()) {
                throw new UserError(
                        "forbidden",
                        "The runtime directory %s belongs to user number %d, not to this one: remove it, or set XDG_RUNTIME_DIR."
                                .formatted(directory, owner));
            }
            Set<PosixFilePermission> passable = PosixFilePermissions.fromString("rwx--x--x");
            if (!Files.getPosixFilePermissions(directory).equals(passable)) {
                Files.setPosixFilePermissions(directory, passable);
            }
        } catch (IOException e) {
            throw new UserError(
                    "unavailable",
                    "Could not make the runtime directory %s: %s.".formatted(directory, e));
        }
    }

    public Path controlSocket() {
        return path.resolve("control");
    }

    public Path platformRecord() {
        return path.resolve("platform");
    }

    /// Where the local engine keeps a directory per dyno.
    Path dynos() {
        return path.resolve("dynos");
    }
}
