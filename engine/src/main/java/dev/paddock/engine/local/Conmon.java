package dev.paddock.engine.local;

import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Drives the OCI runtime, with a conmon beside each container that outlives us: it keeps the log, the terminal and, at
/// the end, the exit status.
final class Conmon implements Keeper {
    /// At this size conmon throws the log away and begins a new one.
    static final long LOG_BYTES = 10_000_000;

    /// It does so before a write that would go beyond, and it writes at most 8 KB of text at once.
    static final long LOG_FULL = LOG_BYTES - 16 * 1024;

    /// How long conmon or crun may take for one thing; far above what they take on a busy machine.
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String COPY = "/bin/cp";
    private static final String UPTIME = "/proc/uptime";

    private static final Duration LOOK = Duration.ofNanos(300_000);

    private final Optional<Path> conmon;
    private final OciRuntime runtime;
    private final Duration patience;

    /// @param conmon empty where it is missing: what one keeps can be taken over, but none be created
    Conmon(Optional<Path> conmon, OciRuntime runtime, Duration patience) {
        this.conmon = conmon;
        this.runtime = runtime;
        this.patience = patience;
    }

    @Override
    public void prepare(DynoFiles files) {
        // conmon makes its files itself.
    }

    @Override
    public ProcessIdentity create(DynoFiles files, Stdio stdio) throws LaunchFailure {
        Path program =
                conmon.orElseThrow(() -> new LaunchFailure("conmon is not there any more", null));
        String id = files.id().toString();
        List<String> words = new ArrayList<>(runtime.wrapper());
        words.addAll(
                List.of(program.toString(), "--api-version", "1", "-c", id, "-u", id, "-n", id));
        words.addAll(List.of("-r", runtime.program().toString(), "-b", files.bundle().toString()));
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
        List<String> options = new ArrayList<>(runtime.options(files.containers(runtime.kind())));
        // conmon keeps what the runtime says to itself.
        options.addAll(List.of("--log", files.runtimeOutput().toString()));
        for (String argument : options) {
            words.addAll(List.of("--runtime-arg", argument));
        }
        words.addAll(
                switch (stdio) {
                    case Stdio.Log() ->
                            List.of(
                                    "-l",
                                    "k8s-file:" + log(files),
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

    /// By way of a link of ours: a colon in the operator's path would end it here.
    private static Path log(DynoFiles files) {
        return files.runtime()
                .resolve(Installation.DATA_LINK)
                .resolve(files.data().relativize(files.log()));
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
                    || ProcessIdentity.noted(files.conmonPid())
                            .filter(ProcessIdentity::alive)
                            .isEmpty()) {
                throw failed(files, name() + " could not create the container");
            }
            if (System.nanoTime() > deadline) {
                throw failed(
                        files,
                        name()
                                + " did not create the container within "
                                + patience.toSeconds()
                                + " s");
            }
            try {
                Thread.sleep(LOOK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LaunchFailure("the start was interrupted", e);
            }
        }
    }

    static LaunchFailure failed(DynoFiles files, String what) {
        String said = (said(files.conmonOutput()) + " " + said(files.runtimeOutput())).strip();
        return new LaunchFailure(said.isEmpty() ? what : what + ": " + said, null);
    }

    static String said(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        } catch (IOException e) {
            // There is none when nothing was said.
            return "";
        }
    }

    @Override
    public ProcessIdentity start(DynoFiles files, ProcessIdentity init) throws LaunchFailure {
        Path containers = files.containers(runtime.kind());
        Command.Result result = runtime.start(files.id().toString(), containers, init, patience);
        if (!result.ok()) {
            throw new LaunchFailure(
                    name() + " could not start the container: " + result.output(), null);
        }
        return init;
    }

    @Override
    public Attachment attach(DynoFiles files) throws IOException {
        return new StreamAttachment(
                new ConmonChannel(AttachSocket.connect(files.socket())), files.id().toString());
    }

    @Override
    public LineParser parser() {
        return new LogParser();
    }

    @Override
    public boolean counts() {
        return true;
    }

    private String name() {
        return runtime.kind().program();
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
