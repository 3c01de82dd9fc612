package dev.paddock.metering;

import dev.paddock.core.Timers;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Marks in the record, every few seconds, that the platform runs: how far a bill goes when the machine's power is cut.
/// Safe for any thread.
public final class Marks implements AutoCloseable {
    /// What a power cut leaves unbilled at most; a small row written this often is nothing to a disk.
    static final Duration PAUSE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(Marks.class);

    private final DynoRecord record;
    private final Timers timers;
    private volatile boolean closed;

    public Marks(DynoRecord record, Timers timers) {
        this.record = record;
        this.timers = timers;
    }

    public void start() {
        Thread.ofVirtual().name("metering-mark").start(this::mark);
    }

    private void mark() {
        if (closed) {
            return;
        }
        try {
            record.mark(timers);
        } catch (RuntimeException e) {
            LOG.debug("No mark while the database is away: {}", e.toString());
        }
        timers.schedule(PAUSE, this::start);
    }

    @Override
    public void close() {
        closed = true;
    }
}
