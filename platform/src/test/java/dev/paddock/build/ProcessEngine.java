package dev.paddock.build;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.paddock.core.AppId;
import dev.paddock.daemons.Command;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Mount;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/// An engine for tests of builds: runs a build dyno's command as a plain process whose `/paddock` is a directory of
/// links. Nothing is isolated. Safe for any thread.
final class ProcessEngine implements Engine {
    private final Path roots;
    private final Map<DynoId, Running> dynos = new ConcurrentHashMap<>();
    private final List<DynoSpec> started = new ArrayList<>();
    private volatile Function<DynoSpec, String> command = DynoSpec::command;
    private volatile Function<Integer, Exit> exits = Exit::of;
    private volatile Consumer<DynoEvent> events = _ -> {};

    ProcessEngine(Path roots) {
        this.roots = roots;
    }

    /// What dynos run instead of their command.
    ProcessEngine runs(String instead) {
        command = _ -> instead;
        return this;
    }

    /// How the engine describes an exit status.
    ProcessEngine describes(Function<Integer, Exit> exits) {
        this.exits = exits;
        return this;
    }

    List<DynoSpec> started() {
        synchronized (started) {
            return List.copyOf(started);
        }
    }

    @Override
    public void listen(Consumer<DynoEvent> events) {
        this.events = events;
    }

    @Override
    public void start(DynoSpec spec) {
        try {
            Path root = Files.createDirectory(roots.resolve(spec.id().toString()));
            for (Mount mount : spec.mounts()) {
                Path link = root.resolve(Path.of(mount.target()).getFileName());
                Files.createSymbolicLink(link, mount.source().toAbsolutePath());
            }
            String text = command.apply(spec).replace(BuildDirectory.ROOT, root.toString());
            ProcessBuilder builder =
                    new ProcessBuilder("setsid", "bash", "-c", text).redirectErrorStream(true);
            builder.environment().putAll(spec.environment());
            builder.environment().put("ROOT", root.toString());
            synchronized (started) {
                started.add(spec);
            }
            dynos.put(spec.id(), new Running(spec, builder.start()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void retire(DynoId id, Duration grace) {
        Running running = dynos.get(id);
        if (running != null) {
            kill(running);
        }
    }

    private static void kill(Running running) {
        // By its group, so that what it starts meanwhile ends too.
        Command.run(
                List.of("kill", "-9", "--", "-" + running.process.pid()), Duration.ofSeconds(60));
        running.process.descendants().forEach(ProcessHandle::destroyForcibly);
        running.process.destroyForcibly();
    }

    @Override
    public void hangUp(DynoId id) {}

    @Override
    public List<EngineDyno> list() {
        return dynos.values().stream()
                .map(running ->
                        new EngineDyno(
                                running.spec,
                                "host",
                                Optional.empty(),
                                true,
                                false,
                                Optional.empty(),
                                Optional.empty(),
                                running.exit))
                .toList();
    }

    @Override
    public void forget(DynoId id) {
        Running running = dynos.get(id);
        if (running != null && running.exit.isPresent()) {
            dynos.remove(id);
        }
    }

    /// The dyno vanishes without an exit, as when its host dies.
    void lose(DynoId id) {
        Running running = dynos.remove(id);
        if (running != null) {
            running.lost = true;
            kill(running);
        }
    }

    @Override
    public Attachment attach(DynoId id) {
        throw new UnsupportedOperationException("builds are followed, not attached");
    }

    @Override
    public DynoOutput output(DynoId id, long cursor) {
        Running running = dynos.get(id);
        if (running == null) {
            throw new IllegalStateException("no dyno " + id);
        }
        return running;
    }

    @Override
    public Optional<DynoUsage> usage(DynoId id) {
        return Optional.empty();
    }

    @Override
    public void discard(AppId app) {}

    @Override
    public void discard(AppId app, UUID slug) {}

    @Override
    public List<EngineHost> hosts() {
        return List.of();
    }

    @Override
    public List<String> weaknesses() {
        return List.of("nothing is isolated");
    }

    @Override
    public void close() {
        dynos.keySet().forEach(id -> retire(id, Duration.ZERO));
    }

    private final class Running implements DynoOutput {
        private final DynoSpec spec;
        private final Process process;
        private final LinkedBlockingQueue<Line> lines = new LinkedBlockingQueue<>();
        private volatile Optional<Exit> exit = Optional.empty();
        private volatile boolean lost;

        private Running(DynoSpec spec, Process process) {
            this.spec = spec;
            this.process = process;
            Thread.ofVirtual().name("build-output").start(this::pump);
        }

        private void pump() {
            try (var reader =
                    new BufferedReader(
                            new InputStreamReader(process.getInputStream(), ISO_8859_1))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines.add(new Line(0, Instant.EPOCH, line));
                }
                int status = process.waitFor();
                if (lost) {
                    return;
                }
                exit = Optional.of(exits.apply(status));
                events.accept(new DynoEvent.Exited(spec.id(), exit.get()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public List<Line> read(Duration wait) {
            List<Line> batch = new ArrayList<>();
            try {
                Line first = lines.poll(wait.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    lines.drainTo(batch);
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            return batch;
        }

        @Override
        public boolean ended() {
            return exit.isPresent() && lines.isEmpty();
        }

        @Override
        public long lost() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
