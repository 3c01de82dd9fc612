package dev.paddock.domains;

import dev.paddock.logs.LogHub;
import dev.paddock.store.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The spools of all routers on this machine, each carried by a [RouterLogs] of its own: a router that takes over
/// writes to another one than the router that drains.
public final class RouterSpools implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RouterSpools.class);
    private static final Duration LOOK = Duration.ofSeconds(1);

    /// As many as there can be routers that write.
    private static final int MOST_SPOOLS = 8;

    private final Path directory;
    private final Database database;
    private final LogHub hub;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Object lock = new Object();

    /// Guarded by lock.
    private final Map<Path, RouterLogs> followed = new HashMap<>();

    /// @param directory where routers keep their state
    public RouterSpools(Path directory, Database database, LogHub hub) {
        this.directory = directory;
        this.database = database;
        this.hub = hub;
    }

    public void start() {
        Thread _ = Thread.ofVirtual().name("router-spools").start(this::look);
    }

    private void look() {
        try {
            do {
                followNew();
            } while (!closing.await(LOOK.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void followNew() {
        for (Path spool : spools()) {
            synchronized (lock) {
                boolean stopped = closing.getCount() == 0;
                if (!stopped && !followed.containsKey(spool) && followed.size() < MOST_SPOOLS) {
                    RouterLogs logs = new RouterLogs(spool, database, hub);
                    followed.put(spool, logs);
                    logs.start();
                }
            }
        }
    }

    private List<Path> spools() {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> path.getFileName().toString().matches("spool(-\\d)?"))
                    .filter(Files::isDirectory)
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            log.warn("Could not look for routers' spools in {}: {}", directory, "" + e);
            return List.of();
        }
    }

    @Override
    public void close() {
        closing.countDown();
        List<RouterLogs> all;
        synchronized (lock) {
            all = List.copyOf(followed.values());
        }
        all.forEach(RouterLogs::close);
    }
}
