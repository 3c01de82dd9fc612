package dev.paddock.logs;

import dev.paddock.core.AppId;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The secret, expiring URLs of log sessions. Safe for any thread.
///
/// They are kept in memory only: after a restart of the platform a client asks for a new one.
public final class LogSessions {
    /// Beyond these the oldest end early; a session is some hundred bytes.
    private static final int MAX_SESSIONS = 10_000;

    private static final int SECRET_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final InstantSource clock;
    private final Object lock = new Object();
    private final Map<String, Open> sessions = new LinkedHashMap<>();

    public LogSessions(InstantSource clock) {
        this.clock = clock;
    }

    /// Makes a session; its secret (128 random bits, URL-safe) is good for `life`.
    public String open(AppId app, int lines, boolean tail, LogFilter filter, Duration life) {
        byte[] random = new byte[SECRET_BYTES];
        RANDOM.nextBytes(random);
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        Instant now = clock.instant();
        synchronized (lock) {
            if (sessions.size() >= MAX_SESSIONS) {
                sessions.values().removeIf(open -> !open.end().isAfter(now));
            }
            if (sessions.size() >= MAX_SESSIONS) {
                sessions.remove(sessions.keySet().iterator().next());
            }
            sessions.put(secret, new Open(new Session(app, lines, tail, filter), now.plus(life)));
        }
        return secret;
    }

    public Optional<Session> find(String secret) {
        Instant now = clock.instant();
        synchronized (lock) {
            return Optional.ofNullable(sessions.get(secret))
                    .filter(open -> open.end().isAfter(now))
                    .map(Open::session);
        }
    }

    /// What a log session shows.
    public record Session(AppId app, int lines, boolean tail, LogFilter filter) {}

    private record Open(Session session, Instant end) {}
}
