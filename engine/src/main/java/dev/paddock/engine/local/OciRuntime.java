package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The program that makes containers out of bundles, and how it is called.
///
/// @param wrapper words before every command, see [CrunMounts]
record OciRuntime(Kind kind, Path program, List<String> wrapper) {
    /// A pipe beside what crun notes about a container that was created.
    private static final String GATE = "exec.fifo";

    /// In the order in which they are preferred. What one keeps of its containers no other understands.
    enum Kind {
        CRUN,
        /// Takes about three times as long for each start.
        RUNC;

        String program() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Below a platform's runtime directory.
        Path containers(Path runtime) {
            return runtime.resolve(program());
        }
    }

    OciRuntime {
        wrapper = List.copyOf(wrapper);
    }

    /// The one that was put there.
    static OciRuntime in(CrunMounts mounts, Kind kind) {
        return new OciRuntime(kind, mounts.crun(), mounts.wrapper());
    }

    /// The options before every command of it.
    List<String> options(Path containers) {
        List<String> options = new ArrayList<>(List.of("--root", containers.toString()));
        if (kind == Kind.CRUN) {
            // runc does nothing else when it is not asked to.
            options.addAll(List.of("--cgroup-manager", "cgroupfs"));
        }
        return options;
    }

    Command.Result call(Path containers, Duration limit, String... arguments) {
        return Command.run(words(containers, arguments), "", limit);
    }

    /// Lets a container begin. Where its first process dies just then crun would wait for it for ever.
    Command.Result start(String name, Path containers, ProcessIdentity init, Duration limit) {
        if (kind == Kind.CRUN && opened(containers.resolve(name).resolve(GATE))) {
            return new Command.Result(0, "");
        }
        return Command.run(words(containers, "start", name), "", limit, init::alive);
    }

    /// What `crun start` does when it is loaded, some 6 ms later: the container's first process waits for a byte.
    ///
    /// @return false where this crun keeps no such gate
    private static boolean opened(Path gate) {
        try {
            if (!Files.readAttributes(gate, BasicFileAttributes.class).isOther()) {
                return false;
            }
            // Opened for both, a pipe waits for nobody.
            try (FileChannel pipe =
                    FileChannel.open(gate, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                pipe.write(ByteBuffer.allocate(1));
            }
            // crun takes a container without it for one that runs.
            Files.deleteIfExists(gate);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /// Runs a container to its end, with nobody beside it; its output goes to the bundle.
    Command.Result run(String name, Path bundle, Path containers, Path input, Duration limit) {
        Path output = bundle.resolve("output");
        List<String> words = words(containers, "run", "-b", bundle.toString(), name);
        try {
            int status = Command.run(words, input, output, limit);
            return new Command.Result(
                    status, Files.readString(output, StandardCharsets.ISO_8859_1).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(program + " cannot be run: " + e.getMessage(), e);
        }
    }

    private List<String> words(Path containers, String... arguments) {
        List<String> words = new ArrayList<>(wrapper);
        words.add(program.toString());
        words.addAll(options(containers));
        words.addAll(List.of(arguments));
        return words;
    }

    /// Removes what is kept of a dyno's container, killing what is left of it.
    void delete(DynoFiles files, Duration limit) {
        String name = files.id().toString();
        delete(name, files.containers(kind), limit);
        for (Kind other : Kind.values()) {
            if (other != kind) {
                // Of before another one was installed. Its processes are dead by now, so there are
                // only files.
                Directory.remove(files.containers(other).resolve(name));
            }
        }
    }

    /// Removes what is kept of a container, killing what is left of it; nothing if there is nothing.
    void delete(String name, Path containers, Duration limit) {
        if (Files.exists(containers.resolve(name))) {
            call(containers, limit, "delete", "-f", name);
        }
    }
}
