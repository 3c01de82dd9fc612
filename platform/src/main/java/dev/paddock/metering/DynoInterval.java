package dev.paddock.metering;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition.Reason;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalInt;

/// A stretch of time in which one dyno ran, in whole seconds: `from` belongs to it, `to` does not any more.
///
/// @param end how it ended; empty while it runs, and for the part of a longer stretch that another month follows
public record DynoInterval(
        DynoId dyno,
        AppId app,
        DynoName name,
        DynoSize size,
        ReleaseVersion release,
        Instant from,
        Instant to,
        Optional<End> end) {

    /// What was measured: the length is a difference of ticks, which no clock step changes, without the last second if
    /// that is not full; the wall clock at the begin only says where in the calendar the stretch lies.
    static DynoInterval measured(Run run, Tick until, Optional<End> end) {
        Instant from = run.date().truncatedTo(ChronoUnit.SECONDS);
        long seconds = Math.max(0, until.since(run.begun()).toSeconds());
        return new DynoInterval(
                run.dyno(),
                run.app(),
                run.name(),
                run.size(),
                run.release(),
                from,
                from.plusSeconds(seconds),
                end);
    }

    public long seconds() {
        return Duration.between(from, to).toSeconds();
    }

    /// The part of it between two moments; empty when it has none.
    Optional<DynoInterval> within(Instant first, Instant last) {
        Instant begin = from.isBefore(first) ? first : from;
        boolean cut = last.isBefore(to);
        Instant stop = cut ? last : to;
        return begin.isBefore(stop)
                ? Optional.of(
                        new DynoInterval(
                                dyno,
                                app,
                                name,
                                size,
                                release,
                                begin,
                                stop,
                                cut ? Optional.empty() : end))
                : Optional.empty();
    }

    /// A dyno's begin as it was recorded.
    record Run(
            DynoId dyno,
            AppId app,
            DynoName name,
            DynoSize size,
            ReleaseVersion release,
            Tick begun,
            Instant date) {}

    /// How a dyno ended.
    public record End(DynoState state, Reason reason, OptionalInt status) {}
}
