package dev.paddock.manifold;

import dev.paddock.core.Tick;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// The facts of one app on their way to the listener: in order, one at a time, each but a remark again and again until
/// it is taken. Owned by the app loop.
final class Deliveries {
    /// Facts that may wait while the database is away; beyond it remarks are dropped and nothing is started.
    static final int MAX_WAITING = 1_000;

    static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    static final Duration LAST_PAUSE = Duration.ofSeconds(10);
    private static final int MAX_DOUBLINGS = 10;

    private final Deque<Fact> waiting = new ArrayDeque<>();
    private boolean telling;
    private int failures;
    private Optional<Tick> notBefore = Optional.empty();

    void add(Fact fact) {
        if (!(fact instanceof Fact.Remark) || !isFull()) {
            waiting.add(fact);
        }
    }

    boolean isFull() {
        return waiting.size() >= MAX_WAITING;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /// The fact to tell now; the caller reports back by [#told] or [#failed].
    Optional<Fact> next(Tick now) {
        boolean paused = notBefore.filter(now::isBefore).isPresent();
        if (telling || paused || waiting.isEmpty()) {
            return Optional.empty();
        }
        telling = true;
        notBefore = Optional.empty();
        return Optional.of(waiting.getFirst());
    }

    /// When to ask for the next fact again, if no report comes before.
    Optional<Tick> again() {
        return notBefore;
    }

    void told() {
        waiting.removeFirst();
        telling = false;
        failures = 0;
    }

    /// The listener threw: a fact is told again after a pause, a remark is given up.
    void failed(Tick now) {
        telling = false;
        if (waiting.getFirst() instanceof Fact.Remark) {
            waiting.removeFirst();
            return;
        }
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(failures, MAX_DOUBLINGS));
        failures++;
        notBefore = Optional.of(now.plus(pause.compareTo(LAST_PAUSE) > 0 ? LAST_PAUSE : pause));
    }
}
