package dev.paddock.engine.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Containers of crun or runc, each in a cgroup of its own below the platform's.
///
/// @param layers whether they share a slug, each with a layer of its own over it
/// @param scratch for the bundles of containers with nobody beside them
record OciSandbox(
        OciRuntime runtime, HostStack stack, Cgroup platform, boolean layers, Path scratch)
        implements Sandbox {
    @Override
    public List<String> launch(String command) {
        return List.of(HostStack.INIT, "-g", "--", "/bin/bash", HostStack.LAUNCH, command);
    }

    @Override
    public void describe(OciBundle bundle, DynoFiles files) {
        bundle.write(files.config(), stack, group(files));
    }

    @Override
    public List<String> running(DynoFiles files) {
        List<String> words = new ArrayList<>(runtime.wrapper());
        words.add(runtime.program().toString());
        words.addAll(runtime.options(files.containers(runtime.kind())));
        // What the runtime says itself is not the dyno's output.
        words.addAll(List.of("--log", files.runtimeOutput().toString(), "run"));
        if (runtime.kind() == OciRuntime.Kind.RUNC) {
            // Its cgroup tells whether memory ran out; crun 1.8 cannot be kept from removing it.
            words.add("--keep");
        }
        words.addAll(List.of("--pid-file", files.pid().toString()));
        words.addAll(List.of("-b", files.bundle().toString(), files.id().toString()));
        return words;
    }

    @Override
    public Optional<ProcessIdentity> first(DynoFiles files) {
        return ProcessIdentity.noted(files.pid())
                .filter(process -> process.runs(HostStack.INIT, "--"));
    }

    @Override
    public boolean began(DynoFiles files) {
        return Conmon.said(files.runtimeOutput()).isEmpty();
    }

    @Override
    public Cgroup group(DynoFiles files) {
        return platform.child(files.id().toString());
    }

    @Override
    public void delete(DynoFiles files) {
        runtime.delete(files, Conmon.PATIENCE);
    }

    @Override
    public Command.Result run(OciBundle bundle, String name, Path input, Duration limit) {
        Path directory = Directory.createPrivate(scratch.resolve(name));
        Path known = Directory.createPrivate(known());
        Cgroup group = platform.child(name);
        try {
            bundle.write(directory.resolve("config.json"), stack, group);
            return runtime.run(name, directory, known, input, limit);
        } finally {
            runtime.delete(name, known, Conmon.PATIENCE);
            group.remove();
            Directory.remove(directory);
        }
    }

    private Path known() {
        return runtime.kind().containers(scratch);
    }

    @Override
    public void clean() {
        for (String name : Directory.names(known())) {
            runtime.delete(name, known(), Conmon.PATIENCE);
        }
        Directory.remove(scratch);
    }
}
