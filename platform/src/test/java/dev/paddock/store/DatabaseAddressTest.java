package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseAddressTest {
    @Test
    void everyPartIsRead() {
        DatabaseAddress address =
                DatabaseAddress.parse(
                        "postgres://us%65r:p%40ss%2Fw+rd@db.example.com:6543/sta%20te?sslmode=verify-full&sslrootcert=/etc/ca.pem");

        assertThat(address)
                .isEqualTo(
                        new DatabaseAddress(
                                "db.example.com",
                                6543,
                                "sta te",
                                "user",
                                "p@ss/w+rd",
                                Map.of("sslmode", "verify-full", "sslrootcert", "/etc/ca.pem")));
        assertThat(address.jdbcUrl())
                .isEqualTo("jdbc:postgresql://db.example.com:6543/sta+te")
                .doesNotContain("p@ss");
        assertThat(address.properties(Duration.ofSeconds(7)))
                .containsEntry("password", "p@ss/w+rd")
                .containsEntry("sslmode", "verify-full")
                .containsEntry("sslrootcert", "/etc/ca.pem")
                .containsEntry("socketTimeout", "7");
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://u:p@h,            h:5432/u",
        "postgres://u@h/d,              h:5432/d",
        "postgres://u:@h:1/d,           h:1/d",
        "postgres://u:p@[::1]:5433/d,   [::1]:5433/d",
        "postgres://u:a@b@10.0.0.1/d,   10.0.0.1:5432/d",
        "postgres://u:a:b@h/d?,         h:5432/d",
    })
    void whatIsLeftOutIsAsUsualAndTheTextNamesNoUser(String url, String text) {
        if (url.endsWith("?")) {
            url = url.substring(0, url.length() - 1);
        }
        assertThat(DatabaseAddress.parse(url)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://u:hush@h/d",
                "postgres://u:hush@/d",
                "postgres://:hush@h/d",
                "postgres://h/hush",
                "postgres://u:hush@h:99999/d",
                "postgres://u:hush@h:0/d",
                "postgres://u:hush@h:x/d",
                "postgres://u:hush%4@h/d",
                "postgres://u:hu/sh@h/d",
                "postgres://u:hu#sh@h/d",
                "postgres://u:hush@h1,h2/d",
                "postgres://u:hush@h/d?sslmode=hush",
                "postgres://u:hush@h/d?options=hush",
                "postgres://u:hush@h/d?hush",
                "hush"
            })
    void whatIsNoAddressIsRefusedWithoutRepeatingIt(String url) {
        assertThatThrownBy(() -> DatabaseAddress.parse(url))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("DATABASE_URL ")
                .message()
                .doesNotContain("hush", "hu/sh", "hu#sh");
    }

    @Test
    void onlyAVariableThatSaysSomethingNamesOne() {
        assertThat(DatabaseAddress.named(Map.of())).isEmpty();
        assertThat(DatabaseAddress.named(Map.of("DATABASE_URL", " "))).isEmpty();
        assertThat(DatabaseAddress.named(Map.of("DATABASE_URL", "postgres://u:p@h/d\n")))
                .map(DatabaseAddress::name)
                .isEqualTo(Optional.of("d"));
    }
}
