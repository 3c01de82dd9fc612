package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoOutput;
import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Dynos that write as fast as they can, one per processor, beside one that writes now and then. All are followed by
/// virtual threads, as the platform does.
class FloodTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration WAIT = Duration.ofSeconds(5);

    private static final long FIRST_LINE = 1_000_000_000;

    /// Lines of one length, for what is lost is known in bytes and told in lines. Goes on until it is hung up, and leaves
    /// its dyno running.
    private static final String FLOOD =
            "exec 2>/dev/null; trap : HUP; seq " + FIRST_LINE + " 1999999999; sleep 1000";

    private static final int QUIET_LINES = 60;

    /// Enough for conmon to have thrown away what nobody had read.
    private static final long UNREAD = 8 * Conmon.LOG_BYTES;

    private static final Percentage ACCURACY = Percentage.withPercentage(10);

    private Platform platform;

    @BeforeEach
    void open() throws IOException {
        platform = new Platform();
    }

    @AfterEach
    void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Test
    void linesOfOthersArriveDuringAFloodAndItsOwnLossIsCounted() {
        DynoSpec quiet =
                platform.startUp(
                        platform.bash("while true; do echo $EPOCHREALTIME; sleep 0.05; done"));
        List<Flood> floods = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            floods.add(new Flood(platform.startUp(platform.bash(FLOOD))));
        }
        await().atMost(LIMIT).until(() -> floods.stream().allMatch(Flood::overflowed));
        floods.forEach(flood -> Thread.ofVirtual().start(flood::follow));
        List<Double> delays = new CopyOnWriteArrayList<>();
        Thread.ofVirtual().start(() -> followQuiet(quiet, delays));

        await().atMost(LIMIT).until(() -> delays.size() >= QUIET_LINES);

        assertThat(floods).allMatch(flood -> platform.seen(flood.spec).exit().isEmpty());
        floods.forEach(Flood::stop);
        await().atMost(LIMIT).until(() -> floods.stream().allMatch(flood -> flood.ended));
        print(delays, floods);
        for (Flood flood : floods) {
            assertThat(flood.lost.get()).isPositive();
            assertThat(flood.seen.get() + flood.lost.get())
                    .isCloseTo(flood.written.get(), ACCURACY);
        }
    }

    private void followQuiet(DynoSpec quiet, List<Double> delays) {
        try (DynoOutput output = platform.engine.output(quiet.id(), 0)) {
            while (delays.size() < QUIET_LINES) {
                for (DynoOutput.Line line : output.read(WAIT)) {
                    double written = Double.parseDouble(line.text());
                    delays.add(System.currentTimeMillis() - written * 1_000);
                }
            }
        }
    }

    private static void print(List<Double> delays, List<Flood> floods) {
        // Those from before the flood came when nobody followed yet.
        double[] sorted =
                delays.stream()
                        .skip(delays.size() / 2)
                        .mapToDouble(delay -> delay)
                        .sorted()
                        .toArray();
        System.out.printf(
                "delay of another dyno's lines during %d floods, ms: min %.1f median %.1f max %.1f%n",
                floods.size(), sorted[0], sorted[sorted.length / 2], sorted[sorted.length - 1]);
        for (Flood flood : floods) {
            System.out.printf(
                    "flood: %d lines written, %d delivered, %d counted as lost%n",
                    flood.written.get(), flood.seen.get(), flood.lost.get());
        }
    }

    /// A dyno that numbers its lines, and what came of them.
    private final class Flood {
        private final DynoSpec spec;
        private final AtomicLong seen = new AtomicLong();
        private final AtomicLong lost = new AtomicLong();
        private final AtomicLong written = new AtomicLong();
        private volatile boolean stopped;
        private volatile boolean ended;

        Flood(DynoSpec spec) {
            this.spec = spec;
        }

        boolean overflowed() {
            return platform.life(spec)
                            .processes()
                            .orElseThrow()
                            .conmon()
                            .writtenBytes()
                            .orElse(UNREAD)
                    >= UNREAD;
        }

        void stop() {
            platform.engine.hangUp(spec.id());
            stopped = true;
        }

        /// The last line may be cut off in the middle.
        private void count(String line) {
            long number = Long.parseLong(line);
            if (number >= FIRST_LINE) {
                written.set(number - FIRST_LINE + 1);
            }
        }

        void follow() {
            try (DynoOutput output = platform.engine.output(spec.id(), 0)) {
                while (!ended) {
                    boolean stoppedBefore = stopped;
                    List<DynoOutput.Line> lines = output.read(WAIT);
                    seen.addAndGet(lines.size());
                    lost.addAndGet(output.lost());
                    if (!lines.isEmpty()) {
                        count(lines.getLast().text());
                    }
                    ended = stoppedBefore && lines.isEmpty();
                }
            }
        }
    }
}
