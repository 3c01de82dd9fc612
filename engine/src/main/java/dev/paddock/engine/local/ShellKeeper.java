package dev.paddock.engine.local;

import dev.paddock.core.Timers;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.Stdio;
import dev.paddock.engine.local.Conmon.LaunchFailure;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Keeps dynos where there is no conmon: a shell in a session of its own runs the container to its end,
/// behind a gate that [#start] opens. It leaves the same files as conmon does, but the log holds plain output, and
/// where the runtime removes the cgroup at once nobody learns that memory ran out.
final class ShellKeeper implements Keeper {
    private static final Duration LOOK = Duration.ofMillis(2);

    /// $1 id, by which the process is known; $2 bundle, $3 log, $4 where the exit status goes, $5 where the uptime at
    /// the end goes, $6 size of a log, $7 kind of streams; then the command. Both named pipes are opened for reading
    /// and writing first, which never waits, so that an end that is gone cannot hold the other.
    private static final String SCRIPT =
            """
            id=$1 bundle=$2 log=$3 exit=$4 uptime=$5 bytes=$6 streams=$7
            shift 7
            exec 3<>"$bundle/gate"
            if [ "$streams" != log ]; then
                exec 4<>"$bundle/in" 5<>"$bundle/out"
            fi
            echo $$ >"$bundle/conmon.new"
            mv "$bundle/conmon.new" "$bundle/conmon.pid"
            read -r _ <&3
            exec 3>&-
            case $streams in
            log)
                { "$@"; echo $? >"$bundle/status"; } </dev/null 2>&1 |
                    log=$log split -a 9 -d -b "$bytes" --filter='rm -f "$log"; exec cat >"$log"' - output
                ;;
            pipes)
                exec 6<"$bundle/in" 7>"$bundle/out" 4>&- 5>&-
                "$@" <&6 >&7 2>&1 6<&- 7>&-
                echo $? >"$bundle/status"
                ;;
            terminal)
                exec 6<"$bundle/in" 7>"$bundle/out" 4>&- 5>&-
                script -q -e -f -c "$*" /dev/null <&6 >&7 2>&1 6<&- 7>&-
                echo $? >"$bundle/status"
                ;;
            esac
            cp /proc/uptime "$uptime"
            mv "$bundle/status" "$exit"
            """;

    private final Sandbox sandbox;
    private final Duration patience;
    private final Timers timers;

    ShellKeeper(Sandbox sandbox, Duration patience, Timers timers) {
        this.sandbox = sandbox;
        this.patience = patience;
        this.timers = timers;
    }

    @Override
    public void prepare(DynoFiles files) {
        List<String> words = new ArrayList<>(List.of("mkfifo", "-m", "600"));
        for (Path pipe : List.of(files.gate(), files.input(), files.output())) {
            words.add(pipe.toString());
        }
        Command.Result made = Command.run(words, "");
        if (!made.ok()) {
            throw new UncheckedIOException(new IOException(made.output()));
        }
    }

    @Override
    public ProcessIdentity create(DynoFiles files, Stdio stdio) throws LaunchFailure {
        String streams =
                switch (stdio) {
                    case Stdio.Log() -> "log";
                    case Stdio.Terminal _ -> "terminal";
                    case Stdio.Pipes() -> "pipes";
                };
        List<String> words =
                new ArrayList<>(List.of("setsid", "--fork", "sh", "-c", SCRIPT, "keeper"));
        words.addAll(List.of(files.id().toString(), files.bundle().toString()));
        words.addAll(List.of(files.log().toString(), files.exit().toString()));
        words.addAll(List.of(files.uptimeAtEnd().toString(), Long.toString(Conmon.LOG_BYTES)));
        words.add(streams);
        words.addAll(sandbox.running(files));
        try {
            int status = Command.run(words, Command.NOTHING, files.conmonOutput(), patience);
            if (status != 0) {
                throw Conmon.failed(files, "no shell could be started, status " + status);
            }
        } catch (IOException e) {
            throw new LaunchFailure("setsid cannot be run: " + e.getMessage(), e);
        }
        return await(
                files,
                () -> ProcessIdentity.noted(files.conmonPid()),
                "the shell beside the container did not start");
    }

    @Override
    public ProcessIdentity start(DynoFiles files, ProcessIdentity init) throws LaunchFailure {
        // For reading too: that does not wait for a reader, should the shell be gone.
        try (RandomAccessFile gate = new RandomAccessFile(files.gate().toFile(), "rw")) {
            gate.write('\n');
        } catch (IOException e) {
            throw new LaunchFailure("the gate cannot be opened: " + e.getMessage(), e);
        }
        return await(files, () -> begun(files, init), "the container could not be started");
    }

    /// The container's first process. One that has ended by now is not missed.
    private Optional<ProcessIdentity> begun(DynoFiles files, ProcessIdentity unknown) {
        Optional<ProcessIdentity> process = sandbox.first(files);
        if (process.isPresent()) {
            note(files, process.get());
            return process;
        }
        return Files.exists(files.exit()) && sandbox.began(files)
                ? Optional.of(unknown)
                : Optional.empty();
    }

    /// For others who want to see what lives.
    private static void note(DynoFiles files, ProcessIdentity process) {
        if (!Files.exists(files.pid())) {
            try {
                Files.writeString(files.pid(), Long.toString(process.pid()));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write " + files.pid(), e);
            }
        }
    }

    private ProcessIdentity await(
            DynoFiles files, Supplier<Optional<ProcessIdentity>> process, String failure)
            throws LaunchFailure {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            boolean over = over(files);
            Optional<ProcessIdentity> found = process.get();
            if (found.isPresent()) {
                return found.get();
            }
            if (over) {
                throw Conmon.failed(files, failure);
            }
            if (System.nanoTime() > deadline) {
                throw Conmon.failed(files, failure + " within " + patience.toSeconds() + " s");
            }
            try {
                Thread.sleep(LOOK);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LaunchFailure("the start was interrupted", e);
            }
        }
    }

    /// Whether the shell has ended; it notes itself first.
    private static boolean over(DynoFiles files) {
        if (Files.exists(files.exit())) {
            return true;
        }
        boolean noted = Files.exists(files.conmonPid());
        return noted
                && ProcessIdentity.noted(files.conmonPid())
                        .filter(ProcessIdentity::alive)
                        .isEmpty();
    }

    @Override
    public Attachment attach(DynoFiles files) throws IOException {
        String name = files.id().toString();
        return new StreamAttachment(new PipeChannel(files.input(), files.output(), name), name);
    }

    @Override
    public LineParser parser() {
        return new RawLines(timers::date);
    }

    @Override
    public boolean counts() {
        return false;
    }
}
