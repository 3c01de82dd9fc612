package dev.paddock.engine.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Runs a program of this machine to its end, with no inherited descriptors and an environment of PATH and what crun
/// wants to be told.
final class Command {
    static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// Far above what any of our commands takes; one that hangs is killed and counts as failed.
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final Duration LOOK = Duration.ofMillis(100);
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
        return run(words, input, LIMIT);
    }

    /// @param limit after which the program is killed and counts as failed
    static Result run(List<String> words, String input, Duration limit) {
        return run(words, input, limit, () -> true);
    }

    /// @param wanted whether its end is still worth waiting for; if not, it is killed after a moment and counts as failed
    static Result run(List<String> words, String input, Duration limit, BooleanSupplier wanted) {
        try {
            Process process = builder(words).start();
            Thread watchdog = Thread.ofVirtual().start(() -> await(process, limit, wanted));
            try (OutputStream stream = process.getOutputStream()) {
                stream.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It did not care for its input; its output says why.
            }
            String output;
            // Java would close it, but only some time after the program's end.
            try (InputStream stream = process.getInputStream()) {
                output = new String(stream.readAllBytes(), StandardCharsets.ISO_8859_1);
            }
            watchdog.join();
            return new Result(process.waitFor(), output.strip());
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot run " + words.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + words.getFirst() + " ran", e);
        }
    }

    /// Runs a command whose descendants may live on with its output, so that it goes to a file of the caller's.
    ///
    /// It works in the folder of that file: conmon leaves a file named `oom` where it stands.
    ///
    /// @param input the file to read standard input from
    static int run(List<String> words, Path input, Path output, Duration limit) throws IOException {
        return await(
                builder(words)
                        .directory(output.toAbsolutePath().resolveSibling(".").toFile())
                        .redirectInput(input.toFile())
                        .redirectOutput(output.toFile())
                        .start(),
                limit,
                () -> true);
    }

    private static ProcessBuilder builder(List<String> words) {
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", PATH);
        builder.environment().putAll(CrunMounts.ENVIRONMENT);
        return builder;
    }

    /// The exit status; a program that takes too long is killed.
    private static int await(Process process, Duration limit, BooleanSupplier wanted) {
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            boolean vain = false;
            while (!process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                boolean stillVain = !wanted.getAsBoolean();
                if (System.nanoTime() > deadline || (vain && stillVain)) {
                    kill(process);
                    return TIMED_OUT;
                }
                vain = stillVain;
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            kill(process);
            Thread.currentThread().interrupt();
            return TIMED_OUT;
        }
    }

    /// With what it started, which would go on and hold its output open.
    private static void kill(Process process) {
        List<ProcessHandle> below = process.descendants().toList();
        process.destroyForcibly();
        below.forEach(ProcessHandle::destroyForcibly);
    }

    /// Where a program is installed.
    static Optional<Path> find(String program) {
        return find(program, PATH);
    }

    static Optional<Path> find(String program, String path) {
        for (String directory : path.split(":", -1)) {
            Path candidate = Path.of(directory, program);
            if (Files.isExecutable(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }
}
