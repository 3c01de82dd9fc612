package dev.paddock.api;

import dev.paddock.logs.LogFollower;
import dev.paddock.logs.LogHub;
import dev.paddock.logs.LogSessions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Writes one log session as server-sent events: each line an event whose id is the cursor behind it, so that a client
/// that comes back with `Last-Event-ID` goes on exactly there. For the thread that serves the request; a client that
/// stops reading blocks only that.
final class LogStream {
    /// Below the idle limit of connections, so that a quiet tail stays open.
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    /// How often a quiet tail looks whether the server is being stopped.
    private static final Duration LOOK = Duration.ofMillis(500);

    private static final byte[] HEARTBEAT_COMMENT = ascii(": heartbeat\n\n");
    private static final byte[] ID = ascii("id: ");
    private static final byte[] DATA = ascii("\ndata: ");
    private static final byte[] END = ascii("\n\n");

    private final LogHub hub;
    private final LogSessions.Session session;
    private final BooleanSupplier stopping;

    LogStream(LogHub hub, LogSessions.Session session, BooleanSupplier stopping) {
        this.hub = hub;
        this.session = session;
        this.stopping = stopping;
    }

    /// @param lastEventId the header of a client that comes back
    void write(OutputStream out, @Nullable String lastEventId)
            throws IOException, InterruptedException {
        OptionalLong seen = cursor(lastEventId);
        // Taken before the history is read: what arrives in between is either in the history, whose
        // last cursor is then
        // higher, or behind this one.
        long end = hub.end(session.app());
        long cursor;
        if (seen.isPresent()) {
            cursor = seen.getAsLong();
        } else {
            List<LogHub.Entry> history = hub.last(session.app(), session.filter(), session.lines());
            write(out, history);
            cursor = history.isEmpty() ? end : Math.max(end, history.getLast().cursor());
        }
        out.flush();
        if (session.tail()) {
            follow(out, cursor);
        } else if (seen.isPresent() && cursor < end) {
            catchUp(out, cursor, end);
        }
    }

    private void catchUp(OutputStream out, long cursor, long end)
            throws IOException, InterruptedException {
        try (LogFollower follower = hub.follow(session.app(), session.filter(), cursor)) {
            List<LogHub.Entry> entries = follower.read(Duration.ZERO);
            while (!entries.isEmpty() && cursor < end) {
                write(out, entries);
                cursor = entries.getLast().cursor();
                entries = cursor < end ? follower.read(Duration.ZERO) : List.of();
            }
        }
        out.flush();
    }

    private void follow(OutputStream out, long cursor) throws IOException, InterruptedException {
        try (LogFollower follower = hub.follow(session.app(), session.filter(), cursor)) {
            long quietSince = System.nanoTime();
            while (!stopping.getAsBoolean() && !follower.ended()) {
                List<LogHub.Entry> entries = follower.read(LOOK);
                boolean due = System.nanoTime() - quietSince >= HEARTBEAT.toNanos();
                if (entries.isEmpty() && !due) {
                    continue;
                }
                if (entries.isEmpty()) {
                    out.write(HEARTBEAT_COMMENT);
                } else {
                    write(out, entries);
                }
                out.flush();
                quietSince = System.nanoTime();
            }
        }
    }

    /// The text of an entry carries bytes, one per char, and goes out as exactly these.
    private static void write(OutputStream out, List<LogHub.Entry> entries) throws IOException {
        for (LogHub.Entry entry : entries) {
            out.write(ID);
            out.write(ascii(Long.toString(entry.cursor())));
            out.write(DATA);
            out.write(entry.format().getBytes(StandardCharsets.ISO_8859_1));
            out.write(END);
        }
    }

    private static OptionalLong cursor(@Nullable String lastEventId) {
        return lastEventId != null && lastEventId.matches("[0-9]{1,18}")
                ? OptionalLong.of(Long.parseLong(lastEventId))
                : OptionalLong.empty();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
