package dev.paddock.cli;

import dev.paddock.engine.local.Isolation;
import dev.paddock.server.Grace;
import dev.paddock.server.Installation;
import dev.paddock.server.Paddock;
import dev.paddock.server.Settings;
import dev.paddock.server.Signals;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// A platform in the foreground: started, announced, and ended by a signal.
final class Serving {
    private final Settings settings;
    private final PrintStream out;
    private final Grace grace = new Grace();
    private final AtomicInteger first = new AtomicInteger();
    private final CountDownLatch signalled = new CountDownLatch(1);
    private volatile boolean started;

    Serving(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /// Serves until a signal comes and everything has ended; returns the exit status.
    ///
    /// @param once what to do when everything serves
    int run(Consumer<Paddock> once) throws InterruptedException {
        Signals.handle(this::signal);
        Paddock paddock = Paddock.start(settings, Installation.here());
        started = true;
        if (paddock.record().isolation() == Isolation.NONE) {
            System.err.println("paddock: " + Isolation.NONE.text());
        }
        out.println(paddock.record().readyLine());
        if (signalled.getCount() > 0) {
            once.accept(paddock);
        }
        signalled.await();
        if (settings.service() || first.get() == Signals.USR1) {
            System.err.println("paddock: ending the platform; router, database and dynos go on");
            paddock.close();
        } else {
            System.err.println("paddock: ending everything; dynos get 30 s (again: 2 s instead)");
            paddock.stop(grace);
        }
        return Main.SIGNALLED + first.get();
    }

    private void signal(int number) {
        if (first.compareAndSet(0, number)) {
            signalled.countDown();
        } else if (started) {
            grace.hurry();
        } else {
            // Twice before anything serves: whoever asks does not want to wait for the start.
            Runtime.getRuntime().halt(Main.SIGNALLED + number);
        }
    }
}
