package dev.paddock.metering;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.metering.DynoInterval.End;
import dev.paddock.metering.DynoInterval.Run;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/// Tells what was used and what it costs, from the record of transitions alone. Safe for any thread.
public final class Meter {
    private static final String RUNS =
            """
            select s.dyno, s.app, s.owner, s.type, s.number, s.size, s.release,
              s.tick_nanos begun, s.boot_id, s.at,
              e.tick_nanos ended, e.to_state, e.reason, e.exit_status, e.exit_cause
            from dyno_transitions s
            left join lateral (
              select * from dyno_transitions where dyno = s.dyno and to_state in
            """
                    + DynoRecord.ENDED
                    + """
                       order by tick_nanos limit 1) e on true
                    where s.to_state = 'STARTING' and s.at < :to
                      and (e.tick_nanos is null or s.at
                        + (e.tick_nanos - s.tick_nanos) / 1000 * interval '1 microsecond' > :from)
                      and
                    """;

    private final Database database;
    private final Timers timers;
    private final FreeHours plan;

    public Meter(Database database, Timers timers, FreeHours plan) {
        this.database = database;
        this.timers = timers;
        this.plan = plan;
    }

    public FreeHours plan() {
        return plan;
    }

    public YearMonth thisMonth() {
        return YearMonth.from(timers.date().atOffset(ZoneOffset.UTC));
    }

    /// The bill of an app, which may be gone by now.
    public Invoice invoice(AppId app, UUID owner, YearMonth month) {
        List<DynoInterval> intervals =
                switch (plan) {
                    case PER_APP -> intervals("s.app", app.value(), month);
                    case POOL -> intervals("s.owner", owner, month);
                };
        return Invoices.invoice(app, month, intervals, plan, timers.date());
    }

    /// How much of the free hours an account has used this month, in all and by each app that used any.
    public Quota quota(UUID owner) {
        List<DynoInterval> intervals = intervals("s.owner", owner, thisMonth());
        Map<AppId, Long> used = new TreeMap<>(Comparator.comparing(AppId::value));
        switch (plan) {
            case PER_APP ->
                    intervals.stream()
                            .collect(Collectors.groupingBy(DynoInterval::app))
                            .forEach((app, its) -> used.put(app, Invoices.free(its, plan).total()));
            case POOL ->
                    Invoices.free(intervals, plan)
                            .given()
                            .forEach((interval, free) ->
                                    used.merge(interval.app(), free, Long::sum));
        }
        return new Quota(plan, used);
    }

    /// Whether the account's pool of this month is spent; never where each app has its own free hours, for their dynos go
    /// on and are billed.
    public boolean isPoolUsedUp(UUID owner) {
        return plan == FreeHours.POOL
                && Invoices.free(intervals("s.owner", owner, thisMonth()), plan)
                        .usedUp()
                        .isPresent();
    }

    /// An app that is gone, by the name it had last or by its id, and who owned it.
    public Optional<FormerApp> formerApp(String nameOrId) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select app, owner, app_name from dyno_transitions
                                        where owner is not null
                                          and (app_name = :key or app::text = lower(:key))
                                        order by id desc limit 1
                                        """)
                                .bind("key", nameOrId.replace("\0", ""))
                                .map((row, _) ->
                                        new FormerApp(
                                                new AppId(row.getObject("app", UUID.class)),
                                                row.getObject("owner", UUID.class),
                                                row.getString("app_name")))
                                .findOne());
    }

    private List<DynoInterval> intervals(String column, UUID value, YearMonth month) {
        Tick now = timers.now();
        Instant from = Invoices.begin(month);
        Instant to = Invoices.end(month);
        List<DynoInterval> intervals =
                database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery(RUNS + column + " = :value order by s.at, s.id")
                                        .bind("value", value)
                                        .bind("from", from)
                                        .bind("to", to)
                                        .map((row, _) -> interval(row, now))
                                        .list())
                        .stream()
                        .flatMap(Optional::stream)
                        .toList();
        return Invoices.within(intervals, from, to);
    }

    /// Empty for a dyno that could not be launched: nothing of the user's ran.
    private Optional<DynoInterval> interval(ResultSet row, Tick now) throws SQLException {
        Run run = run(row);
        Optional<End> end = end(row);
        if (end.isEmpty()) {
            boolean runsNow = row.getString("boot_id").equals(timers.bootId());
            return Optional.of(
                    DynoInterval.measured(run, runsNow ? now : run.begun(), Optional.empty()));
        }
        String cause = row.getString("exit_cause");
        boolean ran =
                !Exit.Cause.LAUNCH_FAILED.name().equals(cause)
                        && !Exit.Cause.CHECKSUM.name().equals(cause);
        return ran
                ? Optional.of(DynoInterval.measured(run, new Tick(row.getLong("ended")), end))
                : Optional.empty();
    }

    private static Run run(ResultSet row) throws SQLException {
        String size = row.getString("size");
        return new Run(
                new DynoId(row.getObject("dyno", UUID.class)),
                new AppId(row.getObject("app", UUID.class)),
                new DynoName(new ProcessType(row.getString("type")), row.getInt("number")),
                DynoSize.named(size).orElseThrow(() -> new IllegalStateException("size " + size)),
                new ReleaseVersion(row.getInt("release")),
                new Tick(row.getLong("begun")),
                row.getTimestamp("at").toInstant());
    }

    private static Optional<End> end(ResultSet row) throws SQLException {
        String state = row.getString("to_state");
        if (state == null) {
            return Optional.empty();
        }
        int status = row.getInt("exit_status");
        return Optional.of(
                new End(
                        DynoState.valueOf(state),
                        Reason.valueOf(row.getString("reason")),
                        row.wasNull() ? OptionalInt.empty() : OptionalInt.of(status)));
    }

    /// An app of the record.
    public record FormerApp(AppId id, UUID owner, String name) {}

    /// An account's free hours of this month.
    ///
    /// @param usedSeconds free seconds that each app used
    public record Quota(FreeHours plan, Map<AppId, Long> usedSeconds) {
        /// Of the pool; where each app has its own, of the app that used most, so that every app has at least the rest.
        public long usedInAll() {
            var used = usedSeconds.values().stream().mapToLong(Long::longValue);
            return switch (plan) {
                case PER_APP -> used.max().orElse(0);
                case POOL -> used.sum();
            };
        }
    }
}
