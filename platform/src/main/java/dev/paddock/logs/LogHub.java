package dev.paddock.logs;

import dev.paddock.core.AppId;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import java.nio.file.Path;
import java.util.List;

/// The logs of all apps: bounded segment files below one directory; what was written survives kill -9 of the
/// platform. Safe for any thread.
public final class LogHub implements LogSink, AutoCloseable {
    /// Lines kept per app at least, when their bytes fit (dynos and logs: 1,500 lines of history).
    public static final int HISTORY_LINES = 1500;

    public LogHub(Path directory) {
        throw new UnsupportedOperationException();
    }

    /// Splits, cuts (10,000 bytes) and stores a line. Lines of an app that was removed are dropped.
    @Override
    public void write(LogLine line) {
        throw new UnsupportedOperationException();
    }

    /// The newest `limit` lines that match, oldest first.
    public List<Entry> last(AppId app, LogFilter filter, int limit) {
        throw new UnsupportedOperationException();
    }

    /// Follows an app's log from behind `cursor` (see [Entry#cursor()]; [#end(AppId)] for only what comes).
    public LogFollower follow(AppId app, LogFilter filter, long cursor) {
        throw new UnsupportedOperationException();
    }

    public long end(AppId app) {
        throw new UnsupportedOperationException();
    }

    /// Deletes the app's log and ends its followers.
    public void remove(AppId app) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    /// A stored line and the position behind it.
    public record Entry(long cursor, LogLine line) {
        /// `2010-09-16T15:13:46.677020+00:00 app[web.1]: message`, as bytes in ISO-8859-1 chars.
        public String format() {
            throw new UnsupportedOperationException();
        }
    }
}
