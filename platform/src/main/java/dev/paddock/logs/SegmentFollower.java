package dev.paddock.logs;

import dev.paddock.core.ErrorCode;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// Follows an app's log by its cursor alone: a writer knows nothing of it, and it costs nothing while it does not
/// read.
final class SegmentFollower implements LogFollower {
    private final AppLog log;
    private final LogFilter filter;
    private final boolean tellsLosses;
    private long cursor;
    private long expected;
    private Instant since;
    private long lost;

    /// @param tellsLosses whether a line says that others are missing
    SegmentFollower(AppLog log, LogFilter filter, boolean tellsLosses, long cursor, Instant now) {
        this.log = log;
        this.filter = filter;
        this.tellsLosses = tellsLosses;
        SegmentReader.Place place = log.reader().align(cursor);
        this.cursor = place.cursor();
        this.expected = place.sequence();
        this.since = now;
    }

    @Override
    public List<LogHub.Entry> read(Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        List<LogHub.Entry> entries = new ArrayList<>();
        do {
            log.await(cursor, Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
            if (log.ended()) {
                break;
            }
            take(log.reader().read(cursor), entries);
        } while (entries.isEmpty() && System.nanoTime() < deadline);
        return entries;
    }

    private void take(SegmentReader.Batch batch, List<LogHub.Entry> entries) {
        cursor = batch.begin();
        for (LogRecord record : batch.records()) {
            if (record.sequence() > expected) {
                lost += record.sequence() - expected;
                if (tellsLosses) {
                    entries.add(loss(record));
                }
            }
            cursor += record.bytes();
            expected = record.checkpoint() ? record.sequence() : record.sequence() + 1;
            if (!record.checkpoint()) {
                LogLine line = record.line(log.app());
                since = line.time();
                if (filter.matches(line)) {
                    entries.add(new LogHub.Entry(cursor, line));
                }
            }
        }
    }

    /// Told to every reader whatever its filter; what the missing lines were is not known any more.
    private LogHub.Entry loss(LogRecord next) {
        String text =
                ErrorCode.L11.line()
                        + " -> This tail session dropped "
                        + (next.sequence() - expected)
                        + " messages since "
                        + LogHub.seconds(since);
        Instant time = next.checkpoint() ? since : next.time();
        return new LogHub.Entry(
                cursor, LogLine.of(log.app(), time, LogSource.HEROKU, "logplex", text));
    }

    @Override
    public long lost() {
        return lost;
    }

    @Override
    public boolean ended() {
        return log.ended();
    }

    @Override
    public void close() {}
}
