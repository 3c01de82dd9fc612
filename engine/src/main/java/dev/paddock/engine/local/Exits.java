package dev.paddock.engine.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.function.Consumer;

/// Watches the directory where conmon leaves exit statuses. A hint: whoever needs to be sure looks at the files.
final class Exits implements AutoCloseable {
    /// Exit statuses of a shell for programs ended by SIGTERM and SIGKILL.
    static final int TERMINATED = 143;

    static final int KILLED = 137;

    private final WatchService watcher;
    private final Consumer<String> ended;

    /// @param ended gets the name of each new file
    Exits(Path directory, Consumer<String> ended) {
        this.ended = ended;
        try {
            watcher = directory.getFileSystem().newWatchService();
            directory.register(
                    watcher,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot watch " + directory + ": " + e.getMessage(), e);
        }
        Thread.ofVirtual().name("exits").start(this::watch);
    }

    private void watch() {
        try {
            while (true) {
                WatchKey key = watcher.take();
                for (WatchEvent<?> event : key.pollEvents()) {
                    if (event.context() instanceof Path name) {
                        ended.accept(name.toString());
                    }
                }
                key.reset();
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
            throw new UncheckedIOException("cannot stop watching exits", e);
        }
    }
}
