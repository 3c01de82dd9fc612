package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import dev.paddock.store.DatabaseAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatePlaceTest {
    private static final Optional<DatabaseAddress> NAMED =
            Optional.of(DatabaseAddress.parse("postgres://user:hush@db:5432/state"));

    @TempDir Path data;

    @Test
    void newPlatformHasItsStateWhereTheOperatorSays() {
        assertThat(StatePlace.of(data, NAMED).external()).isEqualTo(NAMED);
        assertThat(StatePlace.of(data, Optional.empty()).external()).isEmpty();
        assertThat(StatePlace.of(data.resolve("missing"), NAMED).external()).isEqualTo(NAMED);
    }

    @Test
    void stateElsewhereIsNeverLeftForAnEmptyDatabase() throws Exception {
        StatePlace.of(data, NAMED).remember();

        assertThatThrownBy(() -> StatePlace.of(data, Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(
                        "has its state in db:5432/state, and DATABASE_URL is not set");
        assertThat(StatePlace.of(data, NAMED).external()).isEqualTo(NAMED);
        try (var files = Files.list(data)) {
            for (Path file : files.toList()) {
                assertThat(file).content().doesNotContain("hush").doesNotContain("user");
            }
        }
    }

    @Test
    void stateOfItsOwnIsNotLeftForANamedDatabase() throws Exception {
        Files.createDirectory(data.resolve("postgres"));

        assertThatThrownBy(() -> StatePlace.of(data, NAMED))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("database of its own")
                .message()
                .doesNotContain("hush");
        assertThat(StatePlace.of(data, Optional.empty()).external()).isEmpty();
        assertThat(StatePlace.existing(data, NAMED).external()).isEmpty();
    }
}
