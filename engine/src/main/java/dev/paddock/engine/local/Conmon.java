package dev.paddock.engine.local;

import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Drives crun, with a conmon beside each container that outlives us: it keeps the log, the terminal and, at the end,
/// the exit status.
final class Conmon {
    /// At this size conmon throws the log away and begins a new one.
    static final long LOG_BYTES = 10_000_000;

    /// It does so before a write that would go beyond, and it writes at most 8 KB of text at once.
    static final long LOG_FULL = LOG_BYTES - 16 * 1024;

    /// How long conmon or crun may take for one thing; far above what they take on a busy machine.
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String COPY = "/bin/cp";
    private static final String UPTIME = "/proc/uptime";

    private static final Duration LOOK = Duration.ofMillis(1);

    private final Path conmon;
    private final Path crun;
    private final List<String> wrapper;
    private final Duration patience;

    Conmon(Path conmon, CrunMounts mounts, Duration patience) {
        this.patience = patience;
        this.conmon = conmon;
        this.crun = mounts.crun();
        this.wrapper = mounts.wrapper();
    }

    /// Creates the container and returns when its first process exists and waits to be started.
    ProcessIdentity create(DynoFiles files, Stdio stdio) throws LaunchFailure {
        String id = files.id().toString();
        List<String> words = new ArrayList<>(wrapper);
        words.addAll(
                List.of(conmon.toString(), "--api-version", "1", "-c", id, "-u", id, "-n", id));
        words.addAll(List.of("-r", crun.toString(), "-b", files.bundle().toString()));
        words.addAll(List.of("-p", files.pid().toString(), "-P", files.conmonPid().toString()));
        words.addAll(List.of("--exit-dir", files.runtime().resolve(DynoFiles.EXITS).toString()));
        words.addAll(
                List.of(
                        "--socket-dir-path",
                        files.runtime().resolve(DynoFiles.SOCKETS).toString()));
        // The bill needs to know when a dyno ended even if nobody of us lives then.
        for (String argument : List.of(UPTIME, files.uptimeAtEnd().toString())) {
            words.addAll(List.of("--exit-command-arg", argument));
        }
        words.addAll(List.of("--exit-command", COPY));
        List<String> options = new ArrayList<>(crunOptions(files));
        // conmon keeps what crun says to itself.
        options.addAll(List.of("--log", files.crunOutput().toString()));
        for (String argument : options) {
            words.addAll(List.of("--runtime-arg", argument));
        }
        words.addAll(
                switch (stdio) {
                    case Stdio.Log() ->
                            List.of(
                                    "-l",
                                    "k8s-file:" + files.log(),
                                    "--log-size-max",
                                    Long.toString(LOG_BYTES));
                    case Stdio.Terminal _ -> List.of("-l", "none", "-t", "-i");
                    case Stdio.Pipes() -> List.of("-l", "none", "-i");
                });
        try {
            int status = Command.run(words, Command.NOTHING, files.conmonOutput(), patience);
            if (status != 0) {
                throw failed(files, "conmon ended with status " + status);
            }
        } catch (IOException e) {
            throw new LaunchFailure("conmon cannot be run: " + e.getMessage(), e);
        }
        return awaitPid(files);
    }

    private ProcessIdentity awaitPid(DynoFiles files) throws LaunchFailure {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            Optional<Long> pid = number(files.pid());
            if (pid.isPresent()) {
                return ProcessIdentity.of(pid.get())
                        .orElseThrow(() -> failed(files, "the container ended at once"));
            }
            if (Files.exists(files.exit())
                    || conmon(files).filter(ProcessIdentity::alive).isEmpty()) {
                throw failed(files, "crun could not create the container");
            }
            if (System.nanoTime() > deadline) {
                throw failed(
                        files,
                        "crun did not create the container within " + patience.toSeconds() + " s");
            }
            try {
                Thread.sleep(LOOK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LaunchFailure("the start was interrupted", e);
            }
        }
    }

    private static LaunchFailure failed(DynoFiles files, String what) {
        String said = (said(files.conmonOutput()) + " " + said(files.crunOutput())).strip();
        return new LaunchFailure(said.isEmpty() ? what : what + ": " + said, null);
    }

    private static String said(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        } catch (IOException e) {
            // There is none when nothing was said.
            return "";
        }
    }

    /// The conmon of a dyno, as it noted itself.
    Optional<ProcessIdentity> conmon(DynoFiles files) {
        return ProcessIdentity.noted(files.conmonPid());
    }

    /// Lets the container's first process begin its command.
    void start(DynoFiles files) throws LaunchFailure {
        Command.Result result = crun(files, "start", files.id().toString());
        if (!result.ok()) {
            throw new LaunchFailure("crun could not start the container: " + result.output(), null);
        }
    }

    /// Removes what crun keeps of a container, killing what is left of it; nothing if there is nothing.
    void delete(DynoFiles files) {
        if (Files.exists(files.containers().resolve(files.id().toString()))) {
            crun(files, "delete", "-f", files.id().toString());
        }
    }

    /// Runs a container to its end, without a conmon; its output goes to the bundle.
    Command.Result run(String name, Path bundle, Path containers, Path input, Duration limit) {
        Path output = bundle.resolve("output");
        List<String> words = new ArrayList<>(wrapper);
        words.addAll(List.of(crun.toString(), "--root", containers.toString()));
        words.addAll(List.of("--cgroup-manager", "cgroupfs", "run", "-b", bundle.toString(), name));
        try {
            int status = Command.run(words, input, output, limit);
            return new Command.Result(
                    status, Files.readString(output, StandardCharsets.ISO_8859_1).strip());
        } catch (IOException e) {
            throw new UncheckedIOException("crun cannot be run: " + e.getMessage(), e);
        }
    }

    void delete(String name, Path containers) {
        List<String> words = new ArrayList<>(wrapper);
        words.addAll(List.of(crun.toString(), "--root", containers.toString()));
        words.addAll(List.of("--cgroup-manager", "cgroupfs", "delete", "-f", name));
        Command.run(words, "", patience);
    }

    private Command.Result crun(DynoFiles files, String... arguments) {
        List<String> words = new ArrayList<>(wrapper);
        words.add(crun.toString());
        words.addAll(crunOptions(files));
        words.addAll(List.of(arguments));
        return Command.run(words, "", patience);
    }

    private static List<String> crunOptions(DynoFiles files) {
        return List.of("--root", files.containers().toString(), "--cgroup-manager", "cgroupfs");
    }

    /// The exit status conmon left; empty while the container lives, or when conmon was killed.
    static Optional<Integer> exitStatus(DynoFiles files) {
        return number(files.exit()).map(Long::intValue);
    }

    private static Optional<Long> number(Path file) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? Optional.empty() : Optional.of(Long.valueOf(text));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// A container could not be created or started; the message says why.
    static final class LaunchFailure extends Exception {
        private static final long serialVersionUID = 1L;

        LaunchFailure(String message, @org.jspecify.annotations.Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
