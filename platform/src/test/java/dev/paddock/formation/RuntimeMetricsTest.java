package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.DynoUsage.Memory;
import dev.paddock.dyno.DynoUsage.Paging;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.Stdio;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.log.RecordingLogSink;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RuntimeMetricsTest {
    private static final long MB = 1 << 20;

    private final VirtualTime time = new VirtualTime();
    private final FakeEngine engine = new FakeEngine(time);
    private final RecordingLogSink log = new RecordingLogSink();
    private final AppId app = AppId.random();
    private final Map<AppId, Long> watched = new HashMap<>(Map.of(app, 17L));
    private final RuntimeMetrics metrics =
            new RuntimeMetrics(engine, () -> Map.copyOf(watched), time, Runnable::run, log);

    @Test
    void dynoOfAnAppWithTheFeatureTellsLoadAndMemoryEvery20Seconds() {
        DynoId dyno = start(app, "web.1", DynoKind.FORMATION);
        engine.use(
                dyno,
                usage(2, new Memory(20 * MB, 1_310_720, 0, Optional.of(new Paging(348, 343)))));

        metrics.start();
        time.advance(Duration.ofSeconds(6));

        String source = "source=web.1 dyno=heroku.17." + dyno;
        assertThat(log.lines())
                .extracting(LogLine::text)
                .containsExactly(
                        source + " sample#load_avg_1m=2.00",
                        source
                                + " sample#memory_total=21.25MB sample#memory_rss=20.00MB"
                                + " sample#memory_cache=1.25MB sample#memory_swap=0.00MB"
                                + " sample#memory_pgpgin=348pages sample#memory_pgpgout=343pages"
                                + " sample#memory_quota=512.00MB");
        assertThat(log.lines())
                .allMatch(line -> line.source() == LogSource.HEROKU)
                .allMatch(line -> line.process().equals("web.1"));
        time.advance(Duration.ofSeconds(19));
        assertThat(log.lines()).hasSize(4);
        time.advance(Duration.ofSeconds(60));
        assertThat(log.lines()).hasSize(10);
    }

    @Test
    void pagesAreLeftOutWhereTheKernelDoesNotCountThem() {
        DynoId dyno = start(app, "worker.2", DynoKind.FORMATION);
        engine.use(dyno, usage(0, new Memory(MB, 0, MB / 2, Optional.empty())));

        metrics.start();
        time.advance(Duration.ofSeconds(6));

        assertThat(log.lines().getLast().text())
                .endsWith(
                        " sample#memory_total=1.50MB sample#memory_rss=1.00MB"
                                + " sample#memory_cache=0.00MB sample#memory_swap=0.50MB"
                                + " sample#memory_quota=512.00MB");
    }

    @Test
    void loadIsAveragedAndTheLongAveragesComeWhenTheirTimeIsOver() {
        DynoId dyno = start(app, "web.1", DynoKind.FORMATION);
        metrics.start();
        time.advance(Duration.ofSeconds(6));
        assertThat(loads()).containsExactly("load_avg_1m=0.00");

        engine.use(dyno, usage(4, new Memory(MB, 0, 0, Optional.empty())));
        time.advance(Duration.ofSeconds(60));
        assertThat(loads()).containsExactly("load_avg_1m=2.53");

        time.advance(Duration.ofMinutes(4));
        assertThat(loads()).containsExactly("load_avg_1m=3.97", "load_avg_5m=2.53");

        time.advance(Duration.ofMinutes(10));
        assertThat(loads())
                .containsExactly("load_avg_1m=4.00", "load_avg_5m=3.80", "load_avg_15m=2.53");
    }

    /// The samples of the last line about load.
    private List<String> loads() {
        String line = log.lines().get(log.lines().size() - 2).text();
        return List.of(line.substring(line.indexOf("sample#") + 7).split(" sample#"));
    }

    @Test
    void otherAppsAndBuildsAreNotTold() {
        AppId other = AppId.random();
        start(other, "web.1", DynoKind.FORMATION);
        start(app, "build.1", DynoKind.BUILD);
        start(app, "run.4711", DynoKind.ONE_OFF);

        metrics.start();
        time.advance(Duration.ofSeconds(6));

        assertThat(log.lines()).hasSize(2).allMatch(line -> line.process().equals("run.4711"));
        assertThat(log.lines()).allMatch(line -> line.app().equals(app));
    }

    @Test
    void switchingTheFeatureTakesEffectWithTheNextLine() {
        start(app, "web.1", DynoKind.FORMATION);
        metrics.start();
        time.advance(Duration.ofSeconds(6));
        watched.clear();

        time.advance(Duration.ofMinutes(2));

        assertThat(log.lines()).hasSize(2);
        watched.put(app, 17L);
        time.advance(Duration.ofSeconds(20));
        assertThat(log.lines()).hasSize(4);
    }

    @Test
    void endedDynoIsNotTold() {
        DynoId dyno = start(app, "web.1", DynoKind.FORMATION);
        engine.exit(dyno, 1);

        metrics.start();
        time.advance(Duration.ofMinutes(1));

        assertThat(log.lines()).isEmpty();
    }

    @Test
    void failedRoundIsNotTheLast() {
        start(app, "web.1", DynoKind.FORMATION);
        boolean[] away = {true};
        RuntimeMetrics shaken =
                new RuntimeMetrics(
                        engine,
                        () -> {
                            if (away[0]) {
                                throw new IllegalStateException("the database is away");
                            }
                            return watched;
                        },
                        time,
                        Runnable::run,
                        log);
        shaken.start();
        time.advance(Duration.ofSeconds(6));
        away[0] = false;

        time.advance(Duration.ofSeconds(20));

        assertThat(log.lines()).hasSize(2);
    }

    @Test
    void closedMetricsSayNothing() {
        start(app, "web.1", DynoKind.FORMATION);
        metrics.start();

        metrics.close();
        time.advance(Duration.ofMinutes(1));

        assertThat(log.lines()).isEmpty();
    }

    private DynoId start(AppId of, String name, DynoKind kind) {
        DynoSpec spec =
                new DynoSpec(
                        DynoId.random(),
                        of,
                        DynoName.parse(name),
                        kind,
                        new ReleaseVersion(1),
                        DynoSize.DEFAULT,
                        "work",
                        Map.of(),
                        Optional.empty(),
                        "",
                        new Stdio.Log(),
                        false,
                        List.of());
        engine.start(spec);
        time.advance(Duration.ofMillis(100));
        return spec.id();
    }

    private static DynoUsage usage(int runnable, Memory memory) {
        return new DynoUsage(Duration.ZERO, memory, runnable);
    }
}
