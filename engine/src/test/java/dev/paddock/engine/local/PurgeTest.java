package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A purge while dynos are being started: whatever moment each start has reached, nothing goes on.
class PurgeTest {
    private static final int ROUNDS = 10;
    private static final int STARTS = 4;
    private static final Duration STEP = Duration.ofMillis(7);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void startsUnderWayLeaveNoConmon() throws Exception {
        purgeDuringStarts(true);
    }

    @Test
    void startsUnderWayLeaveNoShell() throws Exception {
        purgeDuringStarts(false);
    }

    private static void purgeDuringStarts(boolean conmon) throws IOException, InterruptedException {
        for (int round = 0; round < ROUNDS; round++) {
            Platform platform = new Platform();
            try {
                if (!conmon) {
                    platform.reopen(platform.hiding("conmon"), Conmon.PATIENCE);
                }
                for (int i = 0; i < STARTS; i++) {
                    platform.start(platform.bash("sleep 1000"));
                }
                Thread.sleep(STEP.multipliedBy(round));
            } finally {
                platform.close();
            }
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(mentioning(platform.runtime + "/")).isEmpty());
        }
    }

    private static List<List<String>> mentioning(String path) {
        return WatchedGroup.everybody()
                .flatMap(pid -> ProcessIdentity.of(pid).stream())
                .map(ProcessIdentity::words)
                .filter(words -> words.stream().anyMatch(word -> word.contains(path)))
                .toList();
    }
}
