package dev.paddock.server;

import dev.paddock.backup.ArchiveReader;
import dev.paddock.core.UserError;
import dev.paddock.git.RepositoryCopy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Unpacks a backup. The archive's names are not trusted: each is one of those that a backup writes, or it is refused.
record Unpacking(Path root, Path rows, ArchiveReader archive, Path backup) {
    private static final Set<Pattern> PLAIN =
            Set.of(BackedUp.SLUG, BackedUp.OUTPUT, BackedUp.AUDIT);

    /// Throws UserError when the archive is not whole or has names that no backup has.
    void all() throws IOException {
        for (Optional<String> name = archive.next(); name.isPresent(); name = archive.next()) {
            try {
                entry(name.get());
            } catch (FileAlreadyExistsException _) {
                throw refused(name.get());
            }
        }
    }

    private void entry(String name) throws IOException {
        Matcher repository = BackedUp.REPOSITORY_FILE.matcher(name);
        if (repository.matches()
                && RepositoryCopy.FILE.matcher(repository.group("file")).matches()) {
            repositoryFile(name, repository.group("file"));
        } else if (name.equals(BackedUp.OUTLINE) || BackedUp.CHUNK.matcher(name).matches()) {
            write(rows.resolve(name), archive.content());
        } else if (name.equals(BackedUp.SETTINGS)
                || BackedUp.KEY_FILES.contains(name)
                || PLAIN.stream().anyMatch(pattern -> pattern.matcher(name).matches())) {
            write(root.resolve(name), archive.content());
        } else {
            throw refused(name);
        }
    }

    private UserError refused(String name) {
        return new UserError(
                "conflict",
                "%s is no backup as `paddock backup` writes it: it holds %s."
                        .formatted(backup, name.replaceAll("[^ -~]", "?")));
    }

    private void repositoryFile(String name, String inside) throws IOException {
        Path file = root.resolve(name);
        Path repository = root.resolve(name.substring(0, name.length() - inside.length() - 1));
        if (!Files.isDirectory(repository, LinkOption.NOFOLLOW_LINKS)) {
            RepositoryCopy.create(repository);
        }
        if (inside.equals("HEAD")) {
            Files.delete(file);
        }
        write(file, archive.content());
    }

    /// A new file for its owner alone, in folders of the same kind.
    static void write(Path file, InputStream content) throws IOException {
        Files.createDirectories(
                file.resolveSibling(""),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createFile(
                file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.WRITE)) {
            content.transferTo(out);
        }
    }
}
