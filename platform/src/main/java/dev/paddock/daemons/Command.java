package dev.paddock.daemons;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A program of this machine that is run to its end.
public final class Command {
    /// Output beyond this is of no use in a message.
    private static final int MAX_OUTPUT_BYTES = 64 * 1024;

    private static final int BUFFER_BYTES = 8 * 1024;

    private Command() {}

    /// How a command ended, and what it wrote to standard output and error.
    public record Result(int status, String output) {
        public boolean ok() {
            return status == 0;
        }
    }

    public static Result run(List<String> command, Duration limit) {
        return run(command, Map.of(), limit);
    }

    /// Runs it with nothing on its standard input and, beyond PATH, only the given environment. A command that is not
    /// done after `limit` is killed and counts as status 137.
    public static Result run(
            List<String> command, Map<String, String> environment, Duration limit) {
        return run(command, environment, InputStream.nullInputStream(), limit);
    }

    /// The same, with this on its standard input as far as it wants it.
    public static Result run(List<String> command, InputStream input, Duration limit) {
        return run(command, Map.of(), input, limit);
    }

    private static Result run(
            List<String> command,
            Map<String, String> environment,
            InputStream input,
            Duration limit) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        String path = System.getenv("PATH");
        builder.environment().clear();
        if (path != null) {
            builder.environment().put("PATH", path);
        }
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            Thread feeder =
                    Thread.ofVirtual()
                            .name("input/" + command.getFirst())
                            .start(() -> feed(process, input));
            Thread killer =
                    Thread.ofVirtual()
                            .name("limit/" + command.getFirst())
                            .start(() -> {
                                try {
                                    if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                                        process.destroyForcibly();
                                    }
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            });
            try (InputStream output = process.getInputStream()) {
                String said = readAll(output);
                Result result = new Result(process.waitFor(), said);
                feeder.join();
                return result;
            } finally {
                killer.interrupt();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Running " + command.getFirst() + " failed; is it installed?", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(
                    "Interrupted while waiting for " + command.getFirst(), e);
        }
    }

    private static void feed(Process process, InputStream input) {
        try (OutputStream to = process.getOutputStream()) {
            input.transferTo(to);
        } catch (IOException e) {
            // It did not care for all of it, or its output says why.
        }
    }

    /// Reads to the end, whatever is kept of it: a command that nobody listens to waits for ever.
    private static String readAll(InputStream output) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int read = output.read(buffer); read >= 0; read = output.read(buffer)) {
                kept.write(buffer, 0, Math.min(read, MAX_OUTPUT_BYTES - kept.size()));
            }
        } catch (IOException e) {
            // Java closed it when the command was killed.
        }
        return kept.toString(StandardCharsets.UTF_8).strip();
    }
}
