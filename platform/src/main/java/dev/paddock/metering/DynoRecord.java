package dev.paddock.metering;

import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.Exit;
import dev.paddock.store.Database;

/// Stores every transition of every dyno; the sole writer of them. Storing one twice changes nothing. Safe for any
/// thread.
public final class DynoRecord {
    private final Database database;

    public DynoRecord(Database database) {
        this.database = database;
    }

    /// Returns when the transition is committed: true if it is new, false if it had been stored before, as after a
    /// restart of the platform, which tells again what it finds.
    public boolean store(DynoTransition transition) {
        String sql =
                """
                insert into dyno_transitions (dyno, app, type, number, kind, size, release, from_state,
                  to_state, reason, tick_nanos, boot_id, at, exit_status, exit_cause)
                values (:dyno, :app, :type, :number, :kind, :size, :release, :from,
                  :to, :reason, :tick, :boot, :at, :status, :cause)
                on conflict (dyno, to_state) do nothing
                """;
        int rows =
                database.jdbi()
                        .withHandle(handle ->
                                handle.createUpdate(sql)
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
                                        .bind("tick", transition.tick().nanos())
                                        .bind("boot", transition.bootId())
                                        .bind("at", transition.date())
                                        .bind("status", transition.exit().map(Exit::status))
                                        .bind(
                                                "cause",
                                                transition.exit().map(exit -> exit.cause().name()))
                                        .execute());
        return rows == 1;
    }
}
