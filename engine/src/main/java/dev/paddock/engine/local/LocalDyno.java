package dev.paddock.engine.local;

import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineDyno;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One dyno on this machine: what it is and how far it has come, in memory and on disk. Safe for any thread.
final class LocalDyno {
    private static final Logger LOG = LoggerFactory.getLogger(LocalDyno.class);

    final DynoSpec spec;
    final DynoFiles files;
    final Keeper keeper;
    final ProcessGroup group;

    /// Open once the container exists, or will never.
    final CountDownLatch created = new CountDownLatch(1);

    final LogFiles log;

    /// Held while it is being forgotten.
    final Object forgetting = new Object();

    /// While its command is being started an end is not collected, so that it is told after the begin.
    volatile boolean beginning;

    private final Object lock = new Object();
    // Guarded by lock.
    private Life life;
    private boolean attached;
    private Optional<Tick> overQuota = Optional.empty();
    private Optional<Tick> seenDead = Optional.empty();

    LocalDyno(DynoSpec spec, DynoFiles files, Keeper keeper, ProcessGroup group, Life life) {
        this.spec = spec;
        this.files = files;
        this.keeper = keeper;
        this.group = group;
        this.life = life;
        this.log = new LogFiles(files.log(), Conmon.LOG_FULL, this::writtenByConmon);
    }

    DynoId id() {
        return spec.id();
    }

    Life life() {
        synchronized (lock) {
            return life;
        }
    }

    boolean ended() {
        return life().exit().isPresent();
    }

    boolean change(UnaryOperator<Life> step) {
        return change(step, () -> {});
    }

    /// Takes the next step, first on disk; not any more once the dyno has ended. False when it had.
    ///
    /// @param told how the step is told, before any later one can be
    boolean change(UnaryOperator<Life> step, Runnable told) {
        synchronized (lock) {
            if (life.exit().isPresent()) {
                return false;
            }
            Life next = step.apply(life);
            if (!next.equals(life)) {
                save(next);
                life = next;
            }
            told.run();
        }
        if (ended()) {
            // Not under the lock: whoever looks at the log holds that of the log, and then asks for
            // our life.
            log.changed();
        }
        return true;
    }

    private void save(Life next) {
        try {
            Json.write(files.life(), next.json());
        } catch (UncheckedIOException e) {
            if (next.exit().isEmpty()) {
                throw e;
            }
            // The disk is full, say. An end is told all the same: the next engine finds conmon's
            // file again.
            LOG.warn("The end of dyno {} could not be recorded: {}", id(), e.getMessage());
        }
    }

    /// True for the first who asks.
    boolean claimAttachment() {
        synchronized (lock) {
            boolean first = !attached;
            attached = true;
            return first;
        }
    }

    /// Whether a report about memory is due, at most one per period.
    boolean reportsOverQuota(Tick now, Duration period) {
        synchronized (lock) {
            if (overQuota.isPresent() && now.since(overQuota.get()).compareTo(period) < 0) {
                return false;
            }
            overQuota = Optional.of(now);
            return true;
        }
    }

    /// Whether this long has passed since its first process was first seen dead.
    boolean isSeenDead(Duration limit, boolean initLives, Tick now) {
        synchronized (lock) {
            if (initLives) {
                return false;
            }
            if (seenDead.isEmpty()) {
                seenDead = Optional.of(now);
            }
            return now.since(seenDead.get()).compareTo(limit) >= 0;
        }
    }

    EngineDyno seen(String host, Network network) {
        Life now = life();
        return new EngineDyno(
                spec,
                host,
                address(network),
                now.up(),
                now.killAt().isPresent(),
                now.begun(),
                now.ended(),
                now.exit());
    }

    /// Where a web dyno accepts connections.
    Optional<DynoAddress> address(Network network) {
        return life().place()
                .filter(place -> spec.web())
                .map(place -> new DynoAddress(network.dynoAddress(place.slot()), place.port()));
    }

    private OptionalLong writtenByConmon() {
        return life().processes()
                .filter(processes -> keeper.counts() && processes.conmon().alive())
                .map(processes -> processes.conmon().writtenBytes())
                .orElse(OptionalLong.empty());
    }
}
