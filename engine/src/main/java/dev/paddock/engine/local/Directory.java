package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/// Directories of the engine: made private, given to a dyno's user, listed and removed.
final class Directory {
    private Directory() {}

    /// Creates a directory with its parents, if need be, for root alone.
    static Path createPrivate(Path path) {
        return create(path, "rwx------");
    }

    static Path create(Path path, String permissions) {
        try {
            Files.createDirectories(path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create " + path + ": " + e.getMessage(), e);
        }
    }

    /// Makes a dyno's user the owner of the directory or file itself.
    static void give(Path path, int user) {
        try {
            if (Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(user)) {
                return;
            }
            Files.setAttribute(path, "unix:gid", user, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:uid", user, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot make user " + user + " the owner of " + path + ": " + e.getMessage(),
                    e);
        }
    }

    /// The names in a directory; empty when it does not exist.
    static List<String> names(Path directory) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + directory + ": " + e.getMessage(), e);
        }
        return names;
    }

    /// Removes files and directories with all that is in them, on one file system only. A dyno chose the names in
    /// there, and Java cannot represent all names that Linux allows: so `rm` does it.
    static void remove(Path... paths) {
        List<String> existing = new ArrayList<>();
        for (Path path : paths) {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                existing.add(path.toString());
            }
        }
        if (existing.isEmpty()) {
            return;
        }
        Command.Result result = remove(existing);
        if (!result.ok()) {
            // Its owner may have forbidden it to itself, as Go does; root does not care.
            Command.run(words(existing, "chmod", "-R", "u+rwX", "--"), "");
            result = remove(existing);
        }
        if (!result.ok()) {
            throw new IllegalStateException("cannot remove a directory: " + result.output());
        }
    }

    private static Command.Result remove(List<String> paths) {
        return Command.run(words(paths, "rm", "-rf", "--one-file-system", "--"), "");
    }

    private static List<String> words(List<String> paths, String... command) {
        List<String> words = new ArrayList<>(List.of(command));
        words.addAll(paths);
        return words;
    }

    /// Removes a directory unless somebody else has something in it.
    static void removeEmpty(Path directory) {
        try {
            Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException e) {
            // Others still use it.
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + directory, e);
        }
    }
}
