package dev.paddock.store;

import dev.paddock.core.UserError;
import dev.paddock.store.DatabaseOutline.Table;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.postgresql.copy.CopyManager;
import org.postgresql.core.BaseConnection;

/// Fills a database with the rows of a [DatabaseSnapshot]. It gets the schema that the rows had; the next start of a
/// platform brings both to the newest.
public final class DatabaseRestore {
    private DatabaseRestore() {}

    /// Where the rows of a table are read from, as [DatabaseSnapshot#copy] wrote them.
    public interface Rows {
        InputStream of(Table table) throws IOException;
    }

    /// Throws UserError when this program is too old for the schema of these rows.
    public static void requireKnown(DatabaseOutline outline) {
        int newest = Migrations.known().stream().mapToInt(Integer::parseInt).max().orElse(0);
        if (outline.schema() > newest) {
            throw new UserError(
                    "conflict",
                    "A newer version of Paddock wrote it: its database has the schema %d, and this version knows those up to %d. Restore it with that version or a later one."
                            .formatted(outline.schema(), newest));
        }
    }

    /// Throws UserError when the file does not hold the key that sealed the secrets in these rows.
    public static void requireKey(DatabaseOutline outline, Path key) {
        String given = HexFormat.of().formatHex(Vault.read(key).fingerprint());
        if (!outline.key().isEmpty() && !outline.key().equals(given)) {
            throw new UserError(
                    "conflict",
                    "The key that was given is not the one that sealed the config vars in it.");
        }
    }

    /// Replaces all that is in the database. It takes its owner, and no superuser.
    public static void load(DatabaseAddress address, DatabaseOutline outline, Rows rows)
            throws IOException {
        clear(address);
        Database.migrate(address, outline.schema());
        try (Connection connection = address.connect()) {
            connection.setAutoCommit(false);
            fill(connection, outline, rows);
            connection.commit();
        } catch (SQLException e) {
            throw new IllegalStateException("Loading the rows of a backup", e);
        }
    }

    private static void fill(Connection connection, DatabaseOutline outline, Rows rows)
            throws SQLException, IOException {
        List<String> names = outline.tables().stream().map(Table::name).toList();
        requireSame(connection, names);
        try (Statement statement = connection.createStatement()) {
            // The rows of one snapshot fit each other, in whichever order they come.
            List<ForeignKey> keys = foreignKeys(statement);
            for (ForeignKey key : keys) {
                statement.execute(
                        "alter table %s drop constraint %s".formatted(key.table(), key.name()));
            }
            statement.execute("truncate " + String.join(", ", names));
            for (Table table : outline.tables()) {
                String copy = "copy %s (%s) from stdin".formatted(table.name(), table.columnList());
                try (InputStream in = rows.of(table)) {
                    new CopyManager(connection.unwrap(BaseConnection.class)).copyIn(copy, in);
                }
            }
            for (Map.Entry<String, Long> sequence : outline.sequences().entrySet()) {
                statement.execute(
                        "select setval('%s', %d)"
                                .formatted(sequence.getKey(), sequence.getValue()));
            }
            for (ForeignKey key : keys) {
                statement.execute(
                        "alter table %s add constraint %s %s"
                                .formatted(key.table(), key.name(), key.definition()));
            }
        }
    }

    private record ForeignKey(String table, String name, String definition) {}

    private static List<ForeignKey> foreignKeys(Statement statement) throws SQLException {
        List<ForeignKey> keys = new ArrayList<>();
        try (ResultSet rows =
                statement.executeQuery(
                        """
                        select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
                        from pg_constraint
                        where contype = 'f' and connamespace = 'public'::regnamespace
                        order by conname
                        """)) {
            while (rows.next()) {
                keys.add(new ForeignKey(rows.getString(1), rows.getString(2), rows.getString(3)));
            }
        }
        return keys;
    }

    /// Removes all tables.
    public static void clear(DatabaseAddress address) {
        try (Connection connection = address.connect();
                Statement statement = connection.createStatement()) {
            for (String table : tables(connection)) {
                statement.execute("drop table if exists %s cascade".formatted(table));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("Emptying the database " + address, e);
        }
    }

    private static void requireSame(Connection connection, List<String> names) throws SQLException {
        Set<String> here = tables(connection);
        here.remove(DatabaseSnapshot.HISTORY);
        if (!here.equals(Set.copyOf(names))) {
            throw new UserError(
                    "conflict",
                    "Its tables are not those of this version's schema of the same number.");
        }
    }

    private static Set<String> tables(Connection connection) throws SQLException {
        Set<String> names = new HashSet<>();
        try (ResultSet tables =
                connection.getMetaData().getTables(null, "public", "%", new String[] {"TABLE"})) {
            while (tables.next()) {
                names.add(tables.getString("TABLE_NAME"));
            }
        }
        return names;
    }

    /// The apps in the database, whatever state they are in.
    public static Set<UUID> apps(DatabaseAddress address) {
        return ids(address, "select id from apps");
    }

    public static Set<UUID> slugs(DatabaseAddress address) {
        return ids(address, "select id from slugs");
    }

    private static Set<UUID> ids(DatabaseAddress address, String query) {
        Set<UUID> ids = new HashSet<>();
        try (Connection connection = address.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                ids.add(rows.getObject(1, UUID.class));
            }
            return ids;
        } catch (SQLException e) {
            throw new IllegalStateException("Reading what was loaded", e);
        }
    }
}
