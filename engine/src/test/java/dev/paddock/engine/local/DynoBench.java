package dev.paddock.engine.local;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.SlugRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/// Prints what dynos cost on this machine in time and memory; its name keeps it out of the ordinary test run. Run it
/// by `bench/dynos.sh`, on an idle machine.
class DynoBench {
    private static final String COMMAND = "exec /app/server";
    private static final int MANY = 100;
    private static final int LIMIT_SECONDS = 60;
    private static final Duration GRACE = Duration.ofSeconds(30);

    /// Holds the program `server` and nothing else.
    private static final Path TREE =
            Path.of(System.getProperty("paddock.bench.tree", "target/bench"));

    private static final Duration PAUSE = Duration.ofMillis(500);

    private final Map<DynoId, CompletableFuture<Long>> up = new ConcurrentHashMap<>();
    private final Map<DynoId, CompletableFuture<Long>> exited = new ConcurrentHashMap<>();
    private final AppId app = AppId.random();

    @Test
    void figures() throws Exception {
        int dynos = Integer.getInteger("paddock.bench.dynos", 50);
        int boots = Integer.getInteger("paddock.bench.boots", 30);
        try (Platform platform = new Platform()) {
            platform.engine.listen(this::note);
            SlugRef slug = platform.slug(TREE);
            boots(boots, Duration.ZERO, () -> boot(platform, slug));
            BootFigures.heading();
            both("dyno", boots, () -> boot(platform, slug));
            fromSpares(boots);
            beside(platform, slug, boots);
            if (BareContainers.docker(TREE)) {
                for (String network : List.of("host", "bridge")) {
                    both(
                            "docker run, net " + network,
                            boots,
                            () -> BareContainers.bootByDocker(network));
                }
            } else {
                System.out.println("docker run: no daemon answers");
            }
            scale(platform, slug, dynos);
            if (dynos < MANY) {
                scale(platform, slug, MANY);
            }
        }
    }

    private void note(DynoEvent event) {
        long now = System.nanoTime();
        if (event instanceof DynoEvent.Up) {
            when(up, event.id()).complete(now);
        } else if (event instanceof DynoEvent.Exited(DynoId id, var exit)) {
            when(up, id).completeExceptionally(new IllegalStateException("ended " + exit));
            when(exited, id).complete(now);
        }
    }

    private static CompletableFuture<Long> when(
            Map<DynoId, CompletableFuture<Long>> told, DynoId id) {
        return told.computeIfAbsent(id, unknown -> new CompletableFuture<>());
    }

    private static long await(Map<DynoId, CompletableFuture<Long>> told, DynoId id)
            throws InterruptedException, ExecutionException, TimeoutException {
        return when(told, id).get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /// One start to its open port, taken away again.
    private interface Booting {
        BootFigures.Boot boot() throws Exception;
    }

    private static void both(String name, int count, Booting booting) throws Exception {
        BootFigures.print(name + ", burst", boots(count, Duration.ZERO, booting));
        BootFigures.print(name + ", lone", boots(count, PAUSE, booting));
    }

    private static List<BootFigures.Boot> boots(int count, Duration pause, Booting booting)
            throws Exception {
        List<BootFigures.Boot> boots = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Thread.sleep(pause);
            boots.add(booting.boot());
        }
        return boots;
    }

    private BootFigures.Boot boot(Platform platform, SlugRef slug) throws Exception {
        DynoSpec spec = platform.slugged(platform.web(COMMAND), app, slug);
        long request = System.nanoTime();
        platform.engine.start(spec);
        long told = await(up, spec.id());
        BootFigures.Boot boot =
                BootFigures.ask(platform.seen(spec).address().orElseThrow(), request, told);
        stop(platform, spec);
        return boot;
    }

    private void stop(Platform platform, DynoSpec spec) throws Exception {
        platform.engine.retire(spec.id(), GRACE);
        await(exited, spec.id());
        platform.engine.forget(spec.id());
    }

    /// The same container without an engine around it. A dyno that waits for its client lends its network.
    private void beside(Platform platform, SlugRef slug, int boots) throws Exception {
        DynoSpec lender = platform.start(platform.slugged(platform.waiting(COMMAND), app, slug));
        try (BareContainers bare = new BareContainers(platform, lender)) {
            for (String runtime : List.of("crun", "runc")) {
                if (installed(runtime)) {
                    both(runtime + " run", boots, () -> bare.boot(runtime));
                } else {
                    System.out.println(runtime + " run: not installed");
                }
            }
        }
        platform.engine.retire(lender.id(), Duration.ZERO);
        await(exited, lender.id());
        platform.engine.forget(lender.id());
    }

    private void fromSpares(int boots) throws Exception {
        try (Platform platform = new Platform(1)) {
            platform.engine.listen(this::note);
            SlugRef slug = platform.slug(TREE);
            boot(platform, slug);
            both(
                    "dyno from a spare",
                    boots,
                    () -> {
                        platform.awaitSpare(platform.slugged(platform.web(COMMAND), app, slug));
                        return boot(platform, slug);
                    });
            platform.awaitSpare(platform.slugged(platform.web(COMMAND), app, slug));
            Life.Processes spare = platform.spares().getFirst().processes().orElseThrow();
            System.out.printf(
                    "memory of a spare, KB: conmon %d, crun before the first instruction %d (PSS)%n",
                    pss(spare.conmon().pid()), pss(spare.init().pid()));
        }
    }

    private static boolean installed(String program) throws Exception {
        return new ProcessBuilder("which", program).start().waitFor() == 0;
    }

    private void scale(Platform platform, SlugRef slug, int count) throws Exception {
        long free = available();
        List<DynoSpec> specs = new ArrayList<>();
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
            specs.add(platform.start(platform.slugged(platform.web(COMMAND), app, slug)));
        }
        long end = begin;
        for (DynoSpec spec : specs) {
            end = Math.max(end, await(up, spec.id()));
        }
        rate("0 -> " + count + ", all serving", count, end - begin);
        for (DynoSpec spec : specs) {
            DynoAddress address = platform.seen(spec).address().orElseThrow();
            BootFigures.ask(address, begin, end);
        }
        memory(platform, specs, free - available());
        begin = System.nanoTime();
        specs.forEach(spec -> platform.engine.retire(spec.id(), GRACE));
        end = begin;
        for (DynoSpec spec : specs) {
            end = Math.max(end, await(exited, spec.id()));
        }
        rate(count + " -> 0, all ended", count, end - begin);
        begin = System.nanoTime();
        specs.forEach(spec -> platform.engine.forget(spec.id()));
        rate(count + " forgotten, nothing left", count, System.nanoTime() - begin);
    }

    private static void rate(String name, int count, long nanos) {
        System.out.printf("%-24s %6.1f dynos/s (%.2f s)%n", name, count * 1e9 / nanos, nanos / 1e9);
    }

    private static void memory(Platform platform, List<DynoSpec> specs, long used)
            throws IOException {
        long conmon = 0;
        long init = 0;
        long command = 0;
        for (DynoSpec spec : specs) {
            Life.Processes processes = platform.life(spec).processes().orElseThrow();
            conmon += pss(processes.conmon().pid());
            init += pss(processes.init().pid());
            for (long pid : platform.cgroup(spec.id().toString()).processes()) {
                command += pid == processes.init().pid() ? 0 : pss(pid);
            }
        }
        int count = specs.size();
        System.out.printf(
                "memory per dyno at %d, KB: conmon %d, init %d (PSS); all of the machine's, without the app's own"
                        + " %d: %d%n",
                count, conmon / count, init / count, command / count, (used - command) / count);
    }

    private static long pss(long pid) throws IOException {
        return kilobytes(Path.of("/proc", Long.toString(pid), "smaps_rollup"), "Pss:");
    }

    private static long available() throws IOException {
        return kilobytes(Path.of("/proc/meminfo"), "MemAvailable:");
    }

    private static long kilobytes(Path file, String key) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith(key))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }
}
