package dev.paddock.api;

import dev.paddock.core.UserError;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which part of a list a client asks for by its `Range` header, as in `version ]14..; max=15, order=desc`.
///
/// @param field what the list is ordered by; empty for the list's own order
/// @param from where it begins, in the direction of the order
/// @param afterFrom whether `from` itself is left out
/// @param to where it ends, this one included
record ListRange(
        Optional<String> field,
        Optional<String> from,
        boolean afterFrom,
        Optional<String> to,
        int max,
        boolean descending) {
    /// The most entries one answer has; also what a client gets that asks for nothing.
    static final int MAX_ENTRIES = 1000;

    static final ListRange WHOLE =
            new ListRange(
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    Optional.empty(),
                    MAX_ENTRIES,
                    false);

    private static final Pattern BOUNDS =
            Pattern.compile("([a-z_]+)\\s*(?:(\\]?)([^;,\\s]*)\\.\\.([^;,\\s]*))?");

    static ListRange parse(@Nullable String header) {
        // A range of bytes is meant for other resources than lists; the CLI sends an empty header
        // at times.
        if (header == null || header.isBlank() || header.strip().startsWith("bytes")) {
            return WHOLE;
        }
        int semicolon = header.indexOf(';');
        String bounds = (semicolon < 0 ? header : header.substring(0, semicolon)).strip();
        String options = semicolon < 0 ? "" : header.substring(semicolon + 1);
        if (semicolon < 0 && bounds.matches("(?:max|order)\\s*=.*")) {
            options = bounds;
            bounds = "";
        }
        ListRange range = WHOLE;
        if (!bounds.isEmpty()) {
            Matcher matcher = BOUNDS.matcher(bounds);
            if (!matcher.matches()) {
                throw refused(header);
            }
            range =
                    new ListRange(
                            Optional.of(matcher.group(1)),
                            nonEmpty(matcher.group(3)),
                            "]".equals(matcher.group(2)),
                            nonEmpty(matcher.group(4)),
                            MAX_ENTRIES,
                            false);
        }
        for (String option : options.split("[,;]", -1)) {
            range = range.with(option.strip(), header);
        }
        return range;
    }

    private ListRange with(String option, String header) {
        String[] parts = option.split("\\s*=\\s*", 2);
        String value = parts.length < 2 ? "" : parts[1].toLowerCase(Locale.ROOT);
        return switch (parts[0]) {
            case "max" -> withMax(value, header);
            case "order" ->
                    switch (value) {
                        case "asc" -> new ListRange(field, from, afterFrom, to, max, false);
                        case "desc" -> new ListRange(field, from, afterFrom, to, max, true);
                        case String other -> throw refused(header);
                    };
            case String other -> this;
        };
    }

    private ListRange withMax(String value, String header) {
        if (!value.matches("[0-9]{1,9}") || Integer.parseInt(value) < 1) {
            throw refused(header);
        }
        int wanted = Math.min(MAX_ENTRIES, Integer.parseInt(value));
        return new ListRange(field, from, afterFrom, to, wanted, descending);
    }

    private static Optional<String> nonEmpty(@Nullable String text) {
        return text == null || text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    static UserError refused(String range) {
        String shown = range.length() > 100 ? range.substring(0, 100) + "..." : range;
        return new UserError(
                "requested_range_not_satisfiable",
                "The Range header `"
                        + shown
                        + "` cannot be served. Write it as `FIELD FROM..TO; max=N, order=asc|desc`, with N from 1 to "
                        + MAX_ENTRIES
                        + " and a FIELD that Accept-Ranges of this list names.");
    }
}
