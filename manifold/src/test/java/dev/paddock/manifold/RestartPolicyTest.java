package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartPolicyTest {
    @ParameterizedTest
    @CsvSource({
        "0, PT0S",
        "1, PT0S",
        "2, PT10M",
        "3, PT20M",
        "4, PT40M",
        "9, PT21H20M",
        "10, PT24H",
        "11, PT24H",
        "2147483647, PT24H"
    })
    void pauseDoublesFromTenMinutesToADay(int crashes, Duration pause) {
        assertThat(RestartPolicy.HEROKU.pause(crashes)).isEqualTo(pause);
    }

    @ParameterizedTest
    @CsvSource({"1, PT0S", "2, PT10S", "3, PT20S", "4, PT40S", "5, PT1M", "50, PT1M"})
    void smallerPausesMayBeChosen(int crashes, Duration pause) {
        RestartPolicy policy = new RestartPolicy(Duration.ofSeconds(10), Duration.ofMinutes(1));

        assertThat(policy.pause(crashes)).isEqualTo(pause);
    }
}
