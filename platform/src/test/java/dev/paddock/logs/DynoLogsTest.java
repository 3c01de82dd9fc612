package dev.paddock.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.dyno.Stdio;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DynoLogsTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final DynoName WEB_1 = DynoName.parse("web.1");

    @TempDir Path directory;
    private final AppId app = AppId.random();
    private final VirtualTime time = new VirtualTime();
    private final FakeEngine engine = new FakeEngine(time);

    private DynoId start() {
        DynoId id = DynoId.random();
        engine.start(
                new DynoSpec(
                        id,
                        app,
                        WEB_1,
                        DynoKind.FORMATION,
                        new ReleaseVersion(1),
                        DynoSize.DEFAULT,
                        "serve",
                        Map.of(),
                        Optional.empty(),
                        "host",
                        new Stdio.Log(),
                        true,
                        List.of()));
        return id;
    }

    private static List<String> history(LogHub hub, AppId app) {
        return hub.last(app, LogFilter.ALL, LogHub.HISTORY_LINES).stream()
                .map(entry -> entry.line().text())
                .toList();
    }

    @Test
    void outputArrivesUnderTheDynosNameBeforeFinishReturns() {
        DynoId dyno = start();
        try (LogHub hub = new LogHub(directory);
                DynoLogs logs = new DynoLogs(engine, hub)) {
            engine.print(dyno, "one");
            logs.follow(app, dyno, WEB_1);
            logs.follow(app, dyno, WEB_1);
            engine.print(dyno, "");
            engine.print(dyno, "last words");
            engine.exit(dyno, 1);

            logs.finish(dyno, LONG);

            assertThat(hub.last(app, LogFilter.ALL, 10))
                    .extracting(LogHub.Entry::line)
                    .containsExactly(
                            new LogLine(app, time.date(), LogSource.APP, "web.1", "one"),
                            new LogLine(app, time.date(), LogSource.APP, "web.1", ""),
                            new LogLine(app, time.date(), LogSource.APP, "web.1", "last words"));
        }
    }

    @Test
    void finishGivesUpAtItsLimit() {
        DynoId dyno = start();
        try (LogHub hub = new LogHub(directory);
                DynoLogs logs = new DynoLogs(engine, hub)) {
            logs.follow(app, dyno, WEB_1);

            logs.finish(dyno, Duration.ofMillis(1));
            logs.finish(DynoId.random(), LONG);
        }
    }

    @Test
    void platformKilledAtAnyByteLosesAndDoublesNothing() throws Exception {
        DynoId dyno = start();
        List<String> expected = new ArrayList<>();
        Path first = directory.resolve("first");
        try (LogHub hub = new LogHub(first);
                DynoLogs logs = new DynoLogs(engine, hub);
                LogFollower follower = hub.follow(app, LogFilter.ALL, 0)) {
            logs.follow(app, dyno, WEB_1);
            print(dyno, "short", expected);
            print(dyno, "x".repeat(2 * LogLine.MAX_BYTES + 7), expected);
            print(dyno, "", expected);
            print(dyno, "long " + "y".repeat(LogLine.MAX_BYTES), expected);
            print(dyno, "end", expected);
            List<LogHub.Entry> seen = new ArrayList<>();
            while (seen.size() < expected.size()) {
                seen.addAll(follower.read(LONG));
            }
        }
        engine.exit(dyno, 0);
        Path segment = segments(first).getFirst();
        byte[] bytes = Files.readAllBytes(segment);

        for (int length = 0; length < bytes.length; length += 1 + length / 40) {
            Path copy = directory.resolve("at-" + length);
            Files.createDirectories(copy.resolve(app.toString()));
            Files.write(
                    copy.resolve(app.toString()).resolve(segment.getFileName()),
                    Arrays.copyOf(bytes, length));
            try (LogHub hub = new LogHub(copy);
                    DynoLogs logs = new DynoLogs(engine, hub)) {
                logs.follow(app, dyno, WEB_1);
                logs.finish(dyno, LONG);

                assertThat(history(hub, app)).as("killed at " + length).isEqualTo(expected);
            }
        }
    }

    private void print(DynoId dyno, String text, List<String> expected) {
        engine.print(dyno, text);
        expected.addAll(LogText.lines(text));
    }

    private List<Path> segments(Path logs) throws IOException {
        try (Stream<Path> files = Files.list(logs.resolve(app.toString()))) {
            return files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
        }
    }

    @Test
    void quietDynosPositionOutlivesTheSegmentOfItsLines() throws Exception {
        DynoId dyno = start();
        DynoId ended = start();
        try (LogHub hub = new LogHub(directory);
                DynoLogs logs = new DynoLogs(engine, hub)) {
            for (DynoId each : List.of(dyno, ended)) {
                logs.follow(app, each, WEB_1);
                engine.print(each, "old");
            }
            engine.exit(ended, 0);
            logs.finish(ended, LONG);
            awaitLines(hub, 2);
            String noise = "x".repeat(9_000);
            for (int i = 0; i < 1_000; i++) {
                hub.write(LogLine.of(app, Instant.EPOCH, LogSource.HEROKU, "router", noise));
            }
        }
        assertThat(segments(directory)).noneMatch(file -> file.endsWith("0".repeat(20) + ".log"));

        // Not forgotten by the engine when the platform died, so both are followed again.
        engine.print(dyno, "new");
        engine.exit(dyno, 0);
        try (LogHub hub = new LogHub(directory);
                DynoLogs logs = new DynoLogs(engine, hub)) {
            for (DynoId each : List.of(dyno, ended)) {
                logs.follow(app, each, WEB_1);
                logs.finish(each, LONG);
            }

            assertThat(history(hub, app)).endsWith("new").doesNotContain("old");
        }
    }

    private void awaitLines(LogHub hub, int count) throws InterruptedException {
        try (LogFollower follower = hub.follow(app, LogFilter.ALL, 0)) {
            for (int seen = 0; seen < count; ) {
                seen += follower.read(LONG).size();
            }
        }
    }
}
