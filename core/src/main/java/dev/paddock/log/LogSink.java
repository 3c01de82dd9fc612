package dev.paddock.log;

/// Takes log lines. Never blocks for long and never fails; what cannot be kept is counted.
public interface LogSink {
    void write(LogLine line);
}
