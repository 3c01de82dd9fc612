package dev.paddock.daemons;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// An unprivileged user of this machine that only runs a daemon: no password, no shell, no home.
public record SystemUser(String name, int uid, int gid) {
    private static final Path PASSWD = Path.of("/etc/passwd");

    /// useradd gives up at once when another process holds the lock of /etc/passwd.
    private static final int ATTEMPTS = 20;

    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /// Whether this process may become other users.
    public static boolean available() {
        return "root".equals(System.getProperty("user.name"));
    }

    /// The user of this name, made when it is missing; empty when we are not root.
    public static Optional<SystemUser> ensure(String name) {
        return available() ? Optional.of(findOrCreate(name)) : Optional.empty();
    }

    public static boolean exists(String name) {
        return find(name).isPresent();
    }

    /// Removes a user that [#ensure] made; false when there was none.
    public static boolean remove(String name) {
        if (find(name).isEmpty()) {
            return false;
        }
        Command.run(List.of("userdel", name), LIMIT);
        return find(name).isEmpty();
    }

    private static SystemUser findOrCreate(String name) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Optional<SystemUser> found = find(name);
            if (found.isPresent()) {
                return found.get();
            }
            if (attempt > 0) {
                Pause.of(PAUSE);
            }
            create(name);
        }
        return find(name)
                .orElseThrow(() ->
                        new IllegalStateException(
                                "The system user "
                                        + name
                                        + " could not be made. Make it with: useradd --system"
                                        + " --no-create-home --shell /usr/sbin/nologin "
                                        + name));
    }

    private static void create(String name) {
        Command.run(
                List.of(
                        "useradd",
                        "--system",
                        "--user-group",
                        "--no-create-home",
                        "--home-dir",
                        "/nonexistent",
                        "--shell",
                        "/usr/sbin/nologin",
                        name),
                LIMIT);
    }

    private static Optional<SystemUser> find(String name) {
        try {
            return Files.readAllLines(PASSWD, StandardCharsets.ISO_8859_1).stream()
                    .map(line -> line.split(":", -1))
                    .filter(fields -> fields.length >= 4 && fields[0].equals(name))
                    .map(fields ->
                            new SystemUser(
                                    name, Integer.parseInt(fields[2]), Integer.parseInt(fields[3])))
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException("Looking up the system user " + name, e);
        }
    }
}
