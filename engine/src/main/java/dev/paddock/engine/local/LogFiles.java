package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// The log files of one dyno. conmon replaces a full one by a new one of the same name; a second name given to each
/// (`log.0`, `log.1`, ...) keeps its content until it has been read. Safe for any thread.
///
/// Where each file begins in all that conmon wrote is measured, so that what lies between two of them is known: what
/// conmon replaced before it got its second name.
final class LogFiles {
    /// Bits of a cursor for the position in a file.
    private static final int POSITION_BITS = 40;

    /// A file that was left behind stays until the one after it is left behind too.
    private static final int KEPT = 2;

    /// What conmon may write while its file is measured, for the measure to hold.
    private static final long TOLERANCE = Conmon.LOG_BYTES / 16;

    private final Path current;
    private final long fullBytes;
    private final Supplier<OptionalLong> written;
    private final Object lock = new Object();

    // Guarded by lock.
    /// The first byte of each file as a position in all that conmon wrote.
    private final TreeMap<Long, Long> begins = new TreeMap<>();

    private long changes;

    /// Whether the begin of the last file is measured, not only assumed to be the end of the one before.
    private boolean measured;

    /// What to take off conmon's count; unknown until the first measure of a dyno that was adopted.
    private OptionalLong origin;

    /// @param current the name conmon writes to
    /// @param fullBytes a file below this size is never left
    /// @param written how much conmon wrote in its life, as far as can be known
    LogFiles(Path current, long fullBytes, Supplier<OptionalLong> written) {
        this.current = current;
        this.fullBytes = fullBytes;
        this.written = written;
        long begin = 0;
        for (long number : kept()) {
            begins.put(number, begin);
            begin += path(number).toFile().length();
        }
        this.measured = begins.isEmpty();
        this.origin = begins.isEmpty() ? OptionalLong.of(0) : OptionalLong.empty();
    }

    private long[] kept() {
        String prefix = current.getFileName() + ".";
        return Directory.names(current.resolveSibling(".")).stream()
                .filter(name -> name.matches("log\\.[0-9]+"))
                .mapToLong(name -> Long.parseLong(name.substring(prefix.length())))
                .sorted()
                .toArray();
    }

    static long cursor(long number, long position) {
        return number << POSITION_BITS | position;
    }

    static long number(long cursor) {
        return cursor >>> POSITION_BITS;
    }

    static long position(long cursor) {
        return cursor & ((1L << POSITION_BITS) - 1);
    }

    Path path(long number) {
        return current.resolveSibling("log." + number);
    }

    /// Sees to it that the file conmon writes now has a second name.
    void keep() {
        synchronized (lock) {
            try {
                look();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot keep " + current + ": " + e.getMessage(), e);
            }
        }
    }

    /// The first file from `number` on that still exists; empty while there is none.
    OptionalLong first(long number) throws IOException {
        synchronized (lock) {
            look();
            Long first = begins.ceilingKey(number);
            return first == null ? OptionalLong.empty() : OptionalLong.of(first);
        }
    }

    /// Whether conmon has left that file for another.
    boolean left(long number) throws IOException {
        synchronized (lock) {
            look();
            return !begins.isEmpty() && begins.lastKey() > number;
        }
    }

    /// The position of a file's first byte in all that conmon wrote, as well as it is known by now; of a file that is
    /// gone, as if all after it had been full ones.
    long begin(long number) {
        synchronized (lock) {
            Map.Entry<Long, Long> from = begins.ceilingEntry(number);
            return from == null ? 0 : from.getValue() - (from.getKey() - number) * Conmon.LOG_BYTES;
        }
    }

    /// Something was written, or the dyno has ended.
    void changed() {
        synchronized (lock) {
            changes++;
            lock.notifyAll();
        }
    }

    long changes() {
        synchronized (lock) {
            return changes;
        }
    }

    /// Waits for a change after that one.
    void awaitChange(long seen, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            while (changes == seen) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
        }
    }

    private void look() throws IOException {
        try {
            if (begins.isEmpty()) {
                follow(0, 0);
                return;
            }
            long last = begins.lastKey();
            long size = Files.size(path(last));
            if (size >= fullBytes && !Files.isSameFile(path(last), current)) {
                follow(last + 1, begins.lastEntry().getValue() + Files.size(path(last)));
                measured = false;
            }
            if (!measured) {
                measure();
            }
        } catch (NoSuchFileException | FileAlreadyExistsException e) {
            // conmon is just replacing it, or has not begun it; the next look sees the new one.
        }
    }

    private void follow(long number, long begin) throws IOException {
        Files.createLink(path(number), current);
        begins.put(number, begin);
        while (begins.size() > KEPT) {
            Files.deleteIfExists(path(begins.pollFirstEntry().getKey()));
        }
    }

    /// Takes the begin of the last file from what conmon wrote in all, unless it wrote too much meanwhile.
    private void measure() throws IOException {
        long last = begins.lastKey();
        long before = Files.size(path(last));
        OptionalLong bytes = written.get();
        long after = Files.size(path(last));
        if (bytes.isEmpty()
                || after - before > TOLERANCE
                || !Files.isSameFile(path(last), current)) {
            return;
        }
        long begin = bytes.getAsLong() - after;
        if (origin.isEmpty()) {
            // Nobody knows what was lost before a dyno was adopted.
            origin = OptionalLong.of(begin - begins.lastEntry().getValue());
        }
        begins.put(last, begin - origin.getAsLong());
        measured = true;
    }
}
