package dev.paddock.metering;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// How free seconds are given to intervals: oldest usage first, second by second. Pure.
///
/// @param given how many of each interval's seconds are free
/// @param usedUp when the last free second was spent
record FreeSeconds(Map<DynoInterval, Long> given, Optional<Instant> usedUp) {
    private static final Comparator<DynoInterval> ORDER =
            Comparator.comparing(DynoInterval::from)
                    .thenComparing(DynoInterval::name)
                    .thenComparing(interval -> interval.dyno().value());

    FreeSeconds {
        given = Map.copyOf(given);
    }

    static FreeSeconds share(List<DynoInterval> intervals, long free) {
        List<DynoInterval> waiting = new ArrayList<>(intervals.stream().sorted(ORDER).toList());
        SortedSet<DynoInterval> running = new TreeSet<>(ORDER);
        Map<DynoInterval, Long> given = new HashMap<>();
        List<Instant> moments =
                intervals.stream()
                        .flatMap(interval -> Stream.of(interval.from(), interval.to()))
                        .distinct()
                        .sorted()
                        .toList();
        long left = free;
        int next = 0;
        for (int i = 0; i + 1 < moments.size(); i++) {
            Instant from = moments.get(i);
            running.removeIf(interval -> !interval.to().isAfter(from));
            while (next < waiting.size() && !waiting.get(next).from().isAfter(from)) {
                running.add(waiting.get(next++));
            }
            long wanted = Duration.between(from, moments.get(i + 1)).toSeconds();
            if (wanted * running.size() > left) {
                Instant usedUp = shareTheLast(running, left, given, from);
                return new FreeSeconds(given, Optional.of(usedUp));
            }
            running.forEach(interval -> given.merge(interval, wanted, Long::sum));
            left -= wanted * running.size();
        }
        return new FreeSeconds(given, Optional.empty());
    }

    /// In the second that has not enough for all, the first in order have theirs.
    private static Instant shareTheLast(
            SortedSet<DynoInterval> running,
            long left,
            Map<DynoInterval, Long> given,
            Instant from) {
        long each = left / running.size();
        long over = left % running.size();
        int place = 0;
        for (DynoInterval interval : running) {
            given.merge(interval, each + (place++ < over ? 1 : 0), Long::sum);
        }
        return from.plusSeconds(each + (over > 0 ? 1 : 0));
    }

    long of(DynoInterval interval) {
        return given.getOrDefault(interval, 0L);
    }

    long total() {
        return given.values().stream().mapToLong(Long::longValue).sum();
    }
}
