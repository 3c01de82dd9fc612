package dev.paddock.daemons;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class CommandTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RepeatedTest(5)
    void whatACommandWritesBeyondWhatIsKeptDoesNotHoldItUp() {
        String line = "x".repeat(150);

        Command.Result result =
                Command.run(
                        List.of(
                                "sh",
                                "-c",
                                "i=0; while [ $i -lt 2000 ]; do echo %s; i=$((i + 1)); done; exit 3"
                                        .formatted(line)),
                        LIMIT);

        assertThat(result.status()).isEqualTo(3);
        assertThat(result.output()).hasSizeBetween(64 * 1024 - line.length(), 64 * 1024);
    }

    @Test
    void commandThatTakesTooLongIsKilled() {
        Command.Result result = Command.run(List.of("sleep", "1000"), Duration.ofMillis(1));

        assertThat(result.status()).isEqualTo(137);
        assertThat(result.ok()).isFalse();
    }

    @Test
    void commandSeesThePathAndWhatItIsGivenOnly() {
        Command.Result result = Command.run(List.of("env"), Map.of("GREETING", "hello"), LIMIT);

        assertThat(result.output().lines())
                .contains("GREETING=hello")
                .allMatch(line -> line.startsWith("PATH=") || line.startsWith("GREETING="));
    }
}
