package dev.paddock.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InvoicesTest {
    private static final YearMonth MARCH = YearMonth.of(2026, 3);
    private static final Instant BEGIN = Instant.parse("2026-03-01T00:00:00Z");
    private static final Instant LATER = Instant.parse("2026-06-01T00:00:00Z");
    private static final long FREE = 2_700_000;

    private final AppId app = AppId.random();

    @Test
    void oneDynoFitsInTheFreeHoursOfItsMonth() {
        Invoice bill = bill(interval("web.1", DynoSize.STANDARD_1X, 0, Duration.ofDays(30)));

        Invoice.Line line = bill.lines().getFirst();
        assertThat(line.seconds()).isEqualTo(Duration.ofDays(30).toSeconds());
        assertThat(line.freeSeconds()).isEqualTo(line.seconds());
        assertThat(bill.cents()).isZero();
        assertThat(bill.free().usedUp()).isEmpty();
        assertThat(bill.free().leftSeconds()).isEqualTo(FREE - line.seconds());
    }

    @Test
    void twoDynosUseTheFreeHoursUpTogether() {
        Invoice bill =
                bill(
                        interval("web.1", DynoSize.STANDARD_1X, 0, Duration.ofDays(31)),
                        interval("worker.1", DynoSize.STANDARD_2X, 0, Duration.ofDays(31)));

        long each = Duration.ofDays(31).toSeconds();
        assertThat(bill.lines()).extracting(Invoice.Line::seconds).containsExactly(each, each);
        assertThat(bill.lines())
                .extracting(Invoice.Line::freeSeconds)
                .containsExactly(FREE / 2, FREE / 2);
        assertThat(bill.free().usedUp()).contains(BEGIN.plusSeconds(FREE / 2));
        // 1,328,400 s beyond: x 3.5 / 3600 and x 7 / 3600.
        assertThat(bill.lines()).extracting(Invoice.Line::cents).containsExactly(1292L, 2583L);
        assertThat(bill.cents()).isEqualTo(1292 + 2583);
    }

    @Test
    void inASecondThatIsNotFreeForAllTheFirstHaveIt() {
        FreeSeconds shared =
                FreeSeconds.share(
                        List.of(
                                interval("web.3", DynoSize.ECO, 0, Duration.ofSeconds(10)),
                                interval("web.1", DynoSize.ECO, 0, Duration.ofSeconds(10)),
                                interval("web.2", DynoSize.ECO, 0, Duration.ofSeconds(10))),
                        11);

        assertThat(shared.given().entrySet())
                .extracting(entry -> entry.getKey().name() + " " + entry.getValue())
                .containsExactlyInAnyOrder("web.1 4", "web.2 4", "web.3 3");
        assertThat(shared.usedUp()).contains(BEGIN.plusSeconds(4));
    }

    @Test
    void onlyTheMonthsPartOfAStretchIsBilled() {
        Invoice bill =
                bill(
                        interval(
                                "web.1",
                                DynoSize.STANDARD_1X,
                                -Duration.ofHours(2).toSeconds(),
                                Duration.ofHours(5)),
                        interval(
                                "web.2",
                                DynoSize.STANDARD_1X,
                                Duration.ofDays(31).toSeconds() - 60,
                                Duration.ofHours(1)));

        assertThat(bill.seconds()).isEqualTo(Duration.ofHours(3).toSeconds() + 60);
        assertThat(bill.days())
                .containsExactly(
                        new Invoice.Day(
                                LocalDate.of(2026, 3, 1),
                                DynoName.parse("web.1").type(),
                                Duration.ofHours(3).toSeconds()),
                        new Invoice.Day(
                                LocalDate.of(2026, 3, 31), DynoName.parse("web.1").type(), 60));
    }

    @Test
    void poolIsForEcoDynosOfAllAppsOfTheAccount() {
        AppId other = AppId.random();
        List<DynoInterval> all = new ArrayList<>();
        for (int number = 1; number <= 3; number++) {
            all.add(interval(other, "web." + number, DynoSize.ECO, 0, Duration.ofDays(10)));
        }
        all.add(interval("web.1", DynoSize.ECO, 0, Duration.ofDays(20)));
        all.add(interval("worker.1", DynoSize.BASIC, 0, Duration.ofHours(10)));

        Invoice bill = Invoices.invoice(app, MARCH, all, FreeHours.POOL, LATER);

        assertThat(bill.lines())
                .extracting(Invoice.Line::type, Invoice.Line::freeSeconds, Invoice.Line::seconds)
                .extracting(Object::toString)
                .containsExactly("(web, 1008000L, 1728000L)", "(worker, 0L, 36000L)");
        assertThat(bill.free().usedUp())
                .contains(BEGIN.plusSeconds(864_000 + 3_600_000 - 4 * 864_000));
        assertThat(bill.lines().getLast().cents()).isEqualTo(10);
    }

    @Test
    void intervalsAddUpToTheBillWhateverRan() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            List<DynoInterval> ran = new ArrayList<>();
            for (int dyno = random.nextInt(40); dyno >= 0; dyno--) {
                ran.add(
                        interval(
                                (random.nextBoolean() ? "web." : "worker.")
                                        + (1 + random.nextInt(5)),
                                DynoSize.all().get(random.nextInt(4)),
                                random.nextLong(-500_000, 2_700_000),
                                Duration.ofSeconds(random.nextLong(700_000))));
            }

            Invoice bill = Invoices.invoice(app, MARCH, ran, FreeHours.PER_APP, LATER);

            long seconds =
                    Invoices.within(ran, BEGIN, Invoices.end(MARCH)).stream()
                            .mapToLong(DynoInterval::seconds)
                            .sum();
            assertThat(bill.seconds()).as("seed %d", seed).isEqualTo(seconds);
            assertThat(bill.freeSeconds()).as("seed %d", seed).isEqualTo(Math.min(FREE, seconds));
            assertThat(bill.days().stream().mapToLong(Invoice.Day::seconds).sum())
                    .as("seed %d", seed)
                    .isEqualTo(seconds);
            for (Invoice.Line line : bill.lines()) {
                assertThat(line.charges().stream().mapToLong(it -> it.interval().seconds()).sum())
                        .as("seed %d", seed)
                        .isEqualTo(line.seconds());
                assertThat(line.charges())
                        .as("seed %d", seed)
                        .allMatch(it -> it.freeSeconds() <= it.interval().seconds());
            }
            bill.free().usedUp().ifPresent(moment -> assertNothingIsFreeAfter(bill, moment));
        }
    }

    private static void assertNothingIsFreeAfter(Invoice bill, Instant moment) {
        for (Invoice.Line line : bill.lines()) {
            for (Invoice.Charge charge : line.charges()) {
                long before =
                        charge.interval()
                                .within(BEGIN, moment)
                                .map(DynoInterval::seconds)
                                .orElse(0L);
                assertThat(charge.freeSeconds()).isBetween(before - 1, before);
            }
        }
    }

    private Invoice bill(DynoInterval... intervals) {
        return Invoices.invoice(app, MARCH, List.of(intervals), FreeHours.PER_APP, LATER);
    }

    private DynoInterval interval(String name, DynoSize size, long start, Duration length) {
        return interval(app, name, size, start, length);
    }

    private static DynoInterval interval(
            AppId app, String name, DynoSize size, long start, Duration length) {
        Instant from = BEGIN.plusSeconds(start);
        return new DynoInterval(
                DynoId.random(),
                app,
                DynoName.parse(name),
                size,
                new ReleaseVersion(3),
                from,
                from.plus(length),
                Optional.empty());
    }
}
