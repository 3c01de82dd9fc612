package dev.paddock.logs;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// The logs of all apps: bounded segment files below one directory; what was written survives kill -9 of the
/// platform. Safe for any thread.
///
/// A reader that misses no line and sees none twice takes [#end] first, then [#last], and follows from the cursor of
/// the last entry it got, or from that end when it got none.
public final class LogHub implements LogSink, AutoCloseable {
    /// Lines kept per app at least, when their bytes fit (dynos and logs: 1,500 lines of history).
    public static final int HISTORY_LINES = 1500;

    /// Files that are open for writing; of more, those not written to for longest are closed.
    private static final int MAX_OPEN_FILES = 256;

    /// Removed apps whose late lines are recognised: a dyno's last words come within seconds.
    private static final int MAX_REMOVED = 10_000;

    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'+00:00'")
                    .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'+00:00'").withZone(ZoneOffset.UTC);

    private final Path directory;
    private final Map<AppId, AppLog> logs = new ConcurrentHashMap<>();
    private final AtomicInteger openFiles = new AtomicInteger();

    /// Held to add or remove a log, so that none appears after its removal.
    private final Object lock = new Object();

    private final Set<AppId> removed = new LinkedHashSet<>();
    private boolean closed;

    public LogHub(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory);
            // What apps log is nobody else's business.
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new UncheckedIOException("Could not make the log directory " + directory, e);
        }
    }

    /// Splits, cuts (10,000 bytes) and stores a line. Lines of an app that was removed are dropped.
    @Override
    public void write(LogLine line) {
        append(line.app(), List.of(PendingLine.of(line, null)));
    }

    /// Stores the lines of a source but those it has stored before: their numbers grow, and the log knows the last one
    /// of each stream. For one thread per stream.
    public void write(AppId app, UUID stream, List<NumberedLine> lines) {
        DynoId source = new DynoId(stream);
        long known = position(app, source);
        append(
                app,
                lines.stream()
                        .filter(line -> line.number() > known)
                        .map(line ->
                                PendingLine.of(
                                        line.line(), new DynoPosition(source, line.number())))
                        .toList());
    }

    /// Stores what a dyno wrote, with its position, in as few writes as possible.
    void append(AppId app, List<PendingLine> lines) {
        if (!lines.isEmpty() && log(app).append(lines)) {
            limitOpenFiles();
        }
    }

    private AppLog log(AppId app) {
        AppLog known = logs.get(app);
        if (known != null) {
            return known;
        }
        synchronized (lock) {
            AppLog log = new AppLog(app, path(app));
            if (closed || removed.contains(app)) {
                log.close();
                return log;
            }
            return logs.computeIfAbsent(app, id -> log);
        }
    }

    private Path path(AppId app) {
        return directory.resolve(app.toString());
    }

    /// Counted loosely: a file that closed in between only makes this look once too often.
    private void limitOpenFiles() {
        if (openFiles.incrementAndGet() <= MAX_OPEN_FILES) {
            return;
        }
        record Open(AppLog log, long since) {}
        List<Open> open =
                logs.values().stream()
                        .map(log -> new Open(log, log.openSince()))
                        .filter(candidate -> candidate.since() != Long.MAX_VALUE)
                        .sorted(Comparator.comparingLong(Open::since))
                        .toList();
        int surplus = Math.max(0, open.size() - MAX_OPEN_FILES * 3 / 4);
        open.subList(0, surplus).forEach(candidate -> candidate.log().closeFile());
        openFiles.set(open.size() - surplus);
    }

    /// The newest `limit` lines that match, oldest first.
    public List<Entry> last(AppId app, LogFilter filter, int limit) {
        List<Entry> entries = new ArrayList<>();
        if (limit > 0) {
            log(app).reader()
                    .backwards((cursor, record) -> {
                        LogLine line = record.line(app);
                        if (filter.matches(line)) {
                            entries.add(new Entry(cursor, line));
                        }
                        return entries.size() < limit;
                    });
        }
        return entries.reversed();
    }

    /// Follows an app's log from behind `cursor` (see [Entry#cursor()]; [#end(AppId)] for only what comes; 0 for all
    /// that is kept). Any number is a cursor: between two lines the next one is meant.
    public LogFollower follow(AppId app, LogFilter filter, long cursor) {
        return new SegmentFollower(log(app), filter, true, cursor, Instant.now());
    }

    /// As [#follow], of all lines, for a drain: it tells by itself what [LogFollower#lost()] counts.
    public LogFollower followForDrain(AppId app, long cursor) {
        return new SegmentFollower(log(app), LogFilter.ALL, false, cursor, Instant.now());
    }

    public long end(AppId app) {
        return log(app).end();
    }

    /// How far a dyno's output is in the app's log already; 0 when none of it is.
    long position(AppId app, DynoId dyno) {
        return log(app).position(dyno);
    }

    void finished(AppId app, DynoId dyno) {
        log(app).finished(dyno);
    }

    /// Deletes the app's log and ends its followers.
    public void remove(AppId app) {
        AppLog log;
        synchronized (lock) {
            removed.add(app);
            if (removed.size() > MAX_REMOVED) {
                removed.remove(removed.iterator().next());
            }
            log = logs.remove(app);
        }
        (log != null ? log : new AppLog(app, path(app))).delete();
    }

    /// Deletes the logs of all other apps: what a crash in the middle of a destruction left. Called at start.
    public void keepOnly(Collection<AppId> apps) {
        Set<String> known = new HashSet<>();
        apps.forEach(app -> known.add(app.toString()));
        try (Stream<Path> directories = Files.list(directory)) {
            for (Path path : directories.toList()) {
                String name = path.getFileName().toString();
                if (!known.contains(name)) {
                    remove(AppId.parse(name));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Could not read the log directory " + directory, e);
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        logs.values().forEach(AppLog::close);
    }

    /// `2011-05-03T17:35:00+00:00`, as lines about losses date them.
    static String seconds(Instant time) {
        return SECONDS.format(time);
    }

    /// A stored line and the position behind it.
    public record Entry(long cursor, LogLine line) {
        /// `2010-09-16T15:13:46.677020+00:00 app[web.1]: message`, as bytes in ISO-8859-1 chars.
        public String format() {
            return MICROSECONDS.format(line.time())
                    + " "
                    + line.source()
                    + "["
                    + line.process()
                    + "]: "
                    + line.text();
        }
    }
}
