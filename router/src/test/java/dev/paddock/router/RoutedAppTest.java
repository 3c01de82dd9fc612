package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.AppRoute.Balance;
import dev.paddock.routes.DynoRoute;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Choosing, counting, waiting and handing on, without sockets.
class RoutedAppTest {
    private static final int ATTEMPTS = 10;

    @Test
    void leastBusyNeverGivesABusyDynoWhileOneIsIdle() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.empty(), 70));

        for (int round = 1; round <= 3; round++) {
            for (int i = 0; i < 70; i++) {
                take(app);
            }
            int load = round;
            assertThat(loads(app).values()).allMatch(inFlight -> inFlight == load);
        }
    }

    @Test
    void tiesAreBrokenAtRandom() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.empty(), 4));
        Map<String, Integer> chosen = new TreeMap<>();
        for (int i = 0; i < 4000; i++) {
            Backend backend = take(app);
            chosen.merge(backend.name(), 1, Integer::sum);
            app.release(backend, false);
        }

        assertThat(chosen).hasSize(4);
        assertThat(chosen.values()).allMatch(times -> times > 800 && times < 1200);
    }

    @Test
    void roundRobinGoesAround() {
        RoutedApp app = new RoutedApp(route(Balance.ROUND_ROBIN, OptionalInt.empty(), 3));

        assertThat(List.of(take(app), take(app), take(app), take(app)))
                .extracting(Backend::name)
                .containsExactly("web.1", "web.2", "web.3", "web.1");
    }

    @Test
    void ofTwoRandomDynosTheLessBusyIsTaken() {
        RoutedApp app = new RoutedApp(route(Balance.P2C, OptionalInt.empty(), 2));
        for (int i = 0; i < 100; i++) {
            take(app);
        }

        assertThat(loads(app).values()).containsExactly(50, 50);
    }

    @ParameterizedTest
    @EnumSource(Balance.class)
    void noPolicyExceedsTheLimit(Balance balance) {
        RoutedApp app = new RoutedApp(route(balance, OptionalInt.of(2), 5));
        for (int i = 0; i < 10; i++) {
            take(app);
        }
        FakeRequest waiting = new FakeRequest();

        assertThat(acquire(app, waiting)).isEqualTo(Choice.None.QUEUED);
        assertThat(loads(app).values()).containsOnly(2);
    }

    @Test
    void placesGoToThoseWhoWaitLongest() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.of(1), 1));
        Backend dyno = take(app);
        FakeRequest first = new FakeRequest();
        FakeRequest second = new FakeRequest();
        FakeRequest third = new FakeRequest();
        List.of(first, second, third)
                .forEach(
                        waiting -> assertThat(acquire(app, waiting)).isEqualTo(Choice.None.QUEUED));

        app.leave(second);
        app.release(dyno, false);
        assertThat(first.given).isEqualTo(dyno);
        assertThat(third.given).isNull();

        app.release(dyno, false);
        assertThat(second.given).isNull();
        assertThat(third.given).isEqualTo(dyno);

        app.release(dyno, false);
        assertThat(loads(app).values()).containsOnly(0);
    }

    @Test
    void queueOfSeveralThreadsKeepsTheOrderOfEach() throws InterruptedException {
        int threads = 4;
        int each = 1000;
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.of(1), 100));
        Queue<Backend> busy = new ArrayDeque<>();
        for (int i = 0; i < 100; i++) {
            busy.add(take(app));
        }
        Queue<FakeRequest> inOrderOfGrants = new ArrayDeque<>();
        List<List<FakeRequest>> lines = new ArrayList<>();
        List<Thread> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            List<FakeRequest> line = new ArrayList<>();
            for (int k = 0; k < each; k++) {
                line.add(new FakeRequest(inOrderOfGrants));
            }
            lines.add(line);
            running.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int k = 0; k < each; k++) {
                                    acquire(app, line.get(k));
                                    if (k % 3 == 2) {
                                        app.leave(line.get(k - 1));
                                    }
                                }
                            }));
        }
        for (Thread thread : running) {
            thread.join();
        }

        while (!busy.isEmpty()) {
            int before = inOrderOfGrants.size();
            app.release(busy.remove(), false);
            inOrderOfGrants.stream()
                    .skip(before)
                    .forEach(request -> busy.add(request.all.element()));
        }

        for (List<FakeRequest> line : lines) {
            List<FakeRequest> stayed = new ArrayList<>();
            for (int k = 0; k < each; k++) {
                if (k % 3 != 1 || k == each - 1) {
                    stayed.add(line.get(k));
                }
            }
            assertThat(inOrderOfGrants.stream().filter(line::contains))
                    .containsExactlyElementsOf(stayed);
        }
        assertThat(loads(app).values()).containsOnly(0);
    }

    @Test
    void fullBacklogIsRefusedAtOnce() {
        AppRoute route = route(Balance.LEAST, OptionalInt.of(1), 1);
        RoutedApp app = new RoutedApp(route);
        take(app);
        for (int i = 0; i < 50; i++) {
            assertThat(acquire(app, new FakeRequest())).isEqualTo(Choice.None.QUEUED);
        }

        assertThat(acquire(app, new FakeRequest())).isEqualTo(Choice.None.BACKLOG_FULL);
    }

    @Test
    void withoutALimitTheAppMayOweTwoHundredAnswersPerDyno() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.empty(), 1));
        for (int i = 0; i < 200; i++) {
            take(app);
        }
        assertThat(acquire(app, new FakeRequest())).isEqualTo(Choice.None.BACKLOG_FULL);

        app.answered();
        assertThat(acquire(app, new FakeRequest())).isInstanceOf(Backend.class);
    }

    @Test
    void quarantinedDynoIsSkippedUntilItIsOver() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.empty(), 2));
        Backend bad = take(app);
        app.quarantine(bad, 1000);
        app.release(bad, false);

        for (int i = 0; i < 20; i++) {
            assertThat(app.acquire(new FakeRequest(), 999, ATTEMPTS)).isNotEqualTo(bad);
        }
        assertThat(app.acquire(new FakeRequest(), 1000, ATTEMPTS)).isEqualTo(bad);
    }

    @Test
    void allQuarantinedAndAllTriedAreToldApart() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.empty(), 1));
        FakeRequest request = new FakeRequest();
        Backend bad = take(app);
        app.quarantine(bad, 1000);
        app.release(bad, false);

        assertThat(app.acquire(request, 0, ATTEMPTS)).isEqualTo(Choice.None.QUARANTINED);
        request.tried.add(bad);
        assertThat(app.acquire(request, 0, ATTEMPTS)).isEqualTo(Choice.None.EXHAUSTED);
    }

    @Test
    void whoeverWaitsGetsTheDynoWhoseQuarantineEnds() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.of(1), 2));
        Backend bad = take(app);
        take(app);
        FakeRequest waiting = new FakeRequest();
        assertThat(acquire(app, waiting)).isEqualTo(Choice.None.QUEUED);
        app.quarantine(bad, System.nanoTime() + 1_000_000);
        app.release(bad, false);
        assertThat(waiting.given).isNull();

        TestRouter.await(
                "a dyno for who waits",
                () -> {
                    app.quarantineEnded();
                    return waiting.given == bad;
                });
    }

    @Test
    void oneWhoCannotUseTheFreeDynoDoesNotBlockTheQueue() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.of(1), 2));
        Backend free = take(app);
        take(app);
        FakeRequest picky = new FakeRequest();
        picky.tried.add(free);
        FakeRequest next = new FakeRequest();
        assertThat(acquire(app, picky)).isEqualTo(Choice.None.QUEUED);
        assertThat(acquire(app, next)).isEqualTo(Choice.None.QUEUED);

        app.release(free, false);

        assertThat(picky.given).isNull();
        assertThat(next.given).isEqualTo(free);
        app.release(free, false);
        FakeRequest late = new FakeRequest();
        assertThat(acquire(app, late)).isEqualTo(Choice.None.QUEUED);
        assertThat(late.given).isEqualTo(free);
    }

    @Test
    void affinityPrefersItsDynoUnlessItIsQuarantined() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.empty(), 4));
        Backend bound = take(app);
        FakeRequest session = new FakeRequest();
        session.cookie = bound.affinity();

        assertThat(app.acquire(session, 0, ATTEMPTS)).isEqualTo(bound);
        app.quarantine(bound, 1000);
        assertThat(app.acquire(session, 0, ATTEMPTS)).isNotEqualTo(bound);
    }

    @Test
    void countsSurviveTableSwaps() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.of(1), 2));
        Backend one = take(app);
        Backend two = take(app);
        FakeRequest waiting = new FakeRequest();
        acquire(app, waiting);

        List<Backend> gone = app.update(route(Balance.LEAST, OptionalInt.of(1), 1));
        Backend left = gone.getFirst();
        assertThat(left.isRetired()).isTrue();
        assertThat(gone).hasSize(1);

        // It comes back as busy as it was.
        app.update(route(Balance.LEAST, OptionalInt.of(1), 2));
        assertThat(left.isRetired()).isFalse();
        assertThat(loads(app).values()).containsExactly(1, 1);
        assertThat(waiting.given).isNull();

        app.update(route(Balance.LEAST, OptionalInt.of(1), 3));
        assertThat(waiting.given).isNotNull().isNotIn(one, two);
    }

    @Test
    void requestsOfAnAppThatIsGoneChooseAgain() {
        RoutedApp app = new RoutedApp(route(Balance.LEAST, OptionalInt.of(1), 1));
        take(app);
        FakeRequest waiting = new FakeRequest();
        acquire(app, waiting);

        app.retire();

        assertThat(waiting.changes).isEqualTo(1);
        assertThat(acquire(app, waiting)).isEqualTo(Choice.None.NO_PROCESSES);
    }

    @Test
    void dynoThatIsListedTwiceIsOneDyno() {
        DynoRoute dyno = new DynoRoute("web.1", "127.0.0.1:9001", DynoRoute.State.UP);
        RoutedApp app =
                new RoutedApp(AppRoute.of("", "a", List.of("a.localhost"), List.of(dyno, dyno)));

        take(app);

        assertThat(app.snapshot(0).dynos()).hasSize(1);
    }

    static AppRoute route(Balance balance, OptionalInt limit, int dynos) {
        List<DynoRoute> routes = new ArrayList<>();
        for (int i = 1; i <= dynos; i++) {
            routes.add(new DynoRoute("web." + i, "127.0.0.1:" + (9000 + i), DynoRoute.State.UP));
        }
        return new AppRoute(
                "",
                "a",
                List.of("a.localhost"),
                AppRoute.Status.NORMAL,
                false,
                balance,
                true,
                limit,
                OptionalInt.empty(),
                false,
                true,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Map.of(),
                routes);
    }

    private static Choice acquire(RoutedApp app, FakeRequest request) {
        return app.acquire(request, System.nanoTime(), ATTEMPTS);
    }

    private static Backend take(RoutedApp app) {
        return (Backend) acquire(app, new FakeRequest());
    }

    private static Map<String, Integer> loads(RoutedApp app) {
        Map<String, Integer> loads = new TreeMap<>();
        app.snapshot(0).dynos().forEach(dyno -> loads.put(dyno.name(), dyno.inFlight()));
        return loads;
    }

    /// A request that only remembers what it is told.
    static final class FakeRequest implements RoutedApp.Waiter {
        final List<Backend> tried = new ArrayList<>();
        final Queue<Backend> all = new ArrayDeque<>();
        String cookie = "";
        int changes;
        @Nullable Backend given;
        private final Queue<FakeRequest> order;

        FakeRequest() {
            this(new ArrayDeque<>());
        }

        /// @param order where it notes that it was given a dyno
        FakeRequest(Queue<FakeRequest> order) {
            this.order = order;
        }

        @Override
        public void granted(Backend backend) {
            given = backend;
            all.add(backend);
            order.add(this);
        }

        @Override
        public void appChanged() {
            changes++;
        }

        @Override
        public List<Backend> tried() {
            return tried;
        }

        @Override
        public String affinity() {
            return cookie;
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
