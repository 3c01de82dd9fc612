package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// A process as it can be found again: its pid and when it started, for pids are reused. Valid within one boot.
///
/// @param started in clock ticks since the boot
record ProcessIdentity(long pid, long started) {
    /// Positions in /proc/PID/stat behind the program's name, which may itself contain blanks and parentheses.
    private static final int STATE = 0;

    private static final int START_TIME = 19;

    static Optional<ProcessIdentity> of(long pid) {
        return fields(pid)
                .map(fields -> new ProcessIdentity(pid, Long.parseLong(fields[START_TIME])));
    }

    /// The process whose pid a file holds; the pid may have been given to another one since.
    static Optional<ProcessIdentity> noted(Path file) {
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? Optional.empty() : of(Long.parseLong(text));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// Whether this very process lives; a zombie does not.
    boolean alive() {
        Optional<String[]> fields = fields(pid);
        return fields.isPresent()
                && Long.parseLong(fields.get()[START_TIME]) == started
                && !fields.get()[STATE].equals("Z")
                && !fields.get()[STATE].equals("X");
    }

    /// Whether the process was started with this word among its arguments, under a name that ends like this.
    boolean runs(String program, String argument) {
        List<String> words = words();
        return !words.isEmpty() && words.getFirst().endsWith(program) && words.contains(argument);
    }

    /// Its name and arguments; empty when it has gone.
    List<String> words() {
        try {
            return List.of(
                    Files.readString(
                                    Path.of("/proc/" + pid + "/cmdline"),
                                    StandardCharsets.ISO_8859_1)
                            .split("\0", -1));
        } catch (IOException e) {
            return List.of();
        }
    }

    /// How much the process has written in its life; empty where the kernel does not count.
    OptionalLong writtenBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/io"))) {
            return lines.filter(line -> line.startsWith("wchar: "))
                    .mapToLong(line -> Long.parseLong(line.substring("wchar: ".length())))
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return OptionalLong.empty();
        }
    }

    private static Optional<String[]> fields(long pid) {
        return fields(Path.of("/proc/" + pid + "/stat"));
    }

    /// What such a file of a process or thread says behind the program's name; empty when it is gone.
    static Optional<String[]> fields(Path stat) {
        try {
            String text = Files.readString(stat, StandardCharsets.ISO_8859_1).strip();
            return Optional.of(text.substring(text.lastIndexOf(')') + 2).split(" ", -1));
        } catch (IOException e) {
            // It went, perhaps while we read.
            return Optional.empty();
        }
    }
}
