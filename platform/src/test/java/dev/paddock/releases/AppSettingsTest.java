package dev.paddock.releases;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.ConfigVars;
import dev.paddock.routes.AppRoute.Balance;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AppSettingsTest {
    @Test
    void settingsAreReadFromConfigVars() {
        AppSettings settings =
                AppSettings.of(
                        new ConfigVars(
                                Map.of(
                                        "PADDOCK_BALANCE", "round-robin",
                                        "PADDOCK_MAX_IN_FLIGHT", "20",
                                        "PADDOCK_MAX_BACKLOG", "0",
                                        "PADDOCK_FIRST_BYTE_SECONDS", "45",
                                        "PADDOCK_BOOT_SECONDS", "120",
                                        "PADDOCK_SLEEP_AFTER_MINUTES", "30",
                                        "OTHER", "x")));

        assertThat(settings.balance()).contains(Balance.ROUND_ROBIN);
        assertThat(settings.maxInFlightPerDyno()).hasValue(20);
        assertThat(settings.maxBacklog()).hasValue(0);
        assertThat(settings.firstByte()).contains(Duration.ofSeconds(45));
        assertThat(settings.boot()).contains(Duration.ofMinutes(2));
        assertThat(settings.sleepAfter()).contains(Duration.ofMinutes(30));
    }

    @Test
    void absentSettingsAreEmpty() {
        AppSettings settings = AppSettings.of(ConfigVars.EMPTY);

        assertThat(settings.balance()).isEmpty();
        assertThat(settings.maxInFlightPerDyno()).isEmpty();
        assertThat(settings.boot()).isEmpty();
    }
}
