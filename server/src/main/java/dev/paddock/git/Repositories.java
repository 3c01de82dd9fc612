package dev.paddock.git;

import dev.paddock.core.AppId;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Function;
import java.util.stream.Stream;
import org.eclipse.jgit.lib.ConfigConstants;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/// The bare repositories of apps, one directory each, made on first use. Safe for any thread.
final class Repositories {
    private final Object lock = new Object();
    private final Function<AppId, Path> place;

    Repositories(Function<AppId, Path> place) {
        this.place = place;
    }

    /// `check` is called when the repository had to be made, and throws when the app was destroyed meanwhile: then
    /// nothing may be left of it.
    Repository open(AppId app, Runnable check) throws IOException {
        Path directory = place.apply(app);
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            synchronized (lock) {
                if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                    create(directory);
                }
            }
            try {
                check.run();
            } catch (RuntimeException e) {
                Trees.delete(directory);
                throw e;
            }
        }
        return new FileRepositoryBuilder().setGitDir(directory.toFile()).setBare().build();
    }

    /// Made under another name and renamed, so that a half-made repository is never found.
    static void create(Path directory) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        Files.createDirectories(parent);
        Path making =
                Files.createTempDirectory(
                        parent,
                        "making-",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
        try {
            Path git = making.resolve("git");
            try (Repository repository =
                    new FileRepositoryBuilder().setGitDir(git.toFile()).setBare().build()) {
                repository.create(true);
                repository
                        .updateRef(Constants.HEAD, true)
                        .link(Constants.R_HEADS + PushHook.BRANCHES.getFirst());
                StoredConfig config = repository.getConfig();
                config.setBoolean(
                        ConfigConstants.CONFIG_RECEIVE_SECTION, null, "fsckObjects", true);
                config.save();
            }
            Files.move(git, directory, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException _) {
            // Another process was faster; its repository is as good.
        } finally {
            Trees.delete(making);
        }
    }

    /// The bytes of all files of a repository.
    static long bytes(Repository repository) {
        try (Stream<Path> paths = Files.walk(repository.getDirectory().toPath())) {
            return paths.mapToLong(Repositories::fileBytes).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long fileBytes(Path path) {
        try {
            var attributes =
                    Files.readAttributes(
                            path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return attributes.isRegularFile() ? attributes.size() : 0;
        } catch (IOException _) {
            return 0; // a pack that was replaced meanwhile
        }
    }
}
