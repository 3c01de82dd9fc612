package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells in an app's log what each of its dynos uses, for apps with the feature `log-runtime-metrics` (logs.md section
/// 6). One round at a time; owned by its timer.
public final class RuntimeMetrics implements AutoCloseable {
    public static final String FEATURE = "log-runtime-metrics";

    /// The pace of the kernel's own load averages.
    static final Duration SAMPLE_PAUSE = Duration.ofSeconds(5);

    /// Lines come every 20 s.
    private static final int SAMPLES_PER_LINE = 4;

    private static final double BYTES_PER_MB = 1024 * 1024;
    private static final Logger LOG = LoggerFactory.getLogger(RuntimeMetrics.class);

    private final Engine engine;
    private final Supplier<Map<AppId, Long>> watched;
    private final Timers timers;
    private final Executor effects;
    private final LogSink log;
    private Map<AppId, Long> numbers = Map.of();
    private Map<DynoId, LoadAverage> loads = Map.of();
    private int round;
    private volatile boolean closed;

    /// @param watched the apps with the feature and their numbers, asked before each line
    /// @param effects where a round runs; it reads files and asks the database
    public RuntimeMetrics(
            Engine engine,
            Supplier<Map<AppId, Long>> watched,
            Timers timers,
            Executor effects,
            LogSink log) {
        this.engine = engine;
        this.watched = watched;
        this.timers = timers;
        this.effects = effects;
        this.log = log;
    }

    public void start() {
        timers.schedule(
                SAMPLE_PAUSE,
                () -> {
                    if (!closed) {
                        effects.execute(this::turn);
                    }
                });
    }

    private void turn() {
        try {
            boolean lineIsDue = round % SAMPLES_PER_LINE == 0;
            round++;
            if (lineIsDue) {
                numbers = watched.get();
            }
            sample(lineIsDue);
        } catch (RuntimeException e) {
            LOG.warn("What dynos use could not be told: {}", e.toString());
        }
        start();
    }

    private void sample(boolean lineIsDue) {
        Map<DynoId, LoadAverage> next = new HashMap<>();
        for (DynoSpec dyno : watchedDynos()) {
            engine.usage(dyno.id())
                    .ifPresent(usage -> {
                        LoadAverage load = load(dyno.id(), usage.runnable(), timers.now());
                        next.put(dyno.id(), load);
                        if (lineIsDue) {
                            tell(dyno, load, usage.memory());
                        }
                    });
        }
        loads = next;
    }

    private List<DynoSpec> watchedDynos() {
        return numbers.isEmpty()
                ? List.of()
                : engine.list().stream()
                        .map(EngineDyno::spec)
                        .filter(dyno -> dyno.kind() != DynoKind.BUILD)
                        .filter(dyno -> numbers.containsKey(dyno.app()))
                        .toList();
    }

    private LoadAverage load(DynoId dyno, int runnable, Tick now) {
        LoadAverage before = loads.get(dyno);
        return before == null ? LoadAverage.first(runnable, now) : before.next(runnable, now);
    }

    private void tell(DynoSpec dyno, LoadAverage load, DynoUsage.Memory memory) {
        String source =
                "source=%s dyno=heroku.%d.%s"
                        .formatted(dyno.name(), numbers.get(dyno.app()), dyno.id());
        write(dyno, source + loadSamples(load));
        write(dyno, source + memorySamples(memory, dyno.size().memoryBytes()));
    }

    /// The longer averages only once they are what they say.
    private static String loadSamples(LoadAverage load) {
        return number("load_avg_1m", load.one())
                + (load.coversFiveMinutes() ? number("load_avg_5m", load.five()) : "")
                + (load.coversFifteenMinutes() ? number("load_avg_15m", load.fifteen()) : "");
    }

    private static String memorySamples(DynoUsage.Memory memory, long quotaBytes) {
        return megabytes("memory_total", memory.totalBytes())
                + megabytes("memory_rss", memory.rssBytes())
                + megabytes("memory_cache", memory.cacheBytes())
                + megabytes("memory_swap", memory.swapBytes())
                + memory.paging().map(RuntimeMetrics::pages).orElse("")
                + megabytes("memory_quota", quotaBytes);
    }

    private static String pages(DynoUsage.Paging paging) {
        return " sample#memory_pgpgin=%dpages sample#memory_pgpgout=%dpages"
                .formatted(paging.in(), paging.out());
    }

    private static String megabytes(String name, long bytes) {
        return number(name, bytes / BYTES_PER_MB) + "MB";
    }

    private static String number(String name, double value) {
        return String.format(Locale.ROOT, " sample#%s=%.2f", name, value);
    }

    private void write(DynoSpec dyno, String text) {
        log.write(
                LogLine.of(
                        dyno.app(), timers.date(), LogSource.HEROKU, dyno.name().toString(), text));
    }

    @Override
    public void close() {
        closed = true;
    }
}
