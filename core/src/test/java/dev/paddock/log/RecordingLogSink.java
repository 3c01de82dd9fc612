package dev.paddock.log;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps the lines it is given. Safe for any thread.
public final class RecordingLogSink implements LogSink {
    private final List<LogLine> lines = new CopyOnWriteArrayList<>();

    @Override
    public void write(LogLine line) {
        lines.add(line);
    }

    public List<LogLine> lines() {
        return List.copyOf(lines);
    }
}
