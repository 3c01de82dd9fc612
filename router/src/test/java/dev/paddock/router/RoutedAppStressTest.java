package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute.Balance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Several loops take, wait, leave, give back and change the table of one app at once. Each request belongs to one
/// loop and is continued there, as in the router.
class RoutedAppStressTest {
    private static final int LOOPS = 4;
    private static final int REQUESTS_PER_LOOP = 20_000;
    private static final int AT_ONCE = 24;
    private static final int DYNOS = 5;
    private static final int LIMIT = 3;
    private static final int LIMIT_SECONDS = 60;
    private static final int ATTEMPTS = 10;

    private final Map<Backend, AtomicInteger> busy = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable String> broken = new AtomicReference<>();
    private final AtomicInteger queued = new AtomicInteger();

    @ParameterizedTest
    @CsvSource({
        "LEAST, 1, false",
        "P2C, 2, false",
        "RANDOM, 3, true",
        "ROUND_ROBIN, 4, true",
        "LEAST, 5, true"
    })
    void nothingIsLostOrCountedTwice(Balance balance, long seed, boolean tablesChange)
            throws Exception {
        RoutedApp app = new RoutedApp(RoutedAppTest.route(balance, OptionalInt.of(LIMIT), DYNOS));
        List<Loop> loops = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(LOOPS);
        for (int i = 0; i < LOOPS; i++) {
            loops.add(new Loop(app, new SplittableRandom(seed * 31 + i), done));
        }
        List<Thread> threads = loops.stream().map(loop -> Thread.ofPlatform().start(loop)).toList();
        for (int i = 0; tablesChange && done.getCount() > 0; i++) {
            app.update(RoutedAppTest.route(balance, OptionalInt.of(LIMIT), DYNOS - i % 3));
            Thread.onSpinWait();
        }

        assertThat(done.await(LIMIT_SECONDS, TimeUnit.SECONDS))
                .as("every request came to an end")
                .isTrue();
        for (Thread thread : threads) {
            thread.join();
        }
        loops.forEach(Loop::runTasks);
        app.update(RoutedAppTest.route(balance, OptionalInt.of(LIMIT), DYNOS));
        RoutedApp.Snapshot last = app.snapshot(0);
        assertThat(broken.get()).isNull();
        assertThat(queued.get()).as("requests that waited").isPositive();
        assertThat(last.queued()).isZero();
        assertThat(last.dynos()).hasSize(DYNOS).allMatch(dyno -> dyno.inFlight() == 0);
        assertThat(busy.values()).allMatch(count -> count.get() == 0);
    }

    /// One thread with a list of things to do, like an event loop.
    private final class Loop implements Runnable {
        private final RoutedApp app;
        private final SplittableRandom random;
        private final CountDownLatch done;
        private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        private final List<Request> running = new ArrayList<>();
        private int begun;
        private int ended;

        Loop(RoutedApp app, SplittableRandom random, CountDownLatch done) {
            this.app = app;
            this.random = random;
            this.done = done;
        }

        @Override
        public void run() {
            long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
            while (ended < REQUESTS_PER_LOOP && System.nanoTime() < limit) {
                runTasks();
                if (begun < REQUESTS_PER_LOOP && running.size() < AT_ONCE) {
                    begun++;
                    Request request = new Request(this);
                    running.add(request);
                    request.choose();
                }
                if (!running.isEmpty()) {
                    running.get(random.nextInt(running.size())).step();
                }
            }
            if (ended == REQUESTS_PER_LOOP) {
                done.countDown();
            }
        }

        /// A dyno may be given to the last request after its end, and is to be given back.
        void runTasks() {
            Runnable task;
            while ((task = tasks.poll()) != null) {
                task.run();
            }
        }
    }

    private final class Request implements RoutedApp.Waiter {
        private final Loop loop;
        private boolean waiting;
        private boolean over;
        private @Nullable Backend backend;

        Request(Loop loop) {
            this.loop = loop;
        }

        void choose() {
            switch (loop.app.acquire(this, System.nanoTime(), ATTEMPTS)) {
                case Backend chosen -> begin(chosen);
                case Choice.None.QUEUED -> {
                    queued.incrementAndGet();
                    waiting = true;
                }
                case Choice.None none -> {
                    if (none != Choice.None.BACKLOG_FULL) {
                        broken.set("no dyno: " + none);
                    }
                    end();
                }
            }
        }

        /// Either the answer is there, or the client leaves, whether it waits or not.
        void step() {
            if (backend != null) {
                if (loop.random.nextInt(3) == 0) {
                    leave();
                }
            } else if (waiting && loop.random.nextInt(20) == 0) {
                leave();
            }
        }

        private void begin(Backend chosen) {
            waiting = false;
            backend = chosen;
            int now = busy.computeIfAbsent(chosen, _ -> new AtomicInteger()).incrementAndGet();
            if (now > LIMIT) {
                broken.set(now + " requests at " + chosen);
            }
        }

        private void leave() {
            if (waiting) {
                loop.app.leave(this);
            }
            Backend left = backend;
            if (left != null) {
                busy.getOrDefault(left, new AtomicInteger()).decrementAndGet();
                loop.app.release(left, false);
                backend = null;
            }
            end();
        }

        private void end() {
            over = true;
            loop.running.remove(this);
            loop.ended++;
        }

        @Override
        public void granted(Backend given) {
            loop.tasks.add(() -> {
                if (over) {
                    loop.app.release(given, false);
                } else if (!waiting || backend != null) {
                    broken.set("given a dyno without waiting");
                } else {
                    begin(given);
                }
            });
        }

        @Override
        public void appChanged() {
            broken.set("told to choose again, though there are dynos");
        }

        @Override
        public List<Backend> tried() {
            return List.of();
        }

        @Override
        public String affinity() {
            return "";
        }

        @Override
        public boolean isUpgrade() {
            return false;
        }

        @Override
        public long waitingSinceNanos() {
            return 0;
        }
    }
}
