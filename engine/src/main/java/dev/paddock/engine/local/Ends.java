package dev.paddock.engine.local;

import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.Exit;
import java.time.Duration;
import java.util.Optional;

/// Finds out that dynos have ended, and how. Safe for any thread.
final class Ends {
    /// After the end of its first process a dyno's status is there, or will never be.
    static final Duration LATEST_STATUS = Duration.ofSeconds(10);

    private final Roster roster;
    private final Timers timers;

    Ends(Roster roster, Timers timers) {
        this.roster = roster;
        this.timers = timers;
    }

    /// What is known of the container of this name may be out of date.
    void seen(String name) {
        roster.all().stream()
                .filter(dyno -> dyno.files.id().toString().equals(name))
                .forEach(this::look);
    }

    /// Collects the end of a dyno, if it has ended.
    void look(LocalDyno dyno) {
        Life life = dyno.life();
        if (life.exit().isPresent() || life.processes().isEmpty() || dyno.beginning) {
            return;
        }
        dyno.log.keep();
        Life.Processes processes = life.processes().get();
        boolean conmonLives = processes.conmon().alive();
        boolean initLives = processes.init().alive();
        Optional<Integer> status = Conmon.exitStatus(dyno.files);
        if (status.isPresent()) {
            end(dyno, exit(dyno, status.get()));
        } else if (!conmonLives || dyno.isSeenDead(LATEST_STATUS, initLives, timers.now())) {
            // Somebody killed or stopped conmon; without it nobody would learn how the dyno ends.
            Signals.send(processes.conmon(), Signals.KILL);
            dyno.group.kill();
            end(dyno, exit(dyno, Exits.KILLED));
        }
    }

    private static Exit exit(LocalDyno dyno, int status) {
        Life life = dyno.life();
        if (dyno.group.memoryKills() > 0) {
            return new Exit(status, Exit.Cause.OUT_OF_MEMORY, "");
        }
        if (life.expired()) {
            return new Exit(status, Exit.Cause.GRACE_EXPIRED, "");
        }
        return Exit.of(life.begun().isEmpty() ? Exits.TERMINATED : status);
    }

    void end(LocalDyno dyno, Exit exit) {
        dyno.created.countDown();
        Tick at = EndTime.of(dyno.files, dyno.life().begun(), timers);
        if (dyno.change(
                life -> life.withExit(exit, at),
                () -> roster.tell(new DynoEvent.Exited(dyno.id(), exit)))) {
            Thread.ofVirtual()
                    .name("clear/" + dyno.id())
                    .start(() ->
                            Directory.remove(
                                    dyno.files.upper(),
                                    dyno.files.work(),
                                    dyno.files.temporary(),
                                    Volumes.image(dyno.files.volume())));
        }
    }
}
