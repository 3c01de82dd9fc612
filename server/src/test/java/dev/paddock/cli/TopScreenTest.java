package dev.paddock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.cli.Figures.AppFigures;
import dev.paddock.cli.Figures.DynoFigures;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopScreenTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final long MB = 1 << 20;

    @Test
    void appsAndTheirDynosAreShownWithWhatTheyUse() {
        Figures figures =
                figures(
                        new AppFigures(
                                "shop",
                                12.34,
                                0,
                                List.of(
                                        dyno("web.1", "up", Duration.ofHours(5), 21, 0),
                                        dyno("web.2", "crashed", Duration.ofMinutes(7), 0, 3))));

        assertThat(TopScreen.lines(figures, Map.of("web.1", 0.256), 80, 24))
                .containsExactly(
                        "3 apps, 2 dynos (1 up), 12.3 requests/s, memory for dynos 3.0G of 4.0G free",
                        "APP / DYNO     STATE     SINCE SIZE             CPU      MEMORY   REQ/S RESTARTS",
                        "shop           1/2 up                         25.6%    21/1024M    12.3        3",
                        "  web.1        up           5h Standard-1X    25.6%     21/512M                0",
                        "  web.2        crashed      7m Standard-1X               0/512M                3");
    }

    @Test
    void busiestAppComesFirstAndIdleOnesByName() {
        Figures figures = figures(app("zoo"), app("bar"), app("busy"), app("almost"));

        List<String> lines =
                TopScreen.lines(figures, Map.of("busy.1", 0.5, "almost.1", 0.00001), 80, 24);

        assertThat(lines)
                .filteredOn(line -> line.contains("1/1 up"))
                .extracting(line -> line.split(" ", -1)[0])
                .containsExactly("busy", "almost", "bar", "zoo");
    }

    @Test
    void whatDoesNotFitIsCounted() {
        Figures figures =
                figures(
                        IntStream.range(0, 10)
                                .mapToObj(n -> app("app-" + n))
                                .toArray(AppFigures[]::new));

        List<String> lines = TopScreen.lines(figures, Map.of(), 80, 10);

        assertThat(lines).hasSize(10);
        assertThat(lines.getLast()).isEqualTo("... and 13 more lines");
        assertThat(TopScreen.lines(figures, Map.of(), 80, 22)).hasSize(22);
        assertThat(TopScreen.lines(figures, Map.of(), 80, 22).getLast()).startsWith("  web.1");
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 2", "20, 5", "79, 24", "80, 24", "200, 50"})
    void nothingIsWiderOrHigherThanTheTerminal(int width, int height) {
        Figures figures =
                figures(
                        Collections.nCopies(40, app("a-very-long-name-of-30-letters"))
                                .toArray(AppFigures[]::new));

        List<String> lines = TopScreen.lines(figures, Map.of(), width, height);

        assertThat(lines).hasSizeLessThanOrEqualTo(height).isNotEmpty();
        assertThat(lines).allMatch(line -> line.length() <= width);
    }

    @Test
    void longNamesAreCutInNarrowTerminalsOnly() {
        Figures figures = figures(app("a-very-long-name-of-30-letters"));

        assertThat(TopScreen.lines(figures, Map.of(), 80, 24).get(2))
                .startsWith("a-very-long-n~ 1/1");
        assertThat(TopScreen.lines(figures, Map.of(), 120, 24).get(2))
                .startsWith("a-very-long-name-of-30-letters 1/1");
    }

    @Test
    void shareOfTheProcessorIsWhatWasUsedBetweenTwoLooks() {
        Figures before =
                Figures.parse(
                        """
                        {"tick_ns":1000000000,"at":"2026-01-02T03:04:05Z","memory_bytes":1,
                         "memory_free_bytes":1,"quiet_apps":0,"apps":[{"name":"shop",
                         "requests_per_second":1.5,"queued":2,"dynos":[{"id":"one","name":"web.1",
                         "state":"up","since":"2026-01-02T03:04:00Z","size":"Eco","cpu_ns":500000000,
                         "memory_bytes":5,"memory_quota_bytes":512,"restarts":4}]}]}
                        """);
        Figures later =
                new Figures(
                        3_000_000_000L,
                        NOW,
                        1,
                        1,
                        0,
                        List.of(
                                new AppFigures(
                                        "shop",
                                        0,
                                        0,
                                        List.of(cpu("one", 1_000_000_000L), cpu("new", 7)))));

        assertThat(later.cpuSince(before)).isEqualTo(Map.of("one", 0.25));
        assertThat(before.apps().getFirst().requestsPerSecond()).isEqualTo(1.5);
        assertThat(before.apps().getFirst().dynos().getFirst().restarts()).isEqualTo(4);
    }

    @Test
    void sizeOfTheTerminalIsAsSttySays() {
        assertThat(Terminal.Size.parse("50 132")).isEqualTo(new Terminal.Size(50, 132));
        assertThat(Terminal.Size.parse("0 0")).isEqualTo(new Terminal.Size(24, 80));
    }

    private static Figures figures(AppFigures... apps) {
        return new Figures(0, NOW, 4096 * MB, 3072 * MB, 2, List.of(apps));
    }

    private static AppFigures app(String name) {
        return new AppFigures(
                name,
                0,
                0,
                List.of(
                        new DynoFigures(
                                name + ".1", "web.1", "up", NOW, "Basic", 0, 0, 512 * MB, 0)));
    }

    private static DynoFigures dyno(
            String name, String state, Duration since, long megabytes, int restarts) {
        return new DynoFigures(
                name,
                name,
                state,
                NOW.minus(since),
                "Standard-1X",
                0,
                megabytes * MB,
                512 * MB,
                restarts);
    }

    private static DynoFigures cpu(String id, long nanos) {
        return new DynoFigures(id, "web.1", "up", NOW, "Eco", nanos, 0, 1, 0);
    }
}
