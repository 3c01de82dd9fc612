package dev.paddock.cli;

import dev.paddock.cli.Figures.AppFigures;
import dev.paddock.cli.Figures.DynoFigures;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Puts figures into lines that fit a terminal. Pure.
final class TopScreen {
    /// What all columns but the name take.
    private static final int COLUMNS_WIDTH = 66;

    private static final int LEAST_NAME = 14;

    /// The longest app name is 30 characters.
    private static final int MOST_NAME = 30;

    private static final long MB = 1024 * 1024;
    private static final long MOST_IN_MB = 9999 * MB;
    private static final double BYTES_PER_GB = 1024.0 * MB;
    private static final int HEAD_LINES = 2;

    private final Figures figures;
    private final Map<String, Double> cpu;
    private final int width;
    private final int nameWidth;

    private TopScreen(Figures figures, Map<String, Double> cpu, int width) {
        this.figures = figures;
        this.cpu = cpu;
        this.width = width;
        this.nameWidth = Math.clamp(width - COLUMNS_WIDTH, LEAST_NAME, MOST_NAME);
    }

    /// @param cpu the share of a processor that each dyno uses, by its id; dynos without one show none
    static List<String> lines(Figures figures, Map<String, Double> cpu, int width, int height) {
        return new TopScreen(figures, cpu, width).lines(height);
    }

    private List<String> lines(int height) {
        List<String> lines = new ArrayList<>();
        lines.add(cut(summary()));
        lines.add(
                cut(
                        row(
                                "APP / DYNO",
                                "STATE",
                                "SINCE",
                                "SIZE",
                                "CPU",
                                "MEMORY",
                                "REQ/S",
                                "RESTARTS")));
        List<String> rows = rows();
        int room = Math.max(0, height - HEAD_LINES);
        if (rows.size() <= room) {
            lines.addAll(rows);
        } else {
            int shown = Math.max(0, room - 1);
            lines.addAll(rows.subList(0, shown));
            lines.add(cut("... and %d more lines".formatted(rows.size() - shown)));
        }
        return lines.subList(0, Math.min(lines.size(), Math.max(1, height)));
    }

    private String summary() {
        List<DynoFigures> dynos =
                figures.apps().stream().flatMap(app -> app.dynos().stream()).toList();
        double requests = figures.apps().stream().mapToDouble(AppFigures::requestsPerSecond).sum();
        int queued = figures.apps().stream().mapToInt(AppFigures::queued).sum();
        return "%s, %s (%d up), %s requests/s%s, memory for dynos %s of %s free"
                .formatted(
                        counted(figures.apps().size() + figures.quietApps(), "app"),
                        counted(dynos.size(), "dyno"),
                        up(dynos),
                        decimal(requests),
                        queued == 0 ? "" : ", %d queued".formatted(queued),
                        size(figures.memoryFreeBytes()),
                        size(figures.memoryBytes()));
    }

    private static String counted(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    private static long up(List<DynoFigures> dynos) {
        return dynos.stream().filter(dyno -> dyno.state().equals("up")).count();
    }

    /// The busiest app first, as in any `top`; those that do nothing by name.
    private List<String> rows() {
        List<String> rows = new ArrayList<>();
        figures.apps().stream()
                .sorted(
                        Comparator.comparingLong((AppFigures app) -> -tenths(cpu(app.dynos())))
                                .thenComparing(AppFigures::name))
                .forEach(app -> {
                    rows.add(cut(row(app)));
                    app.dynos().forEach(dyno -> rows.add(cut(row(dyno))));
                });
        return rows;
    }

    private static long tenths(double share) {
        return Math.round(share * 1000);
    }

    private String row(AppFigures app) {
        List<DynoFigures> dynos = app.dynos();
        return row(
                app.name(),
                up(dynos) + "/" + dynos.size() + " up",
                "",
                "",
                percent(cpu(dynos)),
                memory(
                        dynos.stream().mapToLong(DynoFigures::memoryBytes).sum(),
                        dynos.stream().mapToLong(DynoFigures::quotaBytes).sum()),
                decimal(app.requestsPerSecond()),
                String.valueOf(dynos.stream().mapToInt(DynoFigures::restarts).sum()));
    }

    private String row(DynoFigures dyno) {
        Double share = cpu.get(dyno.id());
        return row(
                "  " + dyno.name(),
                dyno.state(),
                ago(dyno.since(), figures.at()),
                dyno.size(),
                share == null ? "" : percent(share),
                memory(dyno.memoryBytes(), dyno.quotaBytes()),
                "",
                String.valueOf(dyno.restarts()));
    }

    private double cpu(List<DynoFigures> dynos) {
        return dynos.stream().mapToDouble(dyno -> cpu.getOrDefault(dyno.id(), 0.0)).sum();
    }

    private String row(String name, Object... columns) {
        String padded = String.format(Locale.ROOT, "%-" + nameWidth + "s", name);
        String fitting =
                padded.length() > nameWidth ? padded.substring(0, nameWidth - 1) + "~" : padded;
        return (fitting + String.format(Locale.ROOT, " %-8s %6s %-13s %6s %11s %7s %8s", columns))
                .stripTrailing();
    }

    private String cut(String line) {
        return line.length() > width ? line.substring(0, width) : line;
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f%%", share * 100);
    }

    private static String decimal(double number) {
        return String.format(Locale.ROOT, "%.1f", number);
    }

    private static String memory(long used, long quota) {
        return quota > MOST_IN_MB
                ? String.format(Locale.ROOT, "%.1f/%.1fG", gigabytes(used), gigabytes(quota))
                : used / MB + "/" + quota / MB + "M";
    }

    private static double gigabytes(long bytes) {
        return bytes / BYTES_PER_GB;
    }

    private static String size(long bytes) {
        return String.format(Locale.ROOT, "%.1fG", gigabytes(bytes));
    }

    private static String ago(Instant since, Instant now) {
        Duration past = Duration.between(since, now);
        if (past.toDays() > 0) {
            return past.toDays() + "d";
        }
        if (past.toHours() > 0) {
            return past.toHours() + "h";
        }
        return past.toMinutes() > 0 ? past.toMinutes() + "m" : Math.max(0, past.toSeconds()) + "s";
    }
}
