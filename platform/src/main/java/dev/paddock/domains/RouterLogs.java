package dev.paddock.domains;

import dev.paddock.core.AppId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.logs.LogHub;
import dev.paddock.logs.NumberedLine;
import dev.paddock.routes.SpoolReader;
import dev.paddock.routes.SpoolReader.Entry;
import dev.paddock.routes.SpoolReader.Position;
import dev.paddock.store.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries request lines from a router's spool into the apps' logs; remembers how far in the database.
///
/// The position is stored now and then only, so after a crash some lines are read again; each log knows the number of
/// the last one it holds and takes none twice.
public final class RouterLogs implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RouterLogs.class);

    /// The spool is mapped memory, which nobody is notified of; a look costs some microseconds.
    private static final Duration LOOK = Duration.ofMillis(80);

    /// When there was nothing for a while: a machine at rest is to cost nothing.
    private static final Duration IDLE_LOOK = Duration.ofMillis(500);

    private static final int LOOKS_UNTIL_IDLE = 40;

    private static final int BATCH = 1_000;

    /// Between two writes of the position, and between two tries while the database is away.
    private static final Duration STORE = Duration.ofSeconds(1);

    private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final Path spool;
    private final Database database;
    private final LogHub hub;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(1);

    // Touched by the reading thread alone.
    private Place stored = Place.NONE;
    private Place reached = Place.NONE;
    private long storeNanos = System.nanoTime();
    private boolean databaseAway;
    private int looksInVain;

    public RouterLogs(Path spool, Database database, LogHub hub) {
        this.spool = spool;
        this.database = database;
        this.hub = hub;
    }

    /// While the database is away, the lines wait in the spool until the position can be read.
    public void start() {
        Thread _ = Thread.ofVirtual().name("router-logs").start(this::run);
    }

    private void run() {
        try {
            while (!loadPosition()) {
                if (closing.await(STORE.toNanos(), TimeUnit.NANOSECONDS)) {
                    return;
                }
            }
            boolean closed = false;
            while (!closed) {
                try (SpoolReader reader = new SpoolReader(spool, reached.position())) {
                    closed = follow(reader);
                } catch (IOException | RuntimeException e) {
                    log.error("Could not read the router's lines in {}; trying again", spool, e);
                    closed = closing.await(PAUSE_AFTER_FAILURE.toNanos(), TimeUnit.NANOSECONDS);
                }
            }
            storePosition();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            done.countDown();
        }
    }

    /// Returns true when it was closed.
    private boolean follow(SpoolReader reader) throws IOException, InterruptedException {
        long lost = 0;
        while (true) {
            List<Entry> entries = new ArrayList<>();
            int count = reader.read(BATCH, entries::add);
            if (reader.lost() > lost) {
                log.warn(
                        "{} request lines were deleted from the router's spool before they could be"
                                + " read (L12)",
                        reader.lost() - lost);
                lost = reader.lost();
            }
            if (count > 0) {
                noticeNewSpool(entries.getFirst());
                write(entries);
                reached = new Place(reached.stream(), reader.position());
            }
            if (!reached.equals(stored) && storeNanos - System.nanoTime() <= 0) {
                storePosition();
            }
            looksInVain = count == 0 ? looksInVain + 1 : 0;
            Duration usual = looksInVain > LOOKS_UNTIL_IDLE ? IDLE_LOOK : LOOK;
            Duration pause = count == BATCH ? Duration.ZERO : usual;
            if (closing.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                return true;
            }
        }
    }

    /// Numbers that fall back are those of a spool that was begun anew.
    private void noticeNewSpool(Entry first) {
        Position position = reached.position();
        if (first.sequence() < position.file() + position.offset()) {
            reached = new Place(UUID.randomUUID(), Position.START);
        }
    }

    private void write(List<Entry> entries) {
        Map<AppId, List<NumberedLine>> byApp = new LinkedHashMap<>();
        for (Entry entry : entries) {
            try {
                AppId app = AppId.parse(entry.app());
                Instant time = Instant.EPOCH.plus(entry.epochMicros(), ChronoUnit.MICROS);
                LogLine line = new LogLine(app, time, LogSource.HEROKU, "router", entry.line());
                byApp.computeIfAbsent(app, _ -> new ArrayList<>())
                        .add(new NumberedLine(entry.sequence(), line));
            } catch (IllegalArgumentException e) {
                log.warn("A request line names no app: {}", entry.app());
            }
        }
        byApp.forEach((app, lines) -> hub.write(app, reached.stream(), lines));
    }

    private boolean loadPosition() {
        try {
            reached =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery(
                                                    "select stream, file, file_offset from router_spools"
                                                            + " where directory = :directory")
                                            .bind("directory", name())
                                            .map((row, _) ->
                                                    new Place(
                                                            row.getObject("stream", UUID.class),
                                                            new Position(
                                                                    row.getLong("file"),
                                                                    row.getLong("file_offset"))))
                                            .findOne())
                            .orElseGet(() -> new Place(UUID.randomUUID(), Position.START));
            stored = reached;
            return storePosition();
        } catch (RuntimeException e) {
            away(e);
            return false;
        }
    }

    private boolean storePosition() {
        storeNanos = System.nanoTime() + STORE.toNanos();
        try {
            database.jdbi()
                    .useHandle(handle ->
                            handle.createUpdate(
                                            """
                                            insert into router_spools
                                            values (:directory, :stream, :file, :offset)
                                            on conflict (directory) do update
                                            set stream = :stream, file = :file, file_offset = :offset
                                            """)
                                    .bind("directory", name())
                                    .bind("stream", reached.stream())
                                    .bind("file", reached.position().file())
                                    .bind("offset", reached.position().offset())
                                    .execute());
            stored = reached;
            databaseAway = false;
            return true;
        } catch (RuntimeException e) {
            away(e);
            return false;
        }
    }

    private void away(RuntimeException cause) {
        if (!databaseAway) {
            log.warn("The position in the router's spool cannot be stored now: {}", "" + cause);
        }
        databaseAway = true;
    }

    private String name() {
        return String.valueOf(spool.getFileName());
    }

    @Override
    public void close() {
        closing.countDown();
        try {
            if (!done.await(CLOSE_LIMIT.toNanos(), TimeUnit.NANOSECONDS)) {
                log.warn("The router's lines in {} are still being read", spool);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// @param stream tells apart spools whose lines are numbered alike
    private record Place(UUID stream, Position position) {
        private static final Place NONE = new Place(new UUID(0, 0), Position.START);
    }
}
