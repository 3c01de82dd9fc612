package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame.Change;
import dev.paddock.routes.DynoRoute;
import dev.paddock.routes.RoutingTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReloadTest {
    private static final int MANY = 10_000;

    @Test
    void noRequestFailsWhileTablesAreReplacedUnderLoad() throws Exception {
        ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        AtomicInteger answers = new AtomicInteger();
        AtomicBoolean stopped = new AtomicBoolean();
        try (FakeDyno first = new FakeDyno(FakeDyno.answering("x"));
                FakeDyno second = new FakeDyno(FakeDyno.answering("x"));
                TestRouter router = new TestRouter(TestRouter.app(first))) {
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                boolean kept = i % 2 == 0;
                clients.add(
                        Thread.ofPlatform()
                                .start(() -> ask(router, kept, stopped, answers, failures)));
            }
            for (int i = 0; i < 100; i++) {
                switch (i % 4) {
                    case 0 -> router.use(TestRouter.app(second));
                    case 1 -> router.use(TestRouter.app(first, second), other(i));
                    case 2 -> change(router, TestRouter.app(second, first));
                    default -> change(router, TestRouter.app(first));
                }
                int target = answers.get() + 5;
                TestRouter.await("answers", () -> answers.get() >= target || !failures.isEmpty());
            }
            stopped.set(true);
            for (Thread client : clients) {
                client.join();
            }
        }

        assertThat(failures).isEmpty();
    }

    @Test
    void tableOfTenThousandAppsIsReplacedWithinASecond() throws IOException {
        try (TestRouter router = new TestRouter()) {
            List<AppRoute> apps = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                apps.add(other(i));
            }
            router.router().apply(new RoutingTable(TestRouter.TIMEOUTS, apps));
            apps.replaceAll(app -> withDyno(app, "127.0.0.1:9002"));

            long begin = System.nanoTime();
            router.router().apply(new RoutingTable(TestRouter.TIMEOUTS, apps));
            long reload = System.nanoTime() - begin;
            begin = System.nanoTime();
            change(router, other(7));
            long change = System.nanoTime() - begin;

            System.out.printf(
                    "Router: %d apps replaced in %d ms, then one of them in %d us%n",
                    MANY, reload / 1_000_000, change / 1_000);
            assertThat(reload).isLessThan(1_000_000_000L);
        }
    }

    private static void ask(
            TestRouter router,
            boolean kept,
            AtomicBoolean stopped,
            AtomicInteger answers,
            ConcurrentLinkedQueue<String> failures) {
        try {
            while (!stopped.get()) {
                try (RawClient client = router.connect()) {
                    do {
                        RawClient.Response answer = client.get("/").response();
                        if (answer.status() != 200 || !answer.body().equals("x")) {
                            failures.add(answer.head());
                        }
                        answers.incrementAndGet();
                    } while (kept && !stopped.get());
                }
            }
        } catch (IOException | RuntimeException failure) {
            failures.add("" + failure);
        }
    }

    private static void change(TestRouter router, AppRoute app) {
        router.router().apply(new Change(2, 1, List.of(app), List.of()));
    }

    private static AppRoute other(int number) {
        return withDyno(
                AppRoute.of(
                        "", "app-" + number, List.of("app-" + number + ".localhost"), List.of()),
                "127.0.0.1:9001");
    }

    private static AppRoute withDyno(AppRoute app, String address) {
        return AppRoute.of(
                app.id(),
                app.name(),
                app.hosts(),
                List.of(new DynoRoute("web.1", address, DynoRoute.State.UP)));
    }
}
