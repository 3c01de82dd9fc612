package dev.paddock.logs;

import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.util.Optional;

/// Which lines a reader wants; absent parts match everything.
///
/// @param process a dyno name (`web.1`), `router`, `api`, or a process type (`web` matches `web.1`, `web.2`...)
public record LogFilter(Optional<LogSource> source, Optional<String> process) {
    public static final LogFilter ALL = new LogFilter(Optional.empty(), Optional.empty());

    public boolean matches(LogLine line) {
        if (source.isPresent() && source.get() != line.source()) {
            return false;
        }
        return process.isEmpty()
                || line.process().equals(process.get())
                || line.process().startsWith(process.get() + ".");
    }
}
