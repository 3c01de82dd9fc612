package dev.paddock.server;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// How long dynos have to end by themselves: 30 seconds, until somebody who waits gets impatient. Safe for any thread.
public final class Grace {
    static final Duration USUAL = Duration.ofSeconds(30);
    static final Duration HURRIED = Duration.ofSeconds(2);

    private final CountDownLatch hurried = new CountDownLatch(1);

    /// A second signal came.
    public void hurry() {
        hurried.countDown();
    }

    boolean isHurried() {
        return hurried.getCount() == 0;
    }

    Duration now() {
        return isHurried() ? HURRIED : USUAL;
    }

    /// Waits for impatience, at most `limit`; true when it came.
    boolean awaitHurry(Duration limit) throws InterruptedException {
        return hurried.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }
}
