package dev.paddock.engine.local;

import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/// Signals dynos and sees to it that they end in time. Safe for any thread.
final class Stops {
    private static final int SIGNAL_ROUNDS = 2;
    private static final Duration PAUSE = Duration.ofMillis(2);

    private final Roster roster;
    private final Ends ends;
    private final Timers timers;

    Stops(Roster roster, Ends ends, Timers timers) {
        this.roster = roster;
        this.ends = ends;
        this.timers = timers;
    }

    void retire(LocalDyno dyno, Duration grace) {
        boolean first = dyno.life().killAt().isEmpty();
        Tick wanted = timers.now().plus(grace);
        dyno.change(life ->
                life.killAt().isPresent() && life.killAt().get().isBefore(wanted)
                        ? life
                        : life.withKillAt(wanted));
        Thread.ofVirtual()
                .name("retire/" + dyno.id())
                .start(() -> {
                    if (grace.isZero() || dyno.life().begun().isEmpty()) {
                        kill(dyno);
                    } else {
                        killLater(dyno, wanted);
                        if (first) {
                            signalAll(dyno, Signals.TERMINATE);
                        }
                    }
                });
    }

    void hangUp(LocalDyno dyno) {
        Thread.ofVirtual()
                .name("hang-up/" + dyno.id())
                .start(() -> {
                    if (dyno.life().begun().isEmpty()) {
                        kill(dyno);
                    } else {
                        signalAll(dyno, Signals.HANGUP);
                    }
                });
    }

    void killLater(LocalDyno dyno, Tick killAt) {
        Duration left = killAt.since(timers.now());
        timers.schedule(
                left.isNegative() ? Duration.ZERO : left,
                () -> Thread.ofVirtual().name("kill/" + dyno.id()).start(() -> expire(dyno)));
    }

    private void expire(LocalDyno dyno) {
        if (roster.closed()) {
            return;
        }
        ends.look(dyno);
        if (dyno.change(Life::withExpired)) {
            kill(dyno);
        }
    }

    void kill(LocalDyno dyno) {
        Life life = dyno.life();
        dyno.group.kill();
        if (life.begun().isEmpty() && life.processes().isPresent()) {
            // There may be no container yet, only who is to run it.
            Signals.send(life.processes().get().init(), Signals.KILL);
            ends.look(dyno);
        }
    }

    /// Signals all processes. A dyno that is just beginning has none yet beside the first.
    private void signalAll(LocalDyno dyno, int signal) {
        while (!dyno.ended() && !roster.closed() && signal(dyno, signal) == 0) {
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// Signals all processes, also one that is forked meanwhile, and counts them. The first process is left out: it
    /// only hands signals on to the command, which gets its own.
    private static int signal(LocalDyno dyno, int signal) {
        Set<Long> done = new HashSet<>();
        dyno.life().processes().ifPresent(processes -> done.add(processes.init().pid()));
        int before = done.size();
        for (int round = 0; round < SIGNAL_ROUNDS; round++) {
            for (long pid : dyno.group.processes()) {
                if (done.add(pid)) {
                    dyno.group.signal(pid, signal);
                }
            }
        }
        return done.size() - before;
    }
}
