package dev.paddock.logs;

import dev.paddock.core.AppId;
import dev.paddock.core.ErrorCode;
import dev.paddock.dyno.DynoId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The log of one app: the newest segments of an endless row of records. A cursor is a place in that row, in bytes,
/// so it stays true across restarts and rotation. Safe for any thread.
///
/// Each write goes to the page cache before `append` returns, which kill -9 of the platform cannot undo; nothing is
/// synced. The lock is held during that write, because the order of the bytes is the order of the lines.
final class AppLog {
    private static final Logger log = LoggerFactory.getLogger(AppLog.class);

    /// One write to the file; a batch of lines is divided at about this size.
    private static final int WRITE_BYTES = 128 * 1024;

    private final Object lock = new Object();
    private final AppId app;
    private final Segments segments;
    private final DynoPositions positions = new DynoPositions();

    // All below: guarded by lock. A RandomAccessFile, since a channel would be closed by an
    // interrupted writer.
    private @Nullable RandomAccessFile file;
    private boolean recovered;
    private boolean ended;
    private long end;
    private long sequence;
    private long dropped;
    private Instant droppedSince = Instant.EPOCH;
    private long lastUse;
    private int waiting;

    AppLog(AppId app, Path directory) {
        this.app = app;
        this.segments = new Segments(directory);
    }

    AppId app() {
        return app;
    }

    /// Stores the lines, or counts them as dropped when the disk does not take them. Returns whether a file had to be
    /// opened.
    boolean append(List<PendingLine> lines) {
        synchronized (lock) {
            if (ended) {
                return false;
            }
            lastUse = System.nanoTime();
            boolean opens = file == null;
            int begin = 0;
            try {
                recover();
                while (begin < lines.size()) {
                    int next = begin + 1;
                    int room = lines.get(begin).room();
                    while (next < lines.size() && room + lines.get(next).room() <= WRITE_BYTES) {
                        room += lines.get(next++).room();
                    }
                    store(lines.subList(begin, next), room);
                    begin = next;
                }
            } catch (IOException e) {
                drop(lines.subList(begin, lines.size()), e);
            }
            if (waiting > 0) {
                lock.notifyAll();
            }
            return opens && file != null;
        }
    }

    private void store(List<PendingLine> lines, int room) throws IOException {
        RandomAccessFile out = openFile();
        Optional<PendingLine> loss = loss(lines.getFirst().line().time());
        ByteBuffer bytes = ByteBuffer.allocate(room + loss.map(PendingLine::room).orElse(0));
        long next = sequence;
        if (loss.isPresent()) {
            next = encode(loss.get(), next, bytes);
        }
        for (PendingLine line : lines) {
            next = encode(line, next, bytes);
        }
        try {
            out.write(bytes.array(), 0, bytes.position());
        } catch (IOException e) {
            undo(out);
            throw e;
        }
        end += bytes.position();
        sequence = next;
        dropped = 0;
        for (PendingLine line : lines) {
            if (line.position() != null) {
                positions.reached(line.position());
            }
        }
    }

    private static long encode(PendingLine line, long next, ByteBuffer bytes) {
        int last = line.pieces().size() - 1;
        for (int i = 0; i <= last; i++) {
            boolean unfinished = i < last;
            DynoPosition position = unfinished ? null : line.position();
            LogRecord.line(line.line(), line.pieces().get(i), next++, unfinished, position)
                    .encode(bytes);
        }
        return next;
    }

    private Optional<PendingLine> loss(Instant time) {
        if (dropped == 0) {
            return Optional.empty();
        }
        String text =
                ErrorCode.L12.line()
                        + " -> dropped "
                        + dropped
                        + " messages since "
                        + LogHub.seconds(droppedSince);
        LogLine line = LogLine.of(app, time, LogSource.HEROKU, "logplex", text);
        return Optional.of(PendingLine.of(line, null));
    }

    /// A record that was written in part must not be followed by others.
    private void undo(RandomAccessFile out) {
        try {
            out.setLength(end - segments.newest());
            out.seek(end - segments.newest());
        } catch (IOException e) {
            log.warn("Could not take back a torn write to the log of app {}", app, e);
            closeFile();
            recovered = false;
        }
    }

    private void drop(List<PendingLine> lines, IOException cause) {
        if (dropped == 0) {
            droppedSince = lines.getFirst().line().time();
            log.warn("The log of app {} drops lines: writing failed with {}", app, "" + cause);
        }
        dropped += lines.size();
    }

    private RandomAccessFile openFile() throws IOException {
        if (segments.isEmpty() || end - segments.newest() >= Segments.BYTES) {
            closeFile();
            end += segments.begin(end, sequence, positions.all());
        }
        if (file == null) {
            file = new RandomAccessFile(segments.file(segments.newest()).toFile(), "rw");
            file.seek(end - segments.newest());
        }
        return file;
    }

    /// Finds the end of the newest segment on first use and cuts off what a crash left unfinished.
    private void recover() throws IOException {
        if (recovered) {
            return;
        }
        segments.list();
        while (!segments.isEmpty()) {
            long base = segments.newest();
            end = Math.max(end, base);
            Segments.Scan scan = segments.scan(base);
            if (scan.whole() > 0) {
                end = base + scan.whole();
                sequence = scan.nextSequence();
                scan.positions().forEach(positions::recovered);
                segments.cut(base, scan.whole());
                break;
            }
            // Only a crash of the machine leaves a segment without a readable beginning.
            segments.dropNewest();
        }
        recovered = true;
    }

    /// How far the output of a dyno is in this log, 0 for an unknown one; it is remembered until
    /// [#finished(DynoId)].
    long position(DynoId dyno) {
        synchronized (lock) {
            recoverForReading();
            return positions.follow(dyno);
        }
    }

    void finished(DynoId dyno) {
        synchronized (lock) {
            positions.finished(dyno);
        }
    }

    long end() {
        synchronized (lock) {
            recoverForReading();
            return end;
        }
    }

    private void recoverForReading() {
        try {
            recover();
        } catch (IOException e) {
            log.warn("Could not read the log of app {}", app, e);
        }
    }

    boolean ended() {
        synchronized (lock) {
            return ended;
        }
    }

    /// Waits until there is something behind the cursor, the log ended, or the time is over.
    void await(long cursor, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            while (!ended && end <= cursor) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                waiting++;
                try {
                    TimeUnit.NANOSECONDS.timedWait(lock, left);
                } finally {
                    waiting--;
                }
            }
        }
    }

    /// The segments as they are now, for reading without the lock.
    SegmentReader reader() {
        synchronized (lock) {
            recoverForReading();
            return new SegmentReader(segments.snapshot(), end, sequence);
        }
    }

    /// When it was last written to, if its file is open.
    long openSince() {
        synchronized (lock) {
            return file == null ? Long.MAX_VALUE : lastUse;
        }
    }

    void closeFile() {
        synchronized (lock) {
            if (file != null) {
                try {
                    file.close();
                } catch (IOException e) {
                    log.warn("Could not close the log of app {}", app, e);
                }
                file = null;
            }
        }
    }

    /// Ends all followers; later lines are dropped.
    void close() {
        synchronized (lock) {
            ended = true;
            closeFile();
            lock.notifyAll();
        }
    }

    void delete() {
        synchronized (lock) {
            close();
            segments.delete();
        }
    }
}
