package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.ControlFrame.AppLoad;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// Attacks a router from several sides for a time, with honest requests in between that must be answered soon, and looks
/// at what is left behind afterwards. All randomness comes from a seed that a failure names.
final class FuzzRun implements AutoCloseable {
    private static final int THREADS = 8;
    private static final int HONEST_EVERY = 20;
    private static final long HONEST_NANOS = 20_000_000_000L;
    private static final int SHARES = 20;
    private static final long SECONDS = Long.getLong("paddock.fuzz.seconds", 20);
    private static final long SEED = Long.getLong("paddock.fuzz.seed", 20_130_213);

    private static final Timeouts PATIENT =
            new Timeouts(4000, 800, 4000, 700, 600, 90_000, 4000, 500, 300, 500);

    private final TestRouter router;
    private final HonestRequest honest;
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final Logger netty = Logger.getLogger("io.netty");
    private final Handler listener =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                        complaints.add(record.getMessage() + " " + record.getThrown());
                    }
                }

                @Override
                public void flush() {
                    // Nothing is held back.
                }

                @Override
                public void close() {
                    // Nothing is open.
                }
            };
    private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
    private final int descriptors;

    /// One attack; whatever it does depends on this randomness alone.
    interface Attack {
        void run(SplittableRandom random) throws IOException;
    }

    /// A request that must be answered, whatever goes on beside it.
    interface HonestRequest {
        void send() throws IOException;
    }

    FuzzRun(TestRouter router, HonestRequest honest) throws IOException {
        this.router = router;
        this.honest = honest;
        // An attacked machine may be slow with honest dynos.
        router.router().apply(new RoutingTable(PATIENT, router.router().table().apps()));
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        // As in the router's own process, where a client's frames are told of at INFO otherwise.
        netty.setLevel(Level.WARNING);
        netty.addHandler(listener);
        honest.send();
        descriptors = descriptors();
    }

    /// Attacks for so many twentieths of the time.
    void attack(int shares, Attack attack) throws Exception {
        long end = System.nanoTime() + SECONDS * 1_000_000_000 / SHARES * shares;
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                long first = SEED + thread * 1_000_000_000L;
                running.add(clients.submit(() -> attack(attack, first, end), null));
            }
            for (Future<?> client : running) {
                client.get();
            }
        }
        beHonest();
    }

    private void attack(Attack attack, long first, long end) {
        for (long seed = first; System.nanoTime() < end; seed++) {
            try {
                attack.run(new SplittableRandom(seed));
                if (seed % HONEST_EVERY == 0) {
                    beHonest();
                }
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
        }
    }

    private void beHonest() throws IOException {
        long begun = System.nanoTime();
        honest.send();
        assertThat(System.nanoTime() - begun).isLessThan(HONEST_NANOS);
    }

    /// Everything that was opened is closed, everything that was taken is given back, and nothing went wrong inside.
    ///
    /// @param kept descriptors that the dynos and the router rightly have now
    void leavesNothing(IntSupplier kept) throws IOException {
        TestRouter.await(
                "an end of all connections", () -> descriptors() <= descriptors + kept.getAsInt());
        TestRouter.await("an end of all buffers", () -> router.router().pinnedBytes() == 0);
        TestRouter.await(
                "an end of all requests",
                () -> router.router().loads(1).stream().noneMatch(FuzzRun::isBusy));
        for (int i = 0; i < 3; i++) {
            System.gc();
            beHonest();
        }
        assertThat(complaints).isEmpty();
        assertThat(router.router().stats().faults()).isZero();
    }

    private static boolean isBusy(AppLoad load) {
        return load.queued() > 0 || load.dynos().stream().anyMatch(dyno -> dyno.inFlight() > 0);
    }

    private static int descriptors() {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return (int) open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        netty.removeHandler(listener);
        netty.setLevel(null);
        ResourceLeakDetector.setLevel(before);
    }
}
