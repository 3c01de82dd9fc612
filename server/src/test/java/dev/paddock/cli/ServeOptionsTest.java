package dev.paddock.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import dev.paddock.formation.FormationRules;
import dev.paddock.formation.SleepPolicy;
import dev.paddock.server.Settings;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ServeOptionsTest {
    @Test
    void rulesOfToday() {
        assertThat(settings().rules()).isEqualTo(FormationRules.USUAL);
    }

    @Test
    void rulesOf2013AndTheClassicDelay() {
        assertThat(settings("--sleep-policy", "2013", "--preboot-wait", "180").rules())
                .isEqualTo(new FormationRules(SleepPolicy.CLASSIC, Duration.ofMinutes(3)));
    }

    @Test
    void unknownChoicesAreRefusedWithThoseThereAre() {
        assertThatThrownBy(() -> settings("--sleep-policy", "1999"))
                .isInstanceOf(UserError.class)
                .hasMessage("--sleep-policy 1999 is unknown: choose modern or 2013.");
        assertThatThrownBy(() -> settings("--preboot-wait", "-1"))
                .hasMessage("--preboot-wait -1 must be a number of seconds from 0 to 600.");
        assertThatThrownBy(() -> settings("--preboot-wait", "601")).isInstanceOf(UserError.class);
    }

    private static Settings settings(String... flags) {
        return CommandLine.populateCommand(new ServeOptions(), flags).settings();
    }
}
