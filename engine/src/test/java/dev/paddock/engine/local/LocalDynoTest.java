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
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Stdio;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDynoTest {
    private static final Duration PERIOD = Duration.ofSeconds(20);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration LIMIT = Duration.ofSeconds(10);

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

    @Test
    void endIsNotedWhileSomebodyLooksAtTheLog() throws Exception {
        LocalDyno before = dyno();
        before.files.create();
        Files.writeString(before.files.log(), "a line\n");
        before.log.keep();
        // Of a dyno that is taken over the log is measured, by what its keeper wrote.
        LocalDyno dyno =
                new LocalDyno(
                        before.spec, before.files, before.keeper, before.group, before.life());
        Thread looks = new Thread(() -> look(dyno));

        Thread ends =
                Thread.ofPlatform()
                        .daemon()
                        .start(() ->
                                dyno.change(life -> {
                                    looks.setDaemon(true);
                                    looks.start();
                                    awaitBlocked(looks);
                                    return life.withExit(Exit.of(0), new Tick(1));
                                }));

        ends.join(LIMIT);
        looks.join(LIMIT);
        assertThat(dyno.ended()).isTrue();
        assertThat(ends.isAlive() || looks.isAlive()).isFalse();
    }

    private static void look(LocalDyno dyno) {
        try {
            dyno.log.left(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitBlocked(Thread thread) {
        Awaitility.await().atMost(LIMIT).until(() -> thread.getState() == Thread.State.BLOCKED);
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
                        folder, folder, "0123456789ab", new VirtualTime(), 0, 0, 0, Map.of());
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
