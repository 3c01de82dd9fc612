package dev.paddock.server;

import dev.paddock.daemons.SystemUser;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// What all platforms of a machine share, removed when the last one is purged.
final class Machine {
    static final List<String> USERS = List.of("paddock-db", RouterProcess.USER);

    private Machine() {}

    /// @param root the directory that holds the runtime directories of all platforms
    static void removeUsersUnlessNeeded(Path root, Consumer<String> told) {
        if (othersExist(root)) {
            return;
        }
        try {
            Trees.delete(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        told.accept("removed " + root);
        if (!SystemUser.available()) {
            return;
        }
        for (String user : USERS) {
            if (SystemUser.remove(user)) {
                told.accept("removed the system user " + user);
            }
        }
    }

    private static boolean othersExist(Path root) {
        try (Stream<Path> entries = Files.list(root)) {
            return entries.anyMatch(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
