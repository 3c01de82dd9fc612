package dev.paddock.router;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/// The router as a process of its own.
final class RouterProgram implements AutoCloseable {
    private static final int END_SECONDS = 40;

    private final Process process;
    private final Path messages;

    RouterProgram(Path directory, String... arguments) throws IOException {
        this(List.of(), List.of(), directory, arguments);
    }

    private RouterProgram(
            List<String> launcher, List<String> javaFlags, Path directory, String... arguments)
            throws IOException {
        messages = Files.createTempFile(directory, "router", ".messages");
        List<String> command = new ArrayList<>(launcher);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(javaFlags);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
        command.add(classPath(directory));
        command.add(RouterMain.class.getName());
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command).redirectError(messages.toFile()).start();
    }

    /// As an installation has it: folders of classes need a descriptor for each class that is loaded late.
    private static String classPath(Path directory) {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (entry.isEmpty()) {
                continue;
            }
            if (Files.isDirectory(Path.of(entry))) {
                Path jar = directory.resolve("classes" + entries.size() + ".jar");
                if (!Files.exists(jar)) {
                    int _ =
                            ToolProvider.findFirst("jar")
                                    .orElseThrow()
                                    .run(
                                            System.out,
                                            System.err,
                                            "--create",
                                            "--no-compress",
                                            "--file=" + jar,
                                            "-C",
                                            entry,
                                            ".");
                }
                entries.add(jar.toString());
            } else {
                entries.add(entry);
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    /// @param launcher a command that becomes the one that follows it
    static RouterProgram launchedBy(
            List<String> launcher, List<String> javaFlags, Path directory, String... arguments)
            throws IOException {
        return new RouterProgram(launcher, javaFlags, directory, arguments);
    }

    /// A routes file with one app that has this dyno.
    static Path routes(Path directory, FakeDyno dyno) throws IOException {
        Path routes = directory.resolve("routes.json");
        Files.writeString(
                routes,
                """
                {"apps": [{"name": "a", "hosts": ["a.localhost"],
                           "dynos": [{"name": "web.1", "address": "%s"}]}]}
                """
                        .formatted(dyno.address()));
        return routes;
    }

    /// Waits until it listens.
    RouterProgram awaitListening() {
        TestRouter.await(
                "a router that listens; it says: " + messages,
                () -> messages().contains("listening ") || !process.isAlive());
        if (!process.isAlive()) {
            throw new IllegalStateException("the router ended: " + messages());
        }
        return this;
    }

    String messages() {
        try {
            return Files.readString(messages);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /// Waits for its end and returns its exit status.
    int awaitEnd() {
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the router does not end: " + messages());
            }
            return process.exitValue();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    @Override
    public void close() {
        process.destroy();
        awaitEnd();
    }
}
