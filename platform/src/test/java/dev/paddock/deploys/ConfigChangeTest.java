package dev.paddock.deploys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.ConfigVars;
import dev.paddock.core.UserError;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConfigChangeTest {
    private static final ConfigVars BEFORE = new ConfigVars(Map.of("A", "1", "B", "2"));

    @Test
    void setAndRemovedNamesMakeTheDescription() {
        assertThat(change(Map.of("D", value("x"), "C", value(""))).description())
                .isEqualTo("Set C, D config vars");
        assertThat(change(Map.of("A", Optional.empty())).description())
                .isEqualTo("Remove A config vars");
        assertThat(change(Map.of("A", Optional.empty(), "C", value("3"))).description())
                .isEqualTo("Set C and remove A config vars");
    }

    @Test
    void unchangedNamesAreNotMentioned() {
        ConfigChange change = change(Map.of("A", value("1"), "B", value("3")));

        assertThat(change.description()).isEqualTo("Set B config vars");
        assertThat(change.config().values()).isEqualTo(Map.of("A", "1", "B", "3"));
    }

    @Test
    void nothingChangesByTheSameValuesAndUnknownRemovals() {
        assertThat(ConfigChange.of(BEFORE, Map.of("A", value("1"), "Z", Optional.empty())))
                .isEmpty();
    }

    @Test
    void longListOfNamesIsCut() {
        Map<String, Optional<String>> many = new TreeMap<>();
        for (int i = 0; i < 500; i++) {
            many.put("NAME_" + i, value("x"));
        }

        assertThat(change(many).description()).endsWith(" (480 more) config vars");
    }

    @Test
    void whatCannotBeAnEnvironmentIsRefused() {
        refused("1A", "x", "1A");
        refused("A-B", "x", "A-B");
        refused("", "x", "name");
        refused("A", "a\0b", "NUL");
        refused("A", "\ud800", "Unicode");
        refused("A", "x".repeat(64 * 1024), "64 KB");
    }

    @Test
    void settingsHaveFixedNamesAndValues() {
        assertThat(change(Map.of("PADDOCK_BALANCE", value("round-robin"))).set()).hasSize(1);
        assertThat(change(Map.of("PADDOCK_BOOT_SECONDS", value("180"))).set()).hasSize(1);
        refused("PADDOCK_BOOT_SECONDS", "181", "from 1 to 180");
        refused("PADDOCK_BOOT_SECONDS", "-1", "from 1 to 180");
        refused("PADDOCK_MAX_IN_FLIGHT", "many", "whole number");
        refused("PADDOCK_BALANCE", "ROUND_ROBIN", "least, p2c, random, round-robin");
        refused("PADDOCK_COLOUR", "red", "There is no setting PADDOCK_COLOUR");
    }

    private static void refused(String name, String value, String message) {
        assertThatThrownBy(() -> ConfigChange.of(BEFORE, Map.of(name, value(value))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }

    private static ConfigChange change(Map<String, Optional<String>> changes) {
        return ConfigChange.of(BEFORE, changes).orElseThrow();
    }

    private static Optional<String> value(String value) {
        return Optional.of(value);
    }
}
