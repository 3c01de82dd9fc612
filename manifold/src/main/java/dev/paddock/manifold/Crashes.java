package dev.paddock.manifold;

import dev.paddock.core.Tick;
import java.time.Duration;
import java.util.Optional;

/// How long a name waits after a crash (dynos.md section 4). Pure.
final class Crashes {
    /// A dyno that stayed up at least this long has recovered, however short the last pause was.
    static final Duration RECOVERED = Duration.ofSeconds(60);

    /// A web dyno that was up at least this long did not fail to start: it was restarted well and then died of something
    /// else, so that the next start need not wait.
    static final Duration SERVED = Duration.ofSeconds(1);

    /// Deaths in a row that are forgiven for having [#SERVED]; one that goes on dying has its pauses after them.
    static final int FORGIVEN = 30;

    private Crashes() {}

    /// What is remembered once a dyno crashed, given what was remembered before.
    static Backoff count(
            ObservedDyno dyno, Optional<Backoff> before, RestartPolicy restarts, Tick now) {
        Optional<Backoff> counting = before.filter(it -> !hasRecovered(dyno, it, now));
        boolean forgiven = counting.filter(it -> isForgiven(dyno, it, now)).isPresent();
        int crashes = forgiven ? 1 : counting.map(Backoff::crashes).orElse(0) + 1;
        int inARow = forgiven ? counting.map(Backoff::forgiven).orElse(0) + 1 : 0;
        Duration pause = restarts.pause(crashes);
        return new Backoff(crashes, inARow, pause, now.plus(pause), Views.crashed(dyno));
    }

    private static boolean isForgiven(ObservedDyno dyno, Backoff before, Tick now) {
        return dyno.spec().web()
                && before.pause().isZero()
                && before.forgiven() < FORGIVEN
                && wasUp(dyno, SERVED, now);
    }

    private static boolean hasRecovered(ObservedDyno dyno, Backoff before, Tick now) {
        Duration needed = before.pause().compareTo(RECOVERED) > 0 ? before.pause() : RECOVERED;
        return wasUp(dyno, needed, now);
    }

    private static boolean wasUp(ObservedDyno dyno, Duration longer, Tick now) {
        return dyno.progress().upAt().filter(at -> now.since(at).compareTo(longer) > 0).isPresent();
    }
}
