package dev.paddock.server;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What has been started, ended in the reverse order. Each part is ended even when another one fails to. Safe for any
/// thread.
final class Closing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

    private final Object lock = new Object();
    private final Deque<Part> parts = new ArrayDeque<>();

    <T extends AutoCloseable> T add(String name, T part) {
        synchronized (lock) {
            parts.push(new Part(name, part));
        }
        return part;
    }

    @Override
    public void close() {
        while (true) {
            Part part;
            synchronized (lock) {
                part = parts.poll();
            }
            if (part == null) {
                return;
            }
            try {
                part.closeable().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                LOG.warn("Interrupted while ending {}", part.name());
            } catch (Exception e) {
                LOG.warn("Could not end {}", part.name(), e);
            }
        }
    }

    private record Part(String name, AutoCloseable closeable) {}
}
