package dev.paddock.engine.local;

import dev.paddock.engine.local.OciBundle.BundleMount;
import dev.paddock.engine.local.OciBundle.Connection;
import dev.paddock.engine.local.OciBundle.TerminalSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Containers that an ordinary user may make: bubblewrap gives each namespaces of its own, its own file system and no
/// privilege to gain. Its limits are those that a process can set for itself and its children.
///
/// @param machine what bubblewrap can do here
/// @param scratch for containers with nobody beside them
record Bubblewrap(UserSandbox machine, HostStack stack, Path scratch) implements Sandbox {
    private static final String SHARED_MEMORY = Integer.toString(64 << 20);

    /// What goes on from here belongs to the dyno. $1 how many processes it may have; empty for no limit of its own.
    private static final String INSIDE =
            """
            echo >&7
            exec 2>&6 6>&- 7>&-
            processes=$1
            shift
            exec ${processes:+prlimit --nproc="$processes:$processes"} "$@"
            """;

    /// $1 name, $2 directory, $3 rows and $4 columns of the terminal or empty, then the command. The options come from
    /// a file, for everybody may read command lines. Dynos die before all else when memory runs out.
    private static final String OUTSIDE =
            """
            name=$1 directory=$2 rows=$3 columns=$4
            shift 4
            ulimit -c 0
            ulimit -n 10000 2>/dev/null || :
            echo 500 >/proc/self/oom_score_adj || :
            [ -z "$rows" ] || stty rows "$rows" cols "$columns"
            cd /
            program=$1
            shift
            exec "$program" --args 9 --info-fd 8 --hostname "$name" -- "$@" \\
                6>&2 7>"$directory/began" 8>"$directory/info" 9<"$directory/options" 2>"$directory/runtime.out"
            """;

    @Override
    public List<String> launch(String command) {
        return List.of("/bin/bash", HostStack.LAUNCH, command);
    }

    @Override
    public boolean layers() {
        return false;
    }

    @Override
    public void describe(OciBundle bundle, DynoFiles files) throws IOException {
        describe(bundle, files.id().toString(), files.bundle());
    }

    private void describe(OciBundle bundle, String name, Path directory) throws IOException {
        ShellScript.write(directory.resolve("options"), String.join("\0", options(bundle)) + "\0");
        List<String> words = new ArrayList<>(List.of("sh", "-c", OUTSIDE, "sandbox", name));
        words.add(directory.toString());
        words.add(bundle.terminal().map(TerminalSize::rows).map(String::valueOf).orElse(""));
        words.add(bundle.terminal().map(TerminalSize::columns).map(String::valueOf).orElse(""));
        words.add(machine.program().toString());
        words.addAll(List.of("/bin/sh", "-c", INSIDE, "sh"));
        words.add(machine.countsProcesses() ? Integer.toString(bundle.limits().processes()) : "");
        words.addAll(bundle.words());
        StringBuilder script = new StringBuilder("exec");
        words.forEach(word -> script.append(' ').append(ShellScript.quoted(word)));
        ShellScript.write(script(directory), script.append('\n').toString());
    }

    private static Path script(Path directory) {
        return directory.resolve("run");
    }

    List<String> options(OciBundle bundle) {
        List<String> options = new ArrayList<>(machine.options());
        if (bundle.connection() instanceof Connection.None) {
            options.add("--unshare-net");
        }
        options.add("--clearenv");
        bundle.environment()
                .forEach((name, value) -> options.addAll(List.of("--setenv", name, value)));
        options.addAll(List.of("--ro-bind", stack.root().toString(), "/"));
        for (Path bound : stack.bound()) {
            options.addAll(List.of("--ro-bind", bound.toString(), bound.toString()));
        }
        options.addAll(List.of("--proc", "/proc", "--dev", "/dev"));
        options.addAll(memory("/dev/shm", SHARED_MEMORY));
        options.addAll(List.of("--remount-ro", "/dev"));
        if (bundle.limits().temporaryBytes() > 0) {
            options.addAll(memory("/tmp", Long.toString(bundle.limits().temporaryBytes())));
        }
        for (BundleMount mount : bundle.mounts()) {
            options.addAll(List.of(mount.isReadOnly() ? "--ro-bind" : "--bind"));
            options.addAll(List.of(mount.source(), mount.target()));
        }
        options.addAll(List.of("--chdir", bundle.workingDirectory()));
        return options;
    }

    private static List<String> memory(String target, String bytes) {
        return List.of("--perms", "1777", "--size", bytes, "--tmpfs", target);
    }

    @Override
    public List<String> running(DynoFiles files) {
        return List.of("sh", script(files.bundle()).toString());
    }

    /// Process 1 of the container, which belongs to bubblewrap.
    @Override
    public Optional<ProcessIdentity> first(DynoFiles files) {
        return began(files) ? init(files) : Optional.empty();
    }

    private static Optional<ProcessIdentity> init(DynoFiles files) {
        return Json.read(files.bundle().resolve("info"))
                .map(info -> info.path("child-pid").asLong())
                .flatMap(ProcessIdentity::of)
                .filter(process -> process.runs("bwrap", files.id().toString()));
    }

    @Override
    public boolean began(DynoFiles files) {
        try {
            return Files.size(files.bundle().resolve("began")) > 0;
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    public ProcessGroup group(DynoFiles files) {
        return new WatchedGroup(
                new NamespaceMembers(() -> init(files)), files.bundle().resolve("out-of-memory"));
    }

    @Override
    public void delete(DynoFiles files) {
        Path directory = files.bundle();
        Directory.remove(directory.resolve("info"), directory.resolve("began"), script(directory));
    }

    @Override
    public Command.Result run(OciBundle bundle, String name, Path input, Duration limit)
            throws IOException {
        Path directory = Directory.createPrivate(scratch.resolve(name));
        try {
            describe(bundle, name, directory);
            Path output = directory.resolve("output");
            // Between us and bubblewrap, which ends with the thread that started it.
            List<String> words =
                    List.of("sh", "-c", "sh \"$1\"; exit $?", "sh", script(directory).toString());
            int status = Command.run(words, input, output, limit);
            String said = Conmon.said(directory.resolve("runtime.out")) + " ";
            return new Command.Result(
                    status, (said + Files.readString(output, StandardCharsets.ISO_8859_1)).strip());
        } finally {
            Directory.remove(directory);
        }
    }

    @Override
    public void clean() {
        // What ran there ended with the process that waited for it.
        Directory.remove(scratch);
    }
}
