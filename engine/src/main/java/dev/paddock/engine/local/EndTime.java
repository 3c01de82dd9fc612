package dev.paddock.engine.local;

import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// When a dyno ended, found out from what conmon left, however much later. Pure but for reading files.
final class EndTime {
    private static final int NANO_DIGITS = 9;

    private EndTime() {}

    /// Never before its command began, never later than now.
    static Tick of(DynoFiles files, Optional<Tick> begun, Timers timers) {
        Tick now = timers.now();
        Tick ended =
                uptime(files.uptimeAtEnd()).or(() -> written(files.exit(), timers)).orElse(now);
        if (begun.isPresent() && ended.isBefore(begun.get())) {
            return begun.get();
        }
        return now.isBefore(ended) ? now : ended;
    }

    /// A copy of /proc/uptime: CLOCK_BOOTTIME, which no clock step moves.
    private static Optional<Tick> uptime(Path copy) {
        try {
            String seconds = Files.readString(copy, StandardCharsets.US_ASCII).split(" ", 2)[0];
            return Optional.of(
                    new Tick(new BigDecimal(seconds).movePointRight(NANO_DIGITS).longValue()));
        } catch (IOException | NumberFormatException notYet) {
            return Optional.empty();
        }
    }

    /// The exit status is there a moment before the uptime; for that moment the wall clock is good enough.
    private static Optional<Tick> written(Path exit, Timers timers) {
        try {
            Duration ago =
                    Duration.between(Files.getLastModifiedTime(exit).toInstant(), timers.date());
            return Optional.of(timers.now().plus(ago.negated()));
        } catch (IOException none) {
            return Optional.empty();
        }
    }
}
