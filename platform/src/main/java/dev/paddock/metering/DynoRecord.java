package dev.paddock.metering;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// Stores every transition of every dyno; the sole writer of them. Storing one twice changes nothing. Safe for any
/// thread.
///
/// Begin and end of a dyno are always ticks of one boot, so that their difference is what it ran: an end that is found
/// in a later boot is put where the platform last marked the earlier one.
public final class DynoRecord {
    /// States in which a dyno no longer runs, as SQL.
    static final String ENDED = "('IDLE', 'CRASHED', 'DOWN', 'COMPLETE')";

    private final Database database;

    public DynoRecord(Database database) {
        this.database = database;
    }

    /// Returns when the transition is committed: true if it is new, false if it had been stored before, as after a
    /// restart of the platform, which tells again what it finds.
    public boolean store(DynoTransition transition) {
        return database.jdbi()
                .inTransaction(handle -> {
                    Moment told =
                            new Moment(transition.tick(), transition.bootId(), transition.date());
                    Moment moment =
                            transition.isEnd()
                                    ? endOfEarlierBoot(handle, transition).orElse(told)
                                    : told;
                    return insert(handle, transition, moment) == 1;
                });
    }

    private static Optional<Moment> endOfEarlierBoot(Handle handle, DynoTransition transition) {
        return handle.createQuery(
                        """
                        select tick_nanos, boot_id, at from dyno_transitions
                        where dyno = :dyno and boot_id <> :boot
                        order by tick_nanos desc limit 1
                        """)
                .bind("dyno", transition.dyno().value())
                .bind("boot", transition.bootId())
                .map(Moment::read)
                .findOne()
                .map(last -> lastOfBoot(handle, last));
    }

    /// The last mark of a boot, or the moment itself if that is later.
    private static Moment lastOfBoot(Handle handle, Moment moment) {
        return handle.createQuery(
                        """
                        select tick_nanos, boot_id, at from metering_marks
                        where boot_id = :boot and tick_nanos > :tick
                        """)
                .bind("boot", moment.boot())
                .bind("tick", moment.tick().nanos())
                .map(Moment::read)
                .findOne()
                .orElse(moment);
    }

    private static int insert(Handle handle, DynoTransition transition, Moment moment) {
        String sql =
                """
                insert into dyno_transitions (dyno, app, type, number, kind, size, release, from_state,
                  to_state, reason, tick_nanos, boot_id, at, exit_status, exit_cause, owner, app_name)
                values (:dyno, :app, :type, :number, :kind, :size, :release, :from,
                  :to, :reason, :tick, :boot, :at, :status, :cause,
                  (select owner from apps where id = :app), (select name from apps where id = :app))
                on conflict (dyno, to_state) do nothing
                """;
        return handle.createUpdate(sql)
                .bind("dyno", transition.dyno().value())
                .bind("app", transition.app())
                .bind("type", transition.name().type().value())
                .bind("number", transition.name().number())
                .bind("kind", transition.kind().name())
                .bind("size", transition.size().name())
                .bind("release", transition.release())
                .bind("from", transition.from().name())
                .bind("to", transition.to().name())
                .bind("reason", transition.reason().name())
                .bind("tick", moment.tick().nanos())
                .bind("boot", moment.boot())
                .bind("at", moment.date())
                .bind("status", transition.exit().map(Exit::status))
                .bind("cause", transition.exit().map(exit -> exit.cause().name()))
                .execute();
    }

    /// Whether a dyno of this app has begun and not ended.
    public boolean isRunning(AppId app) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select exists (
                                          select 1 from dyno_transitions s
                                          where s.app = :app and s.to_state = 'STARTING'
                                            and not exists (
                                              select 1 from dyno_transitions
                                              where dyno = s.dyno and to_state in
                                        """
                                                + ENDED
                                                + "))")
                                .bind("app", app)
                                .mapTo(Boolean.class)
                                .one());
    }

    /// Ends in the record what no engine has any more, as after a power cut; called before the manifold starts, which
    /// tells the ends of all that `known` has. Returns how many those were.
    public int settle(Set<DynoId> known) {
        return database.jdbi()
                .inTransaction(handle -> {
                    List<Open> gone =
                            open(handle).stream()
                                    .filter(dyno -> !known.contains(dyno.id()))
                                    .toList();
                    gone.forEach(dyno -> close(handle, dyno));
                    return gone.size();
                });
    }

    private static List<Open> open(Handle handle) {
        return handle.createQuery(
                        """
                        select distinct on (dyno) dyno, to_state, tick_nanos, boot_id, at
                        from dyno_transitions t
                        where not exists (
                          select 1 from dyno_transitions where dyno = t.dyno and to_state in
                        """
                                + ENDED
                                + ") order by dyno, tick_nanos desc")
                .map((row, context) ->
                        new Open(
                                new DynoId(row.getObject("dyno", UUID.class)),
                                row.getString("to_state"),
                                Moment.read(row, context)))
                .list();
    }

    private static void close(Handle handle, Open dyno) {
        Moment end = lastOfBoot(handle, dyno.last());
        handle.createUpdate(
                        """
                        insert into dyno_transitions (dyno, app, type, number, kind, size, release,
                          from_state, to_state, reason, tick_nanos, boot_id, at, owner, app_name)
                        select dyno, app, type, number, kind, size, release,
                          :from, :to, :reason, :tick, :boot, :at, owner, app_name
                        from dyno_transitions where dyno = :dyno and to_state = :from
                        on conflict (dyno, to_state) do nothing
                        """)
                .bind("dyno", dyno.id().value())
                .bind("from", dyno.state())
                .bind("to", DynoState.DOWN.name())
                .bind("reason", Reason.HOST_LOST.name())
                .bind("tick", end.tick().nanos())
                .bind("boot", end.boot())
                .bind("at", end.date())
                .execute();
    }

    /// Notes that the platform runs now; see [#settle].
    public void mark(Timers timers) {
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        """
                                        insert into metering_marks (boot_id, tick_nanos, at)
                                        values (:boot, :tick, :at)
                                        on conflict (boot_id) do update
                                        set tick_nanos = excluded.tick_nanos, at = excluded.at
                                        """)
                                .bind("boot", timers.bootId())
                                .bind("tick", timers.now().nanos())
                                .bind("at", timers.date())
                                .execute());
    }

    private record Open(DynoId id, String state, Moment last) {}

    private record Moment(Tick tick, String boot, Instant date) {
        static Moment read(ResultSet row, StatementContext context) throws SQLException {
            return new Moment(
                    new Tick(row.getLong("tick_nanos")),
                    row.getString("boot_id"),
                    row.getTimestamp("at").toInstant());
        }
    }
}
