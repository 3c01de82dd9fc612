package dev.paddock.router;

import dev.paddock.routes.ControlFrame;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Writes the served table to disk, a moment after it is served: no change waits for a disk. Safe for any thread.
///
/// Of two routers in one directory, one that takes over and one that drains, only the one that holds the lock writes.
final class TableKeeper implements AutoCloseable {
    /// Changes that may wait for the disk; beyond, the whole table is written instead.
    private static final int MOST_WAITING = 256;

    private static final long RETRY_MILLIS = 500;
    private static final int CLOSE_MILLIS = 5_000;

    private final TableFile file;
    private final Path lockFile;
    private final Supplier<ControlFrame.Snapshot> whole;
    private final Object lock = new Object();
    private final List<ControlFrame.Change> waiting = new ArrayList<>();
    private boolean wholeWaits;
    private boolean closed;
    private @Nullable Thread writer;
    private @Nullable FileLock held;

    /// @param whole the served table with its number
    TableKeeper(TableFile file, Path lockFile, Supplier<ControlFrame.Snapshot> whole) {
        this.file = file;
        this.lockFile = lockFile;
        this.whole = whole;
    }

    void start() {
        writer = Thread.ofPlatform().name("table-keeper").daemon().start(this::writeUntilClosed);
    }

    /// Another whole table is served.
    void keepWhole() {
        synchronized (lock) {
            wholeWaits = true;
            waiting.clear();
            lock.notifyAll();
        }
    }

    /// The table that was kept last is served with this change.
    void keep(ControlFrame.Change change) {
        synchronized (lock) {
            if (wholeWaits) {
                return;
            }
            waiting.add(change);
            if (waiting.size() > MOST_WAITING) {
                keepWhole();
            }
            lock.notifyAll();
        }
    }

    private void writeUntilClosed() {
        boolean last = false;
        try {
            while (!last) {
                List<ControlFrame.Change> changes;
                boolean all;
                synchronized (lock) {
                    while (!closed && !wholeWaits && waiting.isEmpty()) {
                        lock.wait();
                    }
                    last = closed;
                    all = wholeWaits;
                    changes = List.copyOf(waiting);
                    wholeWaits = false;
                    waiting.clear();
                }
                if (!write(all, changes)) {
                    keepWhole();
                    synchronized (lock) {
                        if (!closed) {
                            TimeUnit.MILLISECONDS.timedWait(lock, RETRY_MILLIS);
                        }
                    }
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            unlock();
        }
    }

    /// Returns false when it has to be tried again.
    private boolean write(boolean all, List<ControlFrame.Change> changes) {
        try {
            boolean first = held == null;
            if (!lock()) {
                return false;
            }
            if (all || first || file.isFull()) {
                ControlFrame.Snapshot table = whole.get();
                if (table.table() > 0) {
                    file.write(table);
                }
            } else if (!changes.isEmpty()) {
                file.append(changes);
            }
            return true;
        } catch (IOException full) {
            System.err.println("router: the routes cannot be kept: " + full.getMessage());
            return false;
        }
    }

    private boolean lock() throws IOException {
        if (held != null) {
            return true;
        }
        FileChannel channel =
                FileChannel.open(
                        lockFile,
                        Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        try {
            held = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            // Another router of this process holds it, as in tests.
        }
        if (held == null) {
            channel.close();
        }
        return held != null;
    }

    private void unlock() {
        FileLock mine = held;
        if (mine != null) {
            try {
                mine.acquiredBy().close();
            } catch (IOException _) {
                // The lock ends with this process at the latest.
            }
            held = null;
        }
    }

    /// Writes what waits and lets the next router write.
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        Thread writing = writer;
        if (writing != null) {
            try {
                writing.join(CLOSE_MILLIS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
