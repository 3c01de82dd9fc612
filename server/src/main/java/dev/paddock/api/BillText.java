package dev.paddock.api;

import dev.paddock.dyno.DynoState;
import dev.paddock.metering.DynoInterval;
import dev.paddock.metering.FreeHours;
import dev.paddock.metering.Invoice;
import dev.paddock.metering.Invoice.Charge;
import dev.paddock.metering.Invoice.Day;
import dev.paddock.metering.Invoice.Line;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// A bill as a person reads it. Pure.
final class BillText {
    private static final DateTimeFormatter MONTH =
            DateTimeFormatter.ofPattern("MMMM yyyy", Locale.ENGLISH);
    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC);
    private static final String ROW = "%-16s %-14s %14s %14s %14s %10s%n";
    private static final String STRETCH = "  %-16s %-5s %s  %s %,12d s  %,12d s  %s%n";
    private static final int SECONDS_PER_HOUR = 3600;

    private final String app;
    private final Invoice bill;
    private final StringBuilder text = new StringBuilder();

    private BillText(String app, Invoice bill) {
        this.app = app;
        this.bill = bill;
    }

    static String of(String app, Invoice bill, boolean explain) {
        BillText page = new BillText(app, bill);
        page.head();
        page.lines();
        page.freeHours();
        if (explain) {
            page.rules();
            bill.lines().forEach(page::explain);
            page.days();
        }
        return page.text.toString();
    }

    private void head() {
        say("Bill of %s for %s, up to %s UTC%n%n", app, MONTH.format(bill.month()), through());
    }

    private String through() {
        return MOMENT.format(bill.through());
    }

    private void lines() {
        if (bill.lines().isEmpty()) {
            say("No dyno ran in this month: $0.00%n");
            return;
        }
        say(ROW, "process type", "size", "used", "free", "to pay for", "cost");
        for (Line line : bill.lines()) {
            say(
                    ROW,
                    line.type(),
                    line.size().name(),
                    duration(line.seconds()),
                    duration(line.freeSeconds()),
                    duration(line.billedSeconds()),
                    dollars(line.cents()));
        }
        say(
                ROW,
                "total",
                "",
                duration(bill.seconds()),
                duration(bill.freeSeconds()),
                duration(bill.seconds() - bill.freeSeconds()),
                dollars(bill.cents()));
    }

    private void freeHours() {
        Invoice.Free free = bill.free();
        String whose =
                switch (free.plan()) {
                    case PER_APP -> "Each app has %d free dyno hours a month";
                    case POOL ->
                            "The Eco dynos of all apps of an account share %d free hours a month";
                };
        say("%n" + whose + "; ", free.plan().hours());
        free.usedUp()
                .ifPresentOrElse(
                        moment -> say("they were used up at %s UTC.%n", MOMENT.format(moment)),
                        () ->
                                say(
                                        "%s used, %s left.%n",
                                        duration(free.usedSeconds()),
                                        duration(free.leftSeconds())));
    }

    private void rules() {
        say(
                """

                How this comes about
                1. A dyno counts from the moment its command begins until it ends, in seconds of the machine's clock
                   since its start, which nobody can set; a last second that is not full is not counted. Builds,
                   sleeping dynos and dynos that could not be launched cost nothing.
                2. %s
                3. The rest costs what the size costs by the hour, divided by 3,600, and is rounded to whole cents
                   once per line.
                """,
                bill.free().plan() == FreeHours.PER_APP
                        ? "Free seconds go to the oldest usage first, whatever its type and size."
                        : "Free seconds go to the oldest usage of Eco dynos first, in all apps of the account.");
    }

    private void explain(Line line) {
        say("%n%s, %s%n", line.type(), line.size().name());
        say(
                "  %-16s %-5s %-19s  %-19s %14s  %14s  %s%n",
                "dyno", "", "from (UTC)", "to (UTC)", "ran", "free", "end");
        for (Charge charge : line.charges()) {
            DynoInterval stretch = charge.interval();
            say(
                    STRETCH,
                    stretch.name(),
                    stretch.release(),
                    MOMENT.format(stretch.from()),
                    MOMENT.format(stretch.to()),
                    stretch.seconds(),
                    charge.freeSeconds(),
                    end(stretch));
        }
        say(
                "  in all, %d of them: %,d s ran, %,d s free%n",
                line.charges().size(), line.seconds(), line.freeSeconds());
        say(
                "  %,d s - %,d s free = %,d s x %s cents / 3,600 s = %s, so %s%n",
                line.seconds(),
                line.freeSeconds(),
                line.billedSeconds(),
                plain(line.size().centsPerHour()),
                line.exactCents().stripTrailingZeros().toPlainString() + " cents",
                dollars(line.cents()));
    }

    private String end(DynoInterval stretch) {
        return stretch.end()
                .map(end -> word(end.state()) + status(end))
                .orElse(stretch.to().isBefore(monthEnd()) ? "runs" : "runs on after this month");
    }

    private Instant monthEnd() {
        return bill.month().plusMonths(1).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private static String word(DynoState state) {
        return switch (state) {
            case CRASHED -> "crashed";
            case COMPLETE -> "completed";
            case IDLE -> "put to sleep";
            case DOWN, CREATED, STARTING, UP -> "stopped";
        };
    }

    private static String status(DynoInterval.End end) {
        String why =
                switch (end.reason()) {
                    case RESTART -> ", restart or release";
                    case REPLACED -> ", a new release or size took over";
                    case SCALE_DOWN -> ", scaled down";
                    case IDLE -> ", no requests";
                    case STOP -> ", by a user";
                    case HOST_LOST -> ", the machine went down";
                    case BOOT_TIMEOUT -> ", did not bind $PORT in time";
                    case NOT_ATTACHED -> ", nobody attached";
                    case START, UP, EXIT, RESTART_AFTER_CRASH, COMPLETE -> "";
                };
        return end.status().isPresent() ? why + " (status " + end.status().getAsInt() + ")" : why;
    }

    private void days() {
        if (bill.days().isEmpty()) {
            return;
        }
        say("%nDay by day (UTC)%n");
        for (Day day : bill.days()) {
            say("  %s  %-16s %14s%n", day.date(), day.type(), duration(day.seconds()));
        }
    }

    // Only called with constants of this file.
    @SuppressWarnings("AnnotateFormatMethod")
    private void say(String format, Object... values) {
        text.append(String.format(Locale.ENGLISH, format, values));
    }

    private static String duration(long seconds) {
        return String.format(
                Locale.ENGLISH,
                "%dh %02dm %02ds",
                seconds / SECONDS_PER_HOUR,
                seconds / 60 % 60,
                seconds % 60);
    }

    private static String dollars(long cents) {
        return String.format(Locale.ENGLISH, "$%,d.%02d", cents / 100, cents % 100);
    }

    private static String plain(double number) {
        return BigDecimal.valueOf(number).stripTrailingZeros().toPlainString();
    }
}
