package dev.paddock.logs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class LogSessionsTest {
    private static final Duration LIFE = Duration.ofMinutes(5);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
    private final LogSessions sessions = new LogSessions(now::get);
    private final AppId app = AppId.random();

    private String open() {
        return sessions.open(app, 100, true, LogFilter.ALL, LIFE);
    }

    @Test
    void sessionIsFoundBySecretUntilItEnds() {
        String secret = open();

        now.set(now.get().plus(LIFE).minusMillis(1));
        assertThat(sessions.find(secret))
                .contains(new LogSessions.Session(app, 100, true, LogFilter.ALL));
        now.set(now.get().plusMillis(1));
        assertThat(sessions.find(secret)).isEmpty();
        assertThat(sessions.find("")).isEmpty();
    }

    @Test
    void secretsAreLongUrlSafeAndNeverTheSame() {
        Set<String> secrets = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            String secret = open();
            assertThat(secret).matches("[A-Za-z0-9_-]{22}");
            assertThat(secrets.add(secret)).isTrue();
        }
    }

    @Test
    void oldestSessionGivesWayWhenThereAreTooMany() {
        String first = open();
        String second = open();
        for (int i = 0; i < 9_999; i++) {
            open();
        }

        assertThat(sessions.find(first)).isEmpty();
        assertThat(sessions.find(second)).isPresent();
    }
}
