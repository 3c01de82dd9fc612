package dev.paddock.build;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.Exit;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One build dyno from its start until the engine has forgotten it. [#accept] may come from any thread, the rest is
/// for the thread that builds.
final class BuildDyno {
    private static final Logger LOG = LoggerFactory.getLogger(BuildDyno.class);

    private static final Duration POLL = Duration.ofMillis(200);

    /// How often the engine is asked when no event came: an event may be lost.
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    /// From SIGKILL, or from the end of the dyno, until everything must have been seen.
    private static final Duration END_LIMIT = Duration.ofSeconds(20);

    private final Engine engine;
    private final DynoSpec spec;
    private volatile Optional<End> end = Optional.empty();
    private long lookedAt = System.nanoTime();

    BuildDyno(Engine engine, DynoSpec spec) {
        this.engine = engine;
        this.spec = spec;
    }

    DynoId id() {
        return spec.id();
    }

    int number() {
        return spec.name().number();
    }

    void accept(DynoEvent event) {
        switch (event) {
            case DynoEvent.Exited(_, Exit exit) -> end = Optional.of(new End.Exited(exit));
            case DynoEvent.Lost _ -> end = Optional.of(new End.Lost());
            case DynoEvent.Placed _, DynoEvent.Up _, DynoEvent.OverQuota _ -> {}
        }
    }

    /// Runs the dyno to its end and passes its lines on. `trouble` is asked again and again: the first reason it
    /// gives stops the dyno and fails the build.
    End run(Consumer<String> output, Supplier<Optional<String>> trouble)
            throws InterruptedException {
        engine.start(spec);
        boolean done = false;
        try {
            Optional<String> reason = follow(output, trouble);
            End seen = awaitEnd();
            done = true;
            if (reason.isPresent()) {
                throw new BuildFailed(reason.get());
            }
            return seen;
        } finally {
            if (!done) {
                stop();
            }
            forget();
        }
    }

    private Optional<String> follow(Consumer<String> output, Supplier<Optional<String>> trouble)
            throws InterruptedException {
        Optional<String> reason = Optional.empty();
        long endBy = 0;
        try (DynoOutput lines = engine.output(id(), 0)) {
            while (!lines.ended()) {
                List<DynoOutput.Line> batch = lines.read(POLL);
                pass(batch, lines.lost(), output);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (batch.isEmpty() && end.filter(seen -> seen instanceof End.Lost).isPresent()) {
                    break; // what it wrote went with its host
                }
                if (endBy == 0) {
                    reason = trouble.get();
                    if (reason.isPresent()) {
                        engine.retire(id(), Duration.ZERO);
                    }
                    if (reason.isPresent() || (batch.isEmpty() && look().isPresent())) {
                        endBy = System.nanoTime() + END_LIMIT.toNanos();
                    }
                } else if (System.nanoTime() - endBy > 0) {
                    LOG.warn("the output of build dyno {} has no end", id());
                    break;
                }
            }
        }
        return reason;
    }

    private static void pass(List<DynoOutput.Line> batch, long lost, Consumer<String> output) {
        if (lost > 0) {
            output.accept(" !     " + lost + " lines of output came too fast and are missing here");
        }
        for (DynoOutput.Line line : batch) {
            output.accept(new String(line.text().getBytes(ISO_8859_1), UTF_8));
        }
    }

    private Optional<End> look() {
        if (end.isEmpty() && System.nanoTime() - lookedAt > LOOK_AGAIN.toNanos()) {
            lookNow();
        }
        return end;
    }

    private void lookNow() {
        lookedAt = System.nanoTime();
        Optional<EngineDyno> seen =
                engine.list().stream().filter(dyno -> dyno.spec().id().equals(id())).findFirst();
        if (seen.isEmpty()) {
            end = Optional.of(new End.Lost());
        } else {
            seen.get().exit().ifPresent(exit -> end = Optional.of(new End.Exited(exit)));
        }
    }

    private End awaitEnd() throws InterruptedException {
        long endBy = System.nanoTime() + END_LIMIT.toNanos();
        while (end.isEmpty() && System.nanoTime() - endBy < 0) {
            lookNow();
            if (end.isEmpty()) {
                Thread.sleep(POLL.dividedBy(4));
            }
        }
        return end.orElseThrow(
                () -> new IllegalStateException("build dyno " + id() + " does not end"));
    }

    /// Kills it and waits for its end, even when the thread is being interrupted.
    private void stop() {
        boolean interrupted = Thread.interrupted();
        try {
            engine.retire(id(), Duration.ZERO);
            awaitEnd();
        } catch (InterruptedException _) {
            interrupted = true;
        } catch (RuntimeException e) {
            LOG.error("stopping build dyno {} failed; the next start stops it", id(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void forget() {
        if (end.isPresent()) {
            engine.forget(id());
        }
    }

    /// How a build dyno ended.
    sealed interface End {
        record Exited(Exit exit) implements End {}

        record Lost() implements End {}
    }
}
