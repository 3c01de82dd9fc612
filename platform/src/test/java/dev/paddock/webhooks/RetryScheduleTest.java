package dev.paddock.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RetryScheduleTest {
    @Test
    void pausesGrowUpToSixHours() {
        assertThat(RetrySchedule.pause(Webhook.Level.SYNC, 1)).contains(Duration.ofSeconds(5));
        assertThat(RetrySchedule.pause(Webhook.Level.SYNC, 2)).contains(Duration.ofSeconds(15));
        assertThat(RetrySchedule.pause(Webhook.Level.SYNC, 3)).contains(Duration.ofSeconds(45));
        assertThat(RetrySchedule.pause(Webhook.Level.SYNC, 12)).contains(Duration.ofHours(6));
    }

    @Test
    void attemptsEndAfterAboutThreeDays() {
        Duration whole = Duration.ZERO;
        int attempts = 1;
        while (RetrySchedule.pause(Webhook.Level.SYNC, attempts).isPresent()) {
            whole = whole.plus(RetrySchedule.pause(Webhook.Level.SYNC, attempts).get());
            attempts++;
        }

        assertThat(whole).isBetween(Duration.ofHours(60), Duration.ofHours(84));
    }

    @Test
    void notificationIsTriedOnce() {
        assertThat(RetrySchedule.pause(Webhook.Level.NOTIFY, 1)).isEmpty();
    }
}
