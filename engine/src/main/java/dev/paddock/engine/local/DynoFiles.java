package dev.paddock.engine.local;

import dev.paddock.dyno.DynoId;
import java.nio.file.Path;
import java.util.List;

/// Where one dyno's files are: what belongs to this boot in the runtime directory, what may grow on disk.
///
/// @param id of the container; that of the dyno, unless it began as a spare
/// @param bundle holds the record of the dyno, its OCI bundle and conmon's files
/// @param disk holds what the dyno writes, and its output
record DynoFiles(Path runtime, Path data, DynoId id, Path bundle, Path disk) {
    static final String DYNOS = "dynos";
    static final String EXITS = "exits";
    static final String SOCKETS = "socks";

    static DynoFiles of(LocalSettings settings, DynoId id) {
        return of(settings.runtime(), settings.data(), id);
    }

    static DynoFiles of(Path runtime, Path data, DynoId id) {
        return new DynoFiles(
                runtime,
                data,
                id,
                runtime.resolve(DYNOS).resolve(id.toString()),
                data.resolve(DYNOS).resolve(id.toString()));
    }

    void create() {
        Directory.createPrivate(bundle);
        Directory.createPrivate(disk);
    }

    Path spec() {
        return bundle.resolve("spec.json");
    }

    /// What a spare was made for, in place of [#spec()].
    Path spare() {
        return bundle.resolve("spare.json");
    }

    /// Only of what began as a spare: which dyno of its type it is, told to it late.
    Path name() {
        return bundle.resolve("name");
    }

    Path life() {
        return bundle.resolve("life.json");
    }

    Path config() {
        return bundle.resolve("config.json");
    }

    Path hosts() {
        return bundle.resolve("hosts");
    }

    Path pid() {
        return bundle.resolve("pid");
    }

    Path conmonPid() {
        return bundle.resolve("conmon.pid");
    }

    Path conmonOutput() {
        return bundle.resolve("conmon.out");
    }

    /// Named pipes of a [ShellKeeper].
    Path gate() {
        return bundle.resolve("gate");
    }

    Path input() {
        return bundle.resolve("in");
    }

    Path output() {
        return bundle.resolve("out");
    }

    Path runtimeOutput() {
        return bundle.resolve("runtime.out");
    }

    Path exit() {
        return runtime.resolve(EXITS).resolve(id.toString());
    }

    /// With what conmon had written beside, if it was killed just then.
    List<Path> exits() {
        Path directory = runtime.resolve(EXITS);
        return Directory.names(directory).stream()
                .filter(name -> name.startsWith(id.toString()))
                .map(directory::resolve)
                .toList();
    }

    /// The machine's uptime when the container ended; conmon leaves it, whether we live or not.
    Path uptimeAtEnd() {
        return bundle.resolve("ended");
    }

    Path sockets() {
        return runtime.resolve(SOCKETS).resolve(id.toString());
    }

    Path socket() {
        return sockets().resolve("attach");
    }

    Path containers(OciRuntime.Kind kind) {
        return kind.containers(runtime);
    }

    Path log() {
        return disk.resolve("log");
    }

    Path upper() {
        return disk.resolve("upper");
    }

    Path work() {
        return disk.resolve("work");
    }

    /// Where its limited disk is mounted, for a moment; the file that holds it lies beside.
    Path volume() {
        return disk.resolve("volume");
    }

    /// Where a plain process finds what a container would see elsewhere.
    Path plain() {
        return disk.resolve("root");
    }

    Path temporary() {
        return disk.resolve("tmp");
    }
}
