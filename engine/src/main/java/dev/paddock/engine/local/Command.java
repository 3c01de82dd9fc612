package dev.paddock.engine.local;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Runs a program of this machine to its end, with an empty environment but PATH and no inherited descriptors.
final class Command {
    static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// Far above what any of our commands takes; one that hangs is killed and counts as failed.
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final int TIMED_OUT = 124;
    static final Path NOTHING = Path.of("/dev/null");

    private Command() {}

    /// What came of a command: its exit status and, in order, what it wrote to both outputs.
    record Result(int status, String output) {
        boolean ok() {
            return status == 0;
        }
    }

    static Result run(String... words) {
        return run(List.of(words), "");
    }

    static Result run(List<String> words, String input) {
        Path output = temporary();
        try {
            int status =
                    input.isEmpty()
                            ? run(words, NOTHING, output, LIMIT)
                            : run(words, input, output);
            return new Result(
                    status, Files.readString(output, StandardCharsets.ISO_8859_1).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot run " + words.getFirst() + ": " + e.getMessage(), e);
        } finally {
            delete(output);
        }
    }

    /// Runs a command whose descendants may live on with its output, so that it goes to a file of the caller's.
    ///
    /// @param input the file to read standard input from
    static int run(List<String> words, Path input, Path output, Duration limit) throws IOException {
        return await(start(words, ProcessBuilder.Redirect.from(input.toFile()), output), limit);
    }

    private static int run(List<String> words, String input, Path output) throws IOException {
        Process process = start(words, ProcessBuilder.Redirect.PIPE, output);
        try (OutputStream stream = process.getOutputStream()) {
            stream.write(input.getBytes(StandardCharsets.UTF_8));
        }
        return await(process, LIMIT);
    }

    private static Process start(List<String> words, ProcessBuilder.Redirect input, Path output)
            throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectInput(input)
                        .redirectOutput(ProcessBuilder.Redirect.to(output.toFile()));
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        return builder.start();
    }

    private static int await(Process process, Duration limit) {
        try {
            if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
            process.destroyForcibly();
            return TIMED_OUT;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return TIMED_OUT;
        }
    }

    /// Where a program is installed.
    static Optional<Path> find(String program) {
        for (String directory : PATH.split(":", -1)) {
            Path candidate = Path.of(directory, program);
            if (Files.isExecutable(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private static Path temporary() {
        try {
            return Files.createTempFile("paddock-", ".out");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create a temporary file: " + e.getMessage(), e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + file, e);
        }
    }
}
