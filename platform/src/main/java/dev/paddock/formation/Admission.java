package dev.paddock.formation;

import dev.paddock.core.UserError;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.dyno.EngineHost;
import dev.paddock.store.Database;
import java.util.Locale;
import org.jdbi.v3.core.Handle;

/// Whether more dynos fit into the memory of the engine's hosts: what all formations want and what one-offs hold is
/// reserved, used or not. Safe for any thread.
///
/// Builds end soon and are not counted; the first dyno of a new app is never refused.
public final class Admission {
    /// Held by a transaction that reserves, so that two of them do not both get the last of the memory.
    private static final long LOCK = 0x7061_6464_6f63_6b01L;

    private static final double BYTES_PER_GB = 1024.0 * 1024 * 1024;

    private final Database database;
    private final Engine engine;
    private final double overcommit;

    /// @param overcommit how much may be reserved, as a multiple of the memory there is
    public Admission(Database database, Engine engine, double overcommit) {
        this.database = database;
        this.engine = engine;
        this.overcommit = overcommit;
    }

    /// Throws UserError when so much more memory is not free for the one-off.
    void requireOneOff(DynoSize size) {
        database.jdbi()
                .useTransaction(handle ->
                        require(
                                handle,
                                size.memoryBytes(),
                                "Cannot run a one-off dyno of size " + size.name()));
    }

    /// Throws UserError when so much more memory is not free. The formations are as they were before the change that
    /// the transaction is about to make.
    ///
    /// @param attempt what fails then, as the beginning of a sentence
    void require(Handle handle, long moreBytes, String attempt) {
        if (moreBytes <= 0) {
            return;
        }
        handle.createQuery("select pg_advisory_xact_lock(:key)").bind("key", LOCK).mapToMap().one();
        long capacity = capacityBytes();
        long free = Math.max(0, capacity - formationBytes(handle) - oneOffBytes());
        if (moreBytes > free) {
            throw UserError.invalid(
                    String.format(
                            Locale.ROOT,
                            "%s: that takes %.1f GB more memory, and %.1f of the %.1f GB for dynos are free.",
                            attempt,
                            moreBytes / BYTES_PER_GB,
                            free / BYTES_PER_GB,
                            capacity / BYTES_PER_GB));
        }
    }

    /// Whether so much more memory is free for a while, beside what runs beyond the formations already: web dynos that
    /// come up beside the old ones of their app.
    boolean hasRoom(Handle handle, long moreBytes) {
        long taken = Math.max(formationBytes(handle), runningBytes());
        return moreBytes <= capacityBytes() - taken - oneOffBytes();
    }

    private long runningBytes() {
        return engine.list().stream()
                .filter(dyno -> dyno.exit().isEmpty())
                .map(EngineDyno::spec)
                .filter(dyno -> dyno.kind() == DynoKind.FORMATION)
                .mapToLong(dyno -> dyno.size().memoryBytes())
                .sum();
    }

    private long capacityBytes() {
        return (long)
                (overcommit
                        * engine.hosts().stream()
                                .filter(EngineHost::alive)
                                .mapToLong(EngineHost::memoryBytes)
                                .sum());
    }

    private static long formationBytes(Handle handle) {
        String sql =
                """
                select formation.size, sum(formation.quantity) as dynos from formation
                join apps on apps.id = formation.app
                where not apps.destroying group by formation.size
                """;
        return handle
                .createQuery(sql)
                .map((row, _) -> memoryBytes(row.getString("size")) * row.getLong("dynos"))
                .stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    private static long memoryBytes(String size) {
        return DynoSize.named(size)
                .orElseThrow(() -> new IllegalStateException("size " + size))
                .memoryBytes();
    }

    private long oneOffBytes() {
        return engine.list().stream()
                .filter(dyno -> dyno.exit().isEmpty())
                .map(EngineDyno::spec)
                .filter(dyno -> dyno.kind() == DynoKind.ONE_OFF || dyno.kind() == DynoKind.RELEASE)
                .mapToLong(dyno -> dyno.size().memoryBytes())
                .sum();
    }
}
