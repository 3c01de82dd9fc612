package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Stdio;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDynoTest {
    private static final Duration PERIOD = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofSeconds(5);

    @TempDir Path folder;

    @Test
    void memoryOverQuotaIsReportedEvery20SecondsAndNoMoreOften() {
        LocalDyno dyno = dyno();
        Tick begin = new Tick(0);

        List<Integer> reported =
                IntStream.range(0, 13)
                        .filter(look ->
                                dyno.reportsOverQuota(begin.plus(LOOK.multipliedBy(look)), PERIOD))
                        .boxed()
                        .toList();

        assertThat(reported).containsExactly(0, 4, 8, 12);
    }

    private LocalDyno dyno() {
        DynoSpec spec =
                new DynoSpec(
                        DynoId.random(),
                        AppId.random(),
                        DynoName.parse("web.1"),
                        DynoKind.FORMATION,
                        new ReleaseVersion(1),
                        DynoSize.DEFAULT,
                        "serve",
                        Map.of(),
                        Optional.empty(),
                        "",
                        new Stdio.Log(),
                        true,
                        List.of());
        LocalSettings settings =
                new LocalSettings(
                        folder, folder, "0123456789ab", new VirtualTime(), 0, 0, Map.of());
        Cgroup.Hierarchies none = new Cgroup.Hierarchies(folder, List.of(), false);
        return new LocalDyno(
                spec,
                DynoFiles.of(settings, spec.id()),
                new Conmon(
                        Optional.empty(),
                        new OciRuntime(OciRuntime.Kind.CRUN, Path.of("/usr/bin/crun"), List.of()),
                        Conmon.PATIENCE),
                new Cgroup(none, "/paddock"),
                Life.fresh("boot"));
    }
}
