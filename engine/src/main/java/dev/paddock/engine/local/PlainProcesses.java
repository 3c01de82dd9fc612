package dev.paddock.engine.local;

import dev.paddock.engine.local.OciBundle.BundleMount;
import dev.paddock.engine.local.OciBundle.TerminalSize;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// No containers at all: dynos are plain processes of the user who runs the platform, not isolated from anything. What
/// a bundle mounts somewhere lies in the dyno's own directory instead, and what it runs is told so.
///
/// @param scratch for what runs with nobody beside it
record PlainProcesses(HostStack stack, Path scratch) implements Sandbox {
    private static final String MARK = "PADDOCK_DYNO";
    private static final String HOME = "/app";
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    /// What buildpacks leave in hidden folders names the place where it will run. $1 that place, as sed wants it.
    private static final String MOVE_IN =
            """
            move_in() {
                find . -mindepth 2 -maxdepth 3 -path './.*' -type f -size -64k -exec grep -lIZ '/app' {} + |
                    xargs -0 -r sed -i "s#\\\\(^\\\\|[^[:alnum:]_./-]\\\\)/app\\\\>#\\\\1$1#g"
            }
            """;

    private static final Duration COPY_LIMIT = Duration.ofMinutes(2);

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
        describe(bundle, files.id().toString(), files.bundle(), files.plain());
    }

    private void describe(OciBundle bundle, String name, Path directory, Path root)
            throws IOException {
        Directory.remove(root);
        Directory.createPrivate(root);
        Path home = root;
        List<String> words = new ArrayList<>(bundle.words());
        for (BundleMount mount : bundle.mounts()) {
            if (mount.target().equals(HOME)) {
                home = Path.of(mount.source());
            } else if (isOwn(mount.target())) {
                place(mount, root);
                words.replaceAll(word -> translated(word, top(mount.target()), root));
            }
        }
        Path there = home;
        words.replaceAll(word -> translated(word, HOME, there));
        if (words.contains(HostStack.LAUNCH)) {
            Path launch = directory.resolve("launch");
            String original = Files.readString(stack.root().resolve(HostStack.LAUNCH.substring(1)));
            Files.writeString(launch, translated(original, HOME, home));
            words.replaceAll(word -> word.equals(HostStack.LAUNCH) ? launch.toString() : word);
        }
        ShellScript.write(script(directory), script(bundle, name, directory, home, words));
    }

    /// Whether a target is not a part of every machine.
    private static boolean isOwn(String target) {
        return !target.startsWith("/etc/")
                && !target.equals("/tmp")
                && !target.equals(HostStack.NAME);
    }

    private static String top(String target) {
        return "/" + Path.of(target).getName(0);
    }

    private static String translated(String text, String path, Path to) {
        Path place = path.equals(HOME) ? to : to.resolve(path.substring(1));
        // Where no other path begins before it, and its name ends.
        return text.replaceAll(
                "(?<![\\w./-])" + Pattern.quote(path) + "(?![\\w.-])",
                Matcher.quoteReplacement(place.toString()));
    }

    /// What may not be written is copied, so that the original stays as it is.
    private static void place(BundleMount mount, Path root) throws IOException {
        Path target = root.resolve(mount.target().substring(1));
        Directory.create(target.resolveSibling("."), "rwx------");
        Path source = Path.of(mount.source());
        if (!Files.exists(source)) {
            throw new IOException(source + " does not exist");
        }
        if (!mount.isReadOnly()) {
            Files.createSymbolicLink(target, source);
            return;
        }
        Command.Result copied =
                Command.run(
                        List.of("cp", "-a", source.toString(), target.toString()), "", COPY_LIMIT);
        if (!copied.ok()) {
            throw new IOException(copied.output());
        }
    }

    /// It stays beside the command, to be known by and to note nothing else.
    private static String script(
            OciBundle bundle, String name, Path directory, Path home, List<String> words) {
        StringBuilder script = new StringBuilder();
        script.append("echo $$ >")
                .append(ShellScript.quoted(directory.resolve("pid")))
                .append('\n');
        script.append("unset ").append(String.join(" ", CrunMounts.ENVIRONMENT.keySet()));
        script.append('\n');
        bundle.environment()
                .forEach((key, value) -> {
                    if (NAME.matcher(key).matches()) {
                        String seen = key.equals("HOME") ? translated(value, HOME, home) : value;
                        script.append("export %s=%s\n".formatted(key, ShellScript.quoted(seen)));
                    }
                });
        script.append("export %s=%s\n".formatted(MARK, name));
        script.append("ulimit -c 0\nulimit -n 10000 2>/dev/null || :\n");
        script.append("echo 500 >/proc/self/oom_score_adj || :\n");
        bundle.terminal().ifPresent(size -> script.append(stty(size)));
        String work = translated(bundle.workingDirectory(), HOME, home);
        script.append("cd ").append(ShellScript.quoted(work)).append(" || exit 126\n");
        if (!work.equals("/")) {
            script.append(MOVE_IN).append("move_in ");
            script.append(ShellScript.quoted(work.replaceAll("[\\\\&#]", "\\\\$0"))).append('\n');
        }
        script.append("echo >").append(ShellScript.quoted(directory.resolve("began"))).append('\n');
        words.forEach(word -> script.append(ShellScript.quoted(word)).append(' '));
        return script.append("\nexit $?\n").toString();
    }

    private static String stty(TerminalSize size) {
        return "stty rows %d cols %d\n".formatted(size.rows(), size.columns());
    }

    private static Path script(Path directory) {
        return directory.resolve("run");
    }

    @Override
    public List<String> running(DynoFiles files) {
        return List.of("sh", script(files.bundle()).toString(), files.id().toString());
    }

    @Override
    public Optional<ProcessIdentity> first(DynoFiles files) {
        return began(files) ? shell(files) : Optional.empty();
    }

    private static Optional<ProcessIdentity> shell(DynoFiles files) {
        return ProcessIdentity.noted(files.pid())
                .filter(process -> process.runs("sh", files.id().toString()));
    }

    @Override
    public boolean began(DynoFiles files) {
        return Files.exists(files.bundle().resolve("began"));
    }

    @Override
    public ProcessGroup group(DynoFiles files) {
        return new WatchedGroup(
                new MarkedMembers(() -> shell(files), MARK, files.id().toString()),
                files.bundle().resolve("out-of-memory"));
    }

    @Override
    public void delete(DynoFiles files) {
        Path directory = files.bundle();
        Directory.remove(
                files.plain(),
                directory.resolve("began"),
                directory.resolve("launch"),
                script(directory));
    }

    @Override
    public Command.Result run(OciBundle bundle, String name, Path input, Duration limit)
            throws IOException {
        Path directory = Directory.createPrivate(scratch.resolve(name));
        try {
            describe(bundle, name, directory, directory.resolve("root"));
            Path output = directory.resolve("output");
            List<String> words = List.of("sh", script(directory).toString());
            int status = Command.run(words, input, output, limit);
            return new Command.Result(
                    status, Files.readString(output, StandardCharsets.ISO_8859_1).strip());
        } finally {
            Directory.remove(directory);
        }
    }

    @Override
    public void clean() {
        Directory.remove(scratch);
    }
}
