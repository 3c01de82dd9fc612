package dev.paddock.engine.local;

import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoEvent;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks after all dynos every few seconds: at ends of which no hint came, at their memory, and now and then at the rules
/// of their network. Safe for any thread.
final class Rounds {
    private static final Logger LOG = LoggerFactory.getLogger(Rounds.class);
    private static final Duration OVER_QUOTA_PERIOD = Duration.ofSeconds(20);
    private static final Duration RULES_PERIOD = Duration.ofSeconds(30);

    private final Roster roster;
    private final Ends ends;
    private final Stops stops;
    private final Network network;
    private final Timers timers;
    private final Duration period;
    // Touched by one look at a time.
    private Duration sinceRules = Duration.ZERO;

    /// @param period from one look to the next
    Rounds(Roster roster, Ends ends, Stops stops, Network network, Timers timers, Duration period) {
        this.roster = roster;
        this.ends = ends;
        this.stops = stops;
        this.network = network;
        this.timers = timers;
        this.period = period;
    }

    void begin() {
        timers.schedule(period, () -> Thread.ofVirtual().name("look").start(this::lookAtAll));
    }

    private void lookAtAll() {
        if (roster.closed()) {
            return;
        }
        try {
            for (LocalDyno dyno : roster.all()) {
                ends.look(dyno);
                if (dyno.life().begun().isPresent() && !dyno.ended()) {
                    watchMemory(dyno);
                }
            }
            lookAtRules();
        } catch (RuntimeException e) {
            LOG.error("Looking after dynos failed", e);
        }
        begin();
    }

    private void lookAtRules() {
        sinceRules = sinceRules.plus(period);
        if (sinceRules.compareTo(RULES_PERIOD) >= 0) {
            sinceRules = Duration.ZERO;
            if (network.uphold()) {
                LOG.warn("Somebody changed what the dynos' network needs; it is in force again");
            }
        }
    }

    private void watchMemory(LocalDyno dyno) {
        dyno.group.enforce(dyno.spec.size().memoryBytes() * Launcher.HARD_LIMIT);
        if (dyno.group.memoryKills() > 0) {
            // The kernel killed at most one process of several: the dyno as a whole is over its
            // limit.
            stops.kill(dyno);
            return;
        }
        long quota = dyno.spec.size().memoryBytes();
        long used = dyno.group.memoryBytes();
        if (used > quota) {
            long counted = used - dyno.group.inactiveFileBytes();
            if (counted > quota && dyno.reportsOverQuota(timers.now(), OVER_QUOTA_PERIOD)) {
                roster.tell(new DynoEvent.OverQuota(dyno.id(), counted, quota));
            }
        }
    }
}
