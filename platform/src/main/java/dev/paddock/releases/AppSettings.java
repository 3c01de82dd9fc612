package dev.paddock.releases;

import dev.paddock.core.ConfigVars;
import dev.paddock.core.UserError;
import dev.paddock.routes.AppRoute.Balance;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/// An app's settings that Heroku has no command for, read from its config vars with the prefix `PADDOCK_`.
public record AppSettings(
        Optional<Balance> balance,
        OptionalInt maxInFlightPerDyno,
        OptionalInt maxBacklog,
        Optional<Duration> firstByte,
        Optional<Duration> boot,
        Optional<Duration> sleepAfter) {

    /// What was stored went through [#check], so this does not fail for the config of a release.
    public static AppSettings of(ConfigVars config) {
        Map<String, String> values = config.values();
        return new AppSettings(
                Optional.ofNullable(values.get(Setting.PADDOCK_BALANCE.name()))
                        .map(AppSettings::balance),
                number(values, Setting.PADDOCK_MAX_IN_FLIGHT),
                number(values, Setting.PADDOCK_MAX_BACKLOG),
                seconds(values, Setting.PADDOCK_FIRST_BYTE_SECONDS),
                seconds(values, Setting.PADDOCK_BOOT_SECONDS),
                Optional.ofNullable(values.get(Setting.PADDOCK_SLEEP_AFTER_MINUTES.name()))
                        .map(Long::valueOf)
                        .map(Duration::ofMinutes));
    }

    public static boolean isSetting(String name) {
        return name.startsWith(ConfigVars.SETTING_PREFIX);
    }

    /// Throws UserError when there is no such setting or it cannot have this value.
    public static void check(String name, String value) {
        Setting setting =
                Arrays.stream(Setting.values())
                        .filter(known -> known.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> unknown(name));
        if (setting == Setting.PADDOCK_BALANCE) {
            if (Arrays.stream(Balance.values()).noneMatch(known -> word(known).equals(value))) {
                throw UserError.invalid(
                        name
                                + " must be one of "
                                + Arrays.stream(Balance.values())
                                        .map(AppSettings::word)
                                        .collect(Collectors.joining(", "))
                                + ".");
            }
        } else if (!setting.allows(value)) {
            throw UserError.invalid(
                    "%s must be a whole number from %d to %d."
                            .formatted(name, setting.least, setting.most));
        }
    }

    private static UserError unknown(String name) {
        return UserError.invalid(
                "There is no setting "
                        + (name.length() > 64 ? name.substring(0, 64) + "..." : name)
                        + "; names that begin with PADDOCK_ are reserved for: "
                        + Arrays.stream(Setting.values())
                                .map(Enum::name)
                                .collect(Collectors.joining(", "))
                        + ".");
    }

    private static Balance balance(String word) {
        return Balance.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    private static String word(Balance balance) {
        return balance.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static OptionalInt number(Map<String, String> values, Setting setting) {
        String value = values.get(setting.name());
        return value == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(value));
    }

    private static Optional<Duration> seconds(Map<String, String> values, Setting setting) {
        OptionalInt number = number(values, setting);
        return number.isPresent()
                ? Optional.of(Duration.ofSeconds(number.getAsInt()))
                : Optional.empty();
    }

    /// The names, and the numbers they may have.
    private enum Setting {
        PADDOCK_BALANCE(0, 0),
        PADDOCK_MAX_IN_FLIGHT(1, 100_000),
        PADDOCK_MAX_BACKLOG(0, 100_000),
        PADDOCK_FIRST_BYTE_SECONDS(1, 3600),
        PADDOCK_BOOT_SECONDS(1, 180),
        PADDOCK_SLEEP_AFTER_MINUTES(1, 10_080);

        private final int least;
        private final int most;

        Setting(int least, int most) {
            this.least = least;
            this.most = most;
        }

        boolean allows(String value) {
            if (!value.matches("[0-9]{1,6}")) {
                return false;
            }
            int number = Integer.parseInt(value);
            return number >= least && number <= most;
        }
    }
}
