package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// The log files of one dyno. conmon replaces a full one by a new one of the same name; a second name given to each
/// (`log.0`, `log.1`, ...) keeps its content until it has been read. Safe for any thread.
final class LogFiles {
    /// Bits of a cursor for the position in a file.
    private static final int POSITION_BITS = 40;

    /// A file that was left behind stays until the one after it is left behind too.
    private static final int KEPT = 2;

    /// A log below this size is not about to be replaced, so that there is nothing to count yet.
    private static final long COUNTED_FROM = Conmon.LOG_BYTES / 8;

    private final Path current;
    private final long fullBytes;
    private final Supplier<OptionalLong> written;
    private final Object lock = new Object();
    // Guarded by lock.
    private final TreeMap<Long, Path> files = new TreeMap<>();
    private long changes;
    private boolean counting;
    private long counted;
    private long missing;

    /// @param current the name conmon writes to
    /// @param fullBytes a file below this size is never left
    /// @param written how much conmon wrote in its life, as far as can be known
    LogFiles(Path current, long fullBytes, Supplier<OptionalLong> written) {
        this.current = current;
        this.fullBytes = fullBytes;
        this.written = written;
        String prefix = current.getFileName() + ".";
        for (String name : Directory.names(current.resolveSibling("."))) {
            if (name.matches("log\\.[0-9]+")) {
                files.put(
                        Long.valueOf(name.substring(prefix.length())),
                        current.resolveSibling(name));
            }
        }
        this.counting = files.isEmpty();
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
            Long first = files.ceilingKey(number);
            return first == null ? OptionalLong.empty() : OptionalLong.of(first);
        }
    }

    /// Whether conmon has left that file for another.
    boolean left(long number) throws IOException {
        synchronized (lock) {
            look();
            return !files.isEmpty() && files.lastKey() > number;
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

    /// How many bytes conmon wrote into files that it replaced before they got a second name, since the last call.
    long lostBytes() {
        synchronized (lock) {
            // Whole files are lost or none; what conmon writes elsewhere stays far below half of
            // one.
            if (missing < Conmon.LOG_BYTES / 2) {
                return 0;
            }
            long lost = missing;
            counted += lost;
            missing = 0;
            return lost;
        }
    }

    private void look() throws IOException {
        try {
            if (files.isEmpty()) {
                follow();
                return;
            }
            Path last = files.lastEntry().getValue();
            long size = Files.size(last);
            if (size >= fullBytes && !Files.isSameFile(last, current)) {
                follow();
                count();
            } else if (size > COUNTED_FROM) {
                count();
            }
        } catch (NoSuchFileException | FileAlreadyExistsException e) {
            // conmon is just replacing it, or has not begun it; the next look sees the new one.
        }
    }

    private void follow() throws IOException {
        long number = files.isEmpty() ? 0 : files.lastKey() + 1;
        Files.createLink(path(number), current);
        if (!files.isEmpty()) {
            counted += Files.size(files.lastEntry().getValue());
        }
        files.put(number, path(number));
        while (files.size() > KEPT) {
            Files.deleteIfExists(files.pollFirstEntry().getValue());
        }
    }

    private void count() throws IOException {
        OptionalLong bytes = written.get();
        if (bytes.isPresent()) {
            long before = bytes.getAsLong() - Files.size(current);
            if (!counting) {
                // Nobody knows what was lost before a dyno was adopted.
                counting = true;
                counted = before;
            }
            missing = before - counted;
        }
    }
}
