package dev.paddock.metering;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import dev.paddock.metering.Invoice.Charge;
import dev.paddock.metering.Invoice.Day;
import dev.paddock.metering.Invoice.Free;
import dev.paddock.metering.Invoice.Line;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Makes bills from intervals: pure folds, so that a bill can be computed anew at any time. Months and days are of UTC.
public final class Invoices {
    private static final BigDecimal SECONDS_PER_HOUR = BigDecimal.valueOf(3600);
    private static final int DIGITS = 6;

    private Invoices() {}

    static Instant begin(YearMonth month) {
        return month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    static Instant end(YearMonth month) {
        return begin(month.plusMonths(1));
    }

    /// @param intervals of the app; with a pool, of all apps of its owner
    static Invoice invoice(
            AppId app, YearMonth month, List<DynoInterval> intervals, FreeHours plan, Instant now) {
        List<DynoInterval> inMonth = within(intervals, begin(month), end(month));
        FreeSeconds free = free(inMonth, plan);
        List<Charge> charges =
                inMonth.stream()
                        .filter(interval -> interval.app().equals(app))
                        .map(interval -> new Charge(interval, free.of(interval)))
                        .toList();
        Instant through = now.isBefore(end(month)) ? now : end(month);
        return new Invoice(
                month,
                through,
                new Free(plan, free.total(), free.usedUp()),
                lines(charges),
                days(charges.stream().map(Charge::interval).toList()));
    }

    static List<DynoInterval> within(List<DynoInterval> intervals, Instant from, Instant to) {
        return intervals.stream()
                .map(interval -> interval.within(from, to))
                .flatMap(Optional::stream)
                .toList();
    }

    static FreeSeconds free(List<DynoInterval> intervals, FreeHours plan) {
        List<DynoInterval> covered =
                intervals.stream().filter(interval -> plan.covers(interval.size())).toList();
        return FreeSeconds.share(covered, plan.seconds());
    }

    private static List<Line> lines(List<Charge> charges) {
        Map<LineKey, List<Charge>> byKey =
                charges.stream()
                        .collect(
                                Collectors.groupingBy(
                                        LineKey::of, TreeMap::new, Collectors.toList()));
        List<Line> lines = new ArrayList<>();
        byKey.forEach((key, its) -> lines.add(line(key, its)));
        return lines;
    }

    private static Line line(LineKey key, List<Charge> charges) {
        long seconds = charges.stream().mapToLong(charge -> charge.interval().seconds()).sum();
        long free = charges.stream().mapToLong(Charge::freeSeconds).sum();
        BigDecimal cents = price(key.size(), seconds - free);
        return new Line(
                key.type(),
                key.size(),
                seconds,
                free,
                cents,
                cents.setScale(0, RoundingMode.HALF_UP).longValueExact(),
                charges.stream().sorted(Comparator.comparing(Invoices::place)).toList());
    }

    private static Instant place(Charge charge) {
        return charge.interval().from();
    }

    private static BigDecimal price(DynoSize size, long seconds) {
        return BigDecimal.valueOf(size.centsPerHour())
                .multiply(BigDecimal.valueOf(seconds))
                .divide(SECONDS_PER_HOUR, DIGITS, RoundingMode.HALF_UP);
    }

    /// What each process type ran on each day.
    static List<Day> days(List<DynoInterval> intervals) {
        Map<LocalDate, Map<ProcessType, Long>> seconds = new TreeMap<>();
        for (DynoInterval interval : intervals) {
            for (LocalDate day = date(interval.from());
                    !day.atStartOfDay(ZoneOffset.UTC).toInstant().isAfter(interval.to());
                    day = day.plusDays(1)) {
                Instant begin = day.atStartOfDay(ZoneOffset.UTC).toInstant();
                Instant end = day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
                LocalDate key = day;
                interval.within(begin, end)
                        .ifPresent(part ->
                                seconds.computeIfAbsent(key, _ -> new TreeMap<>())
                                        .merge(part.name().type(), part.seconds(), Long::sum));
            }
        }
        List<Day> days = new ArrayList<>();
        seconds.forEach((day, types) ->
                types.forEach((type, count) -> days.add(new Day(day, type, count))));
        return days;
    }

    private static LocalDate date(Instant moment) {
        return moment.atOffset(ZoneOffset.UTC).toLocalDate();
    }

    private record LineKey(ProcessType type, DynoSize size) implements Comparable<LineKey> {
        static LineKey of(Charge charge) {
            return new LineKey(charge.interval().name().type(), charge.interval().size());
        }

        @Override
        public int compareTo(LineKey other) {
            int byType = type.compareTo(other.type);
            return byType != 0
                    ? byType
                    : Integer.compare(
                            DynoSize.all().indexOf(size), DynoSize.all().indexOf(other.size));
        }
    }
}
