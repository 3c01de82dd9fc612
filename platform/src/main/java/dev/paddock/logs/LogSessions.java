package dev.paddock.logs;

import dev.paddock.core.AppId;
import java.time.Duration;
import java.util.Optional;

/// The secret, expiring URLs of log sessions. Safe for any thread.
public final class LogSessions {
    public LogSessions(java.time.InstantSource clock) {
        throw new UnsupportedOperationException();
    }

    /// Makes a session; its secret (128 random bits, URL-safe) is good for `life`.
    public String open(AppId app, int lines, boolean tail, LogFilter filter, Duration life) {
        throw new UnsupportedOperationException();
    }

    public Optional<Session> find(String secret) {
        throw new UnsupportedOperationException();
    }

    /// What a log session shows.
    public record Session(AppId app, int lines, boolean tail, LogFilter filter) {}
}
