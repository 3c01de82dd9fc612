package dev.paddock.formation;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.dyno.DynoSize;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/// A row of the table `formation`.
record FormationRow(
        UUID id,
        AppId app,
        ProcessType type,
        int quantity,
        DynoSize size,
        Instant createdAt,
        Instant updatedAt) {

    /// Sorted by type.
    static List<FormationRow> ofApp(Handle handle, AppId app) {
        return handle
                .createQuery("select * from formation where app = :app")
                .bind("app", app)
                .map(FormationRow::read)
                .stream()
                .sorted(Comparator.comparing(FormationRow::type))
                .toList();
    }

    private static FormationRow read(ResultSet row, StatementContext context) throws SQLException {
        String size = row.getString("size");
        return new FormationRow(
                row.getObject("id", UUID.class),
                new AppId(row.getObject("app", UUID.class)),
                new ProcessType(row.getString("type")),
                row.getInt("quantity"),
                DynoSize.named(size).orElseThrow(() -> new IllegalStateException("size " + size)),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getObject("updated_at", OffsetDateTime.class).toInstant());
    }

    FormationRow with(int newQuantity, DynoSize newSize, Instant now) {
        boolean same = newQuantity == quantity && newSize.equals(size);
        return same ? this : new FormationRow(id, app, type, newQuantity, newSize, createdAt, now);
    }

    FormationEntry entry(String command) {
        return new FormationEntry(id, app, type, quantity, size, command, createdAt, updatedAt);
    }

    void insert(Handle handle) {
        handle.createUpdate(
                        """
                        insert into formation (id, app, type, quantity, size, created_at, updated_at)
                        values (:id, :app, :type, :quantity, :size, :created, :updated)
                        """)
                .bind("id", id)
                .bind("app", app)
                .bind("type", type.value())
                .bind("quantity", quantity)
                .bind("size", size.name())
                .bind("created", createdAt)
                .bind("updated", updatedAt)
                .execute();
    }

    void update(Handle handle) {
        handle.createUpdate(
                        """
                        update formation set quantity = :quantity, size = :size, updated_at = :updated
                        where id = :id
                        """)
                .bind("id", id)
                .bind("quantity", quantity)
                .bind("size", size.name())
                .bind("updated", updatedAt)
                .execute();
    }

    void delete(Handle handle) {
        handle.createUpdate("delete from formation where id = :id").bind("id", id).execute();
    }
}
