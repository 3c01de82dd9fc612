package dev.paddock.metering;

import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;

/// What an app used in a month and costs, with everything that explains it.
///
/// @param through up to when it counts: the end of the month, or now
public record Invoice(
        YearMonth month, Instant through, Free free, List<Line> lines, List<Day> days) {
    public Invoice {
        lines = List.copyOf(lines);
        days = List.copyOf(days);
    }

    public long cents() {
        return lines.stream().mapToLong(Line::cents).sum();
    }

    public long seconds() {
        return lines.stream().mapToLong(Line::seconds).sum();
    }

    public long freeSeconds() {
        return lines.stream().mapToLong(Line::freeSeconds).sum();
    }

    /// The free hours this bill draws from.
    ///
    /// @param usedSeconds by this app, or in a pool by all apps of its owner
    /// @param usedUp when the last of them was spent
    public record Free(FreeHours plan, long usedSeconds, Optional<Instant> usedUp) {
        public long leftSeconds() {
            return plan.seconds() - usedSeconds;
        }
    }

    /// All dynos of one process type and size.
    ///
    /// @param exactCents before they were rounded
    public record Line(
            ProcessType type,
            DynoSize size,
            long seconds,
            long freeSeconds,
            BigDecimal exactCents,
            long cents,
            List<Charge> charges) {
        public Line {
            charges = List.copyOf(charges);
        }

        public long billedSeconds() {
            return seconds - freeSeconds;
        }
    }

    /// One stretch of one dyno, and how many of its seconds were free.
    public record Charge(DynoInterval interval, long freeSeconds) {}

    /// What one process type ran on one day (UTC).
    public record Day(LocalDate date, ProcessType type, long seconds) {}
}
