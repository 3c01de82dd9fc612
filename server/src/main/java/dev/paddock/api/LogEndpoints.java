package dev.paddock.api;

import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.logs.LogSessions;
import java.time.Duration;
import java.time.InstantSource;

/// Log sessions: the secret URL under which one log can be read for a while.
final class LogEndpoints {
    /// Followed by the session's secret.
    static final String STREAM_PATH = "/log-streams/";

    /// Long enough to come back to after a lost connection.
    private static final Duration LIFE = Duration.ofMinutes(5);

    /// A tail may be left open overnight, and reconnects to the same URL.
    private static final Duration TAIL_LIFE = Duration.ofHours(24);

    private final AppEndpoints apps;
    private final LogSessions sessions;
    private final Representations representations;
    private final InstantSource clock;

    LogEndpoints(
            AppEndpoints apps,
            LogSessions sessions,
            Representations representations,
            InstantSource clock) {
        this.apps = apps;
        this.sessions = sessions;
        this.representations = representations;
        this.clock = clock;
    }

    Answer open(Call call) {
        App app = apps.find(call);
        Representations.NewLogSession wanted = Representations.newLogSession(call.fields());
        String secret =
                sessions.open(
                        app.id(),
                        wanted.lines(),
                        wanted.tail(),
                        wanted.filter(),
                        wanted.tail() ? TAIL_LIFE : LIFE);
        return Answer.created(representations.logSession(secret, clock.instant()));
    }

    static UserError unknownSession() {
        return new UserError(
                "not_found",
                "This log session does not exist or has expired; ask for a new one.",
                "log_session");
    }
}
