package dev.paddock.router;

import dev.paddock.routes.ControlFrame;
import java.util.ArrayDeque;
import java.util.Optional;

/// What is to be written to the platform. What must arrive is kept as a state, so that it needs no room; reports have
/// a bound, and those beyond are left out, for they are repeated. Safe for any thread.
final class Outbox {
    private static final int MOST_REPORTS = 1024;

    private final Object lock = new Object();
    private final ArrayDeque<ControlFrame> reports = new ArrayDeque<>();
    private Optional<ControlFrame.Hello> hello = Optional.empty();
    private Optional<ControlFrame.Serving> serving = Optional.empty();
    private boolean ping;
    private boolean pong;

    void hello(ControlFrame.Hello frame) {
        synchronized (lock) {
            hello = Optional.of(frame);
            lock.notifyAll();
        }
    }

    /// The newest table, and what still leaves; older ones need not be told.
    void serving(ControlFrame.Serving frame) {
        synchronized (lock) {
            serving = Optional.of(frame);
            lock.notifyAll();
        }
    }

    void ping() {
        synchronized (lock) {
            ping = true;
            lock.notifyAll();
        }
    }

    void pong() {
        synchronized (lock) {
            pong = true;
            lock.notifyAll();
        }
    }

    /// Wakes, loads and troubles.
    void report(ControlFrame frame) {
        synchronized (lock) {
            if (reports.size() < MOST_REPORTS) {
                reports.add(frame);
                lock.notifyAll();
            }
        }
    }

    /// A new link begins with nothing of the old one.
    void clear() {
        synchronized (lock) {
            reports.clear();
            hello = Optional.empty();
            serving = Optional.empty();
            ping = false;
            pong = false;
        }
    }

    /// The next frame, waiting for it.
    ControlFrame take() throws InterruptedException {
        synchronized (lock) {
            while (true) {
                if (hello.isPresent()) {
                    ControlFrame.Hello frame = hello.get();
                    hello = Optional.empty();
                    return frame;
                }
                if (serving.isPresent()) {
                    ControlFrame.Serving frame = serving.get();
                    serving = Optional.empty();
                    return frame;
                }
                if (pong) {
                    pong = false;
                    return new ControlFrame.Pong();
                }
                if (ping) {
                    ping = false;
                    return new ControlFrame.Ping();
                }
                ControlFrame report = reports.poll();
                if (report != null) {
                    return report;
                }
                lock.wait();
            }
        }
    }
}
