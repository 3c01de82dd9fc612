package dev.paddock.daemons;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What /proc tells about processes.
public final class Processes {
    private static final Path PROC = Path.of("/proc");

    /// Fields of /proc/PID/stat behind the command's closing parenthesis: the state is the 3rd of the line.
    private static final int STATE = 0;

    private static final int STARTED = 19;

    private Processes() {}

    /// Changes with every boot, so that pids of an earlier boot are never believed.
    public static String bootId() {
        try {
            return Files.readString(PROC.resolve("sys/kernel/random/boot_id")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("Reading the boot id", e);
        }
    }

    /// When a living process started, in clock ticks since boot; empty when there is none or it is a zombie.
    public static Optional<Long> started(long pid) {
        try {
            String stat =
                    Files.readString(
                            PROC.resolve(Long.toString(pid)).resolve("stat"),
                            StandardCharsets.ISO_8859_1);
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).strip().split(" ", -1));
            boolean dead = fields.get(STATE).equals("Z") || fields.get(STATE).equals("X");
            return dead ? Optional.empty() : Optional.of(Long.valueOf(fields.get(STARTED)));
        } catch (IOException e) {
            // It ended, before or while we looked.
            return Optional.empty();
        }
    }

    /// The living processes that have this directory as their working directory and that we may look at.
    public static List<Long> workingIn(Path directory) {
        try (Stream<Path> entries = Files.list(PROC)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> Character.isDigit(name.charAt(0)))
                    .filter(name -> isSame(PROC.resolve(name).resolve("cwd"), directory))
                    .map(Long::valueOf)
                    .filter(pid -> started(pid).isPresent())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Listing the processes", e);
        }
    }

    private static boolean isSame(Path link, Path directory) {
        try {
            // By device and inode: a process in another mount namespace has another path for it.
            return Files.isSameFile(link, directory);
        } catch (IOException e) {
            return false;
        }
    }

    /// Sends a signal (`TERM`, `INT`, `KILL`, ...); nothing happens when the process is gone.
    public static void signal(long pid, String signal) {
        Command.run(
                List.of(
                        Programs.path("sh"),
                        "-c",
                        "kill -s \"$1\" \"$2\"",
                        "signal",
                        signal,
                        Long.toString(pid)),
                Duration.ofSeconds(5));
    }
}
