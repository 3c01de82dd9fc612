package dev.paddock.api;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The part of a list that answers a [ListRange].
///
/// @param partial whether the list has more than these
record Page<T>(List<T> items, boolean partial, Map<String, String> headers) {
    /// A field a list can be ordered by; its values are unique within the list.
    ///
    /// @param order compares two values of the field; throws NumberFormatException for a value that is none
    record Key<T>(String field, Function<T, String> value, Comparator<String> order) {
        static <T> Key<T> text(String field, Function<T, String> value) {
            return new Key<>(field, value, Comparator.naturalOrder());
        }

        static <T> Key<T> number(String field, Function<T, Integer> value) {
            return new Key<>(
                    field,
                    item -> String.valueOf(value.apply(item)),
                    Comparator.comparingInt(Integer::parseInt));
        }
    }

    <R> Page<R> map(Function<T, R> change) {
        return new Page<>(items.stream().map(change).toList(), partial, headers);
    }

    /// Cuts the part out of the whole list. The first key gives the order when the client names none.
    static <T> Page<T> of(List<T> whole, ListRange range, List<Key<T>> keys) {
        Key<T> key = key(range, keys);
        Comparator<String> order = range.descending() ? key.order().reversed() : key.order();
        try {
            List<T> selected =
                    whole.stream()
                            .filter(item -> within(key.value().apply(item), range, order))
                            .sorted(Comparator.comparing(key.value(), order))
                            .collect(Collectors.toCollection(ArrayList::new));
            boolean more = selected.size() > range.max();
            List<T> items = more ? selected.subList(0, range.max()) : selected;
            return of(items, items.size() < whole.size(), more, range, key, keys);
        } catch (NumberFormatException e) {
            throw ListRange.refused(range.from().orElse("") + ".." + range.to().orElse(""));
        }
    }

    /// A part that was already cut, with the headers that say so.
    static <T> Page<T> of(
            List<T> items,
            boolean partial,
            boolean more,
            ListRange range,
            Key<T> key,
            List<Key<T>> keys) {
        Map<String, String> headers = new HashMap<>();
        headers.put(
                "Accept-Ranges", keys.stream().map(Key::field).collect(Collectors.joining(", ")));
        if (!items.isEmpty()) {
            String last = key.value().apply(items.getLast());
            String options = "; max=" + range.max() + (range.descending() ? ", order=desc" : "");
            headers.put(
                    "Content-Range",
                    key.field() + " " + key.value().apply(items.getFirst()) + ".." + last);
            if (more) {
                headers.put(
                        "Next-Range",
                        key.field() + " ]" + last + ".." + range.to().orElse("") + options);
            }
        }
        return new Page<>(List.copyOf(items), partial, headers);
    }

    static <T> Key<T> key(ListRange range, List<Key<T>> keys) {
        Optional<String> wanted = range.field();
        if (wanted.isEmpty()) {
            return keys.getFirst();
        }
        return keys.stream()
                .filter(key -> key.field().equals(wanted.get()))
                .findFirst()
                .orElseThrow(() -> ListRange.refused(wanted.get() + " .."));
    }

    private static boolean within(String value, ListRange range, Comparator<String> order) {
        if (range.from().isPresent()) {
            int place = order.compare(value, range.from().get());
            if (place < 0 || (place == 0 && range.afterFrom())) {
                return false;
            }
        }
        return range.to().isEmpty() || order.compare(value, range.to().get()) <= 0;
    }
}
