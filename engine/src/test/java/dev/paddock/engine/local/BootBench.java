package dev.paddock.engine.local;

import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Prints how long dynos take from `start` to the begin of their command and to their end, alone after a pause and in
/// a burst. Run its `main` as root on an idle machine.
final class BootBench {
    private static final int DYNOS = 30;
    private static final int LIMIT_SECONDS = 30;
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final Platform platform;
    private final Map<DynoId, Long> up = new HashMap<>();
    private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();

    private record Seen(DynoEvent event, long nanos) {}

    private BootBench(Platform platform) {
        this.platform = platform;
        platform.engine.listen(event -> seen.add(new Seen(event, System.nanoTime())));
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        try (Platform platform = new Platform()) {
            BootBench bench = new BootBench(platform);
            bench.oneByOne("warm-up", Duration.ZERO);
            bench.oneByOne("burst", Duration.ZERO);
            bench.oneByOne("lone", PAUSE);
            bench.together();
        }
    }

    private void oneByOne(String name, Duration pause) throws InterruptedException {
        List<Double> boots = new ArrayList<>();
        List<Double> stops = new ArrayList<>();
        for (int i = 0; i < DYNOS; i++) {
            Thread.sleep(pause);
            DynoSpec spec = platform.bash("exec sleep 1000");
            long begin = System.nanoTime();
            platform.engine.start(spec);
            boots.add(millis(begin, await(spec.id(), DynoEvent.Up.class)));
            begin = System.nanoTime();
            platform.engine.retire(spec.id(), Duration.ofSeconds(LIMIT_SECONDS));
            stops.add(millis(begin, await(spec.id(), DynoEvent.Exited.class)));
            platform.engine.forget(spec.id());
        }
        print(name + ": boot", boots);
        print(name + ": stop", stops);
    }

    private void together() throws InterruptedException {
        List<DynoSpec> specs = new ArrayList<>();
        long begin = System.nanoTime();
        for (int i = 0; i < DYNOS; i++) {
            specs.add(platform.start(platform.bash("exec sleep 1000")));
        }
        long end = begin;
        for (DynoSpec spec : specs) {
            end = Math.max(end, await(spec.id(), DynoEvent.Up.class));
        }
        System.out.printf("together: %.1f dynos/s%n", DYNOS * 1000 / millis(begin, end));
    }

    private long await(DynoId id, Class<? extends DynoEvent> kind) throws InterruptedException {
        while (true) {
            if (kind == DynoEvent.Up.class && up.containsKey(id)) {
                return up.getOrDefault(id, 0L);
            }
            Seen next = seen.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new IllegalStateException("dyno " + id + " takes too long");
            }
            if (next.event() instanceof DynoEvent.Up) {
                up.put(next.event().id(), next.nanos());
            }
            if (next.event().id().equals(id) && kind.isInstance(next.event())) {
                return next.nanos();
            }
        }
    }

    private static double millis(long begin, long end) {
        return (end - begin) / 1e6;
    }

    private static void print(String name, List<Double> values) {
        Collections.sort(values);
        System.out.printf(
                "%s ms: min %.1f median %.1f max %.1f%n",
                name, values.getFirst(), values.get(values.size() / 2), values.getLast());
    }
}
