package dev.paddock.daemons;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;

/// A child that outlives the platform, known by its pid, start time and boot. Immutable; the process behind it may be
/// gone at any time.
public final class Daemon {
    /// From the spawn to the record: a shell and a few mounts.
    private static final Duration RECORD_LIMIT = Duration.ofSeconds(10);

    /// SIGKILL needs no consent; longer means a process stuck in the kernel.
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    /// Output kept from one start to the next.
    private static final long MAX_OUTPUT_BYTES = 4L * 1024 * 1024;

    private static final int MESSAGE_BYTES = 2000;

    private final Path record;
    private final long pid;
    private final long started;
    private final String version;

    private Daemon(Path record, long pid, long started, String version) {
        this.record = record;
        this.pid = pid;
        this.started = started;
        this.version = version;
    }

    /// Starts it and returns once its record is written; whether it works is for the caller to find out. Throws
    /// IllegalStateException when the one of an earlier start still lives.
    public static Daemon start(DaemonSpec spec) {
        find(spec.record())
                .ifPresent(living -> {
                    throw new IllegalStateException(spec + " already runs as " + living);
                });
        try {
            Files.deleteIfExists(spec.record());
            prepareOutput(spec.output());
            ProcessBuilder builder =
                    new ProcessBuilder(
                                    spec.confinement()
                                            .wrap(
                                                    spec.command(),
                                                    spec.record().toString(),
                                                    spec.version()))
                            .directory(Path.of("/").toFile())
                            .redirectInput(Path.of("/dev/null").toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(
                                    ProcessBuilder.Redirect.appendTo(spec.output().toFile()));
            builder.environment().clear();
            builder.environment().putAll(spec.environment());
            return awaitRecord(spec, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException("Starting " + spec, e);
        }
    }

    /// The living daemon of this record; empty when there is none, it ended, or the machine was booted since.
    public static Optional<Daemon> find(Path record) {
        return read(record).filter(Daemon::alive);
    }

    public long pid() {
        return pid;
    }

    public boolean alive() {
        return Processes.started(pid).filter(time -> time == started).isPresent();
    }

    /// Whether it was started from a spec of this version.
    public boolean matches(String wanted) {
        return version.equals(wanted);
    }

    /// What [DaemonSpec#version] was when it was started.
    public String version() {
        return version;
    }

    /// Makes another file its record, so that a successor can have this one.
    public Daemon moveRecord(Path to) {
        try {
            Files.move(record, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("Moving the record of " + this + " to " + to, e);
        }
        return new Daemon(to, pid, started, version);
    }

    /// SIGTERM, and SIGKILL when it is still there after `grace`. Returns when it is gone.
    public void stop(Duration grace) {
        stop("TERM", grace);
    }

    /// As [#stop(Duration)] with another signal first.
    public void stop(String signal, Duration grace) {
        signal(signal);
        if (!awaitEnd(grace)) {
            signal("KILL");
            if (!awaitEnd(KILL_LIMIT)) {
                throw new IllegalStateException(this + " does not end though it got SIGKILL");
            }
        }
        try {
            Files.deleteIfExists(record);
        } catch (IOException e) {
            throw new UncheckedIOException("Removing the record of " + this, e);
        }
    }

    /// Sends a signal, unless the process is gone.
    public void signal(String signal) {
        if (alive()) {
            Processes.signal(pid, signal);
        }
    }

    /// Waits for its end, at most `limit`; true when it ended.
    public boolean awaitEnd(Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (alive()) {
            if (System.nanoTime() - deadline >= 0) {
                return false;
            }
            Pause.of(LOOK_AGAIN);
        }
        return true;
    }

    @Override
    public String toString() {
        return "process " + pid + " (" + record.getFileName() + ")";
    }

    private static Daemon awaitRecord(DaemonSpec spec, Process process) {
        long deadline = System.nanoTime() + RECORD_LIMIT.toNanos();
        while (System.nanoTime() - deadline < 0) {
            Optional<Daemon> written = read(spec.record());
            if (written.isPresent()) {
                return written.get();
            }
            if (!process.isAlive()) {
                break;
            }
            Pause.of(LOOK_AGAIN);
        }
        process.destroyForcibly();
        throw new IllegalStateException(
                "Starting "
                        + spec
                        + " failed. The end of "
                        + spec.output()
                        + ":\n"
                        + tail(spec.output()));
    }

    /// The end of what a daemon wrote, for messages.
    public static String tail(Path output) {
        try (var channel = Files.newByteChannel(output)) {
            channel.position(Math.max(0, channel.size() - MESSAGE_BYTES));
            var bytes = java.nio.ByteBuffer.allocate(MESSAGE_BYTES);
            channel.read(bytes);
            return StandardCharsets.UTF_8.decode(bytes.flip()).toString().strip();
        } catch (IOException e) {
            return "(" + output + " cannot be read: " + e.getMessage() + ")";
        }
    }

    private static void prepareOutput(Path output) throws IOException {
        if (Files.exists(output) && Files.size(output) > MAX_OUTPUT_BYTES) {
            Files.move(
                    output,
                    output.resolveSibling(output.getFileName() + ".1"),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        if (!Files.exists(output)) {
            Files.createFile(
                    output,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
        }
    }

    private static Optional<Daemon> read(Path record) {
        Properties values = new Properties();
        try {
            values.load(new StringReader(Files.readString(record)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("Reading " + record, e);
        }
        if (!Processes.bootId().equals(values.getProperty("boot"))) {
            return Optional.empty();
        }
        return Optional.of(
                new Daemon(
                        record,
                        Long.parseLong(values.getProperty("pid")),
                        Long.parseLong(values.getProperty("started")),
                        values.getProperty("version")));
    }
}
