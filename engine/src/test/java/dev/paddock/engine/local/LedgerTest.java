package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.SlugRef;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;

class LedgerTest {
    /// `bench/dynos.sh --cycles N` runs more.
    private static final int CYCLES = Integer.getInteger("paddock.ledger.cycles", 20);

    /// At once; `bench/dynos.sh --cycles N` runs 200.
    private static final int DYNOS = Integer.getInteger("paddock.ledger.dynos", 30);

    private static final int SPARE_CYCLES = Math.max(3, CYCLES / 10);
    private static final Duration MANY_LIMIT = Duration.ofMinutes(3);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void dynosLeaveNothingOnTheMachine() throws IOException {
        try (Platform platform = new Platform()) {
            SlugRef slug = platform.slug(Map.of("file", "content"));
            AppId app = AppId.random();
            cycle(platform, app, slug);
            Map<String, Long> before = settled(platform);

            for (int i = 0; i < CYCLES; i++) {
                cycle(platform, app, slug);
            }

            Map<String, Long> after = ledgerOnceLike(before, platform);
            print(CYCLES + " cycles", before, after);
            assertThat(after).isEqualTo(expected(before, after));
        }
    }

    /// The first ledger that shows nothing new, or else the last one: the engine's own commands come and go, and each
    /// holds descriptors while it runs.
    private static Map<String, Long> ledgerOnceLike(Map<String, Long> before, Platform platform) {
        AtomicReference<Map<String, Long>> last = new AtomicReference<>(Map.of());
        try {
            await().atMost(LIMIT)
                    .until(() -> {
                        last.set(ledger(platform));
                        return last.get().equals(expected(before, last.get()));
                    });
        } catch (ConditionTimeoutException e) {
            // What differs is in the ledgers.
        }
        return last.get();
    }

    /// As before, but an earlier test of this process may have let go of descriptors meanwhile.
    private static Map<String, Long> expected(Map<String, Long> before, Map<String, Long> after) {
        Map<String, Long> expected = new TreeMap<>(before);
        expected.merge("descriptors", after.get("descriptors"), Math::min);
        return expected;
    }

    private static void print(String what, Map<String, Long> before, Map<String, Long> after) {
        System.out.printf("%-16s %8s %8s%n", what, "before", "after");
        before.forEach((name, count) ->
                System.out.printf("%-16s %8d %8d%n", name, count, after.getOrDefault(name, 0L)));
    }

    @Test
    void dynosFromSparesLeaveNothingOnTheMachine() throws IOException {
        try (Platform platform = new Platform(1)) {
            DynoSpec first = platform.web("sleep 1000");
            spareCycle(platform, first);
            platform.engine.discard(first.app());
            Map<String, Long> before = settled(platform);

            for (int i = 0; i < SPARE_CYCLES; i++) {
                spareCycle(platform, platform.alike(first));
            }
            platform.engine.discard(first.app());

            Map<String, Long> after = ledgerOnceLike(before, platform);
            print(SPARE_CYCLES + " from spares", before, after);
            assertThat(after).isEqualTo(expected(before, after));
        }
    }

    private static void spareCycle(Platform platform, DynoSpec spec) {
        platform.engine.spares().keep(spec);
        platform.awaitSpare(spec);
        platform.start(spec);
        platform.engine.retire(spec.id(), Duration.ZERO);
        platform.exit(spec);
        platform.engine.forget(spec.id());
    }

    @Test
    void manyDynosRunAtOnceAndLeaveNothing() throws IOException {
        try (Platform platform = new Platform()) {
            AppId app = AppId.random();
            SlugRef slug = platform.slug(Map.of("file", "content"));
            cycle(platform, app, slug);
            Map<String, Long> before = settled(platform);
            List<DynoSpec> specs = new ArrayList<>();
            for (int i = 0; i < DYNOS; i++) {
                specs.add(platform.start(platform.slugged(platform.bash("sleep 1000"), app, slug)));
            }

            await().atMost(MANY_LIMIT)
                    .until(() ->
                            specs.stream()
                                    .allMatch(spec -> platform.told(spec, DynoEvent.Up.class)));

            assertThat(platform.engine.list())
                    .hasSize(DYNOS)
                    .allMatch(dyno -> dyno.up() && dyno.exit().isEmpty());
            Map<String, Long> during = ledger(platform);
            assertThat(during.get("conmons")).isEqualTo(DYNOS);
            assertThat(during.get("namespaces"))
                    .as("those of the dynos beside the ready ones")
                    .isGreaterThanOrEqualTo(DYNOS);
            assertThat(during.get("disk")).isGreaterThanOrEqualTo(DYNOS);
            specs.forEach(spec -> platform.engine.retire(spec.id(), Duration.ZERO));
            specs.forEach(platform::exit);
            specs.forEach(spec -> platform.engine.forget(spec.id()));
            Map<String, Long> after = ledgerOnceLike(before, platform);
            print(DYNOS + " dynos", before, after);
            assertThat(after).isEqualTo(expected(before, after));
        }
    }

    @Test
    void purgeTakesEverythingAway() throws IOException {
        Platform platform = new Platform();
        platform.startUp(platform.web("exec python3 -m http.server $PORT"));
        platform.startUp(platform.bash("sleep 1000"));

        platform.close();

        assertThat(platform.runtime).doesNotExist();
        assertThat(platform.data).doesNotExist();
        Map<String, Long> left = ledger(platform);
        left.remove("descriptors");
        assertThat(left.values()).containsOnly(0L);
    }

    private static void cycle(Platform platform, AppId app, SlugRef slug) {
        List<DynoSpec> specs = new ArrayList<>();
        specs.add(platform.start(platform.slugged(platform.bash("touch new; exit 1"), app, slug)));
        specs.add(platform.start(platform.slugged(platform.web("sleep 1000"), app, slug)));
        specs.add(
                platform.start(
                        platform.slugged(platform.attached("cat", new Stdio.Pipes()), app, slug)));
        platform.engine.retire(specs.get(1).id(), Duration.ZERO);
        platform.engine.retire(specs.get(2).id(), Duration.ZERO);
        for (DynoSpec spec : specs) {
            platform.exit(spec);
            platform.engine.forget(spec.id());
        }
    }

    /// The ledger when the pool of namespaces is full again.
    private static Map<String, Long> settled(Platform platform) {
        await().atMost(LIMIT)
                .until(() -> ledger(platform).getOrDefault("namespaces", 0L) == DynoNetwork.READY);
        return ledger(platform);
    }

    private static Map<String, Long> ledger(Platform platform) {
        Map<String, Long> ledger = new TreeMap<>();
        put(ledger, "mounts", "cat /proc/self/mounts", platform.hash);
        put(ledger, "mounts on disk", "cat /proc/self/mounts", platform.data.toString());
        put(ledger, "namespaces", "ls /run/netns", platform.hash);
        put(ledger, "links", "ls /sys/class/net", DynoNetwork.linkPrefix(platform.hash));
        put(ledger, "cgroups", "find /sys/fs/cgroup -type d", "paddock-" + platform.hash + "/");
        put(ledger, "processes", "ps -e -o args", platform.hash);
        put(ledger, "conmons", "ps -e -o args | grep 'conmon --api-version'", platform.hash);
        put(
                ledger,
                "files",
                "find /run/paddock " + platform.data + " | grep -v /stack/",
                platform.hash);
        put(ledger, "disk", "find " + platform.data, "/dynos/");
        put(ledger, "rules", "nft list tables", platform.hash);
        ledger.put("descriptors", descriptors());
        return ledger;
    }

    /// But for jars: java opens each when it needs the first class of it.
    private static long descriptors() {
        Path open = Path.of("/proc/self/fd");
        return Directory.names(open).stream()
                .map(open::resolve)
                .filter(descriptor -> !target(descriptor).endsWith(".jar"))
                .count();
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // It was the one by which the directory was read.
            return "";
        }
    }

    private static void put(Map<String, Long> ledger, String name, String command, String marker) {
        long count =
                Command.run("sh", "-c", command)
                        .output()
                        .lines()
                        .filter(line -> line.contains(marker) && !line.contains("sh -c"))
                        .count();
        ledger.put(name, count);
    }
}
