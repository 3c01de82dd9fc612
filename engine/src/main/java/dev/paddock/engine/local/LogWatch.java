package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Tells readers of logs that something was written, so that idle dynos cost nothing. A hint: readers look by
/// themselves from time to time. Safe for any thread.
final class LogWatch implements AutoCloseable {
    private final WatchService watcher;
    private final Map<WatchKey, LogFiles> watched = new ConcurrentHashMap<>();

    LogWatch() {
        try {
            watcher = FileSystems.getDefault().newWatchService();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot watch logs: " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("logs").start(this::watch);
    }

    /// From now on; a directory that is watched already stays so.
    void add(Path directory, LogFiles files) {
        try {
            WatchKey key =
                    directory.register(
                            watcher,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_MODIFY);
            watched.put(key, files);
        } catch (IOException | ClosedWatchServiceException e) {
            // The dyno was forgotten meanwhile, or the engine closed: nothing will be written.
            files.changed();
        }
    }

    private void watch() {
        try {
            while (true) {
                WatchKey key = watcher.take();
                key.pollEvents();
                LogFiles files = watched.get(key);
                if (files != null) {
                    files.changed();
                }
                if (!key.reset()) {
                    watched.remove(key);
                }
            }
        } catch (ClosedWatchServiceException e) {
            // The engine was closed.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            watcher.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot stop watching logs", e);
        }
    }
}
