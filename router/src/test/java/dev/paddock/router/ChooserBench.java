package dev.paddock.router;

import dev.paddock.routes.AppRoute.Balance;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CyclicBarrier;

/// Prints what choosing and counting a dyno and giving it back costs, alone and with loops that fight over one app.
/// Run by bench/chooser.sh.
final class ChooserBench {
    private static final int TIMES = 4_000_000;
    private static final int BUSY_PER_DYNO = 3;
    private static final int ROUNDS = 3;

    private ChooserBench() {}

    public static void main(String[] arguments) throws Exception {
        for (int round = 1; round <= ROUNDS; round++) {
            for (Balance balance : Balance.values()) {
                for (int dynos : new int[] {4, 1000}) {
                    for (int loops : new int[] {1, 2}) {
                        double nanos = measure(balance, dynos, loops);
                        if (round == ROUNDS) {
                            System.out.printf(
                                    "%-11s %4d dynos, %d loops: %6.1f ns%n",
                                    balance, dynos, loops, nanos);
                        }
                    }
                }
            }
        }
    }

    /// Returns nanoseconds for taking and giving back, per loop.
    private static double measure(Balance balance, int dynos, int loops) throws Exception {
        RoutedApp app = new RoutedApp(RoutedAppTest.route(balance, OptionalInt.empty(), dynos));
        for (int i = 0; i < BUSY_PER_DYNO * dynos; i++) {
            app.acquire(new RoutedAppTest.FakeRequest(), 0, 10);
        }
        CyclicBarrier start = new CyclicBarrier(loops + 1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < loops; i++) {
            RoutedAppTest.FakeRequest request = new RoutedAppTest.FakeRequest();
            threads.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    start.await();
                                } catch (Exception broken) {
                                    throw new IllegalStateException(broken);
                                }
                                for (int k = 0; k < TIMES; k++) {
                                    if (app.acquire(request, 0, 10) instanceof Backend taken) {
                                        app.release(taken, false);
                                    }
                                }
                            }));
        }
        start.await();
        long begun = System.nanoTime();
        for (Thread thread : threads) {
            thread.join();
        }
        return (System.nanoTime() - begun) / (double) TIMES;
    }
}
