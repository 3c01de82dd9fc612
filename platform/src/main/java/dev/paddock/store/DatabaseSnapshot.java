package dev.paddock.store;

import dev.paddock.core.UserError;
import dev.paddock.store.DatabaseOutline.Table;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.postgresql.copy.CopyManager;
import org.postgresql.core.BaseConnection;

/// All rows of a database as they were at one moment, read while others go on changing them: one read-only transaction.
/// For one thread.
public final class DatabaseSnapshot implements AutoCloseable {
    /// Flyway writes its own anew when the rows are loaded.
    static final String HISTORY = "flyway_schema_history";

    private static final String COLUMNS =
            """
            select c.relname, a.attname
            from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
              and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
              and c.relname <> '%s'
            order by c.relname, a.attnum
            """
                    .formatted(HISTORY);

    /// The destruction of an app deletes the files first and the rows last.
    private static final String SLUGS =
            """
            select s.id from slugs s join apps a on a.id = s.app
            where s.bytes > 0 and not a.destroying order by s.id
            """;

    private final Connection connection;
    private final DatabaseOutline outline;

    private DatabaseSnapshot(Connection connection, DatabaseOutline outline) {
        this.connection = connection;
        this.outline = outline;
    }

    /// Throws UserError when the server does not answer or its schema is being changed.
    public static DatabaseSnapshot open(DatabaseAddress address) {
        try {
            Connection connection = address.connect();
            try {
                return begin(connection);
            } catch (SQLException | RuntimeException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /// No migration gets in once the tables are locked; what came before that shows in their columns.
    private static DatabaseSnapshot begin(Connection connection) throws SQLException {
        List<Table> before = tables(connection);
        if (before.isEmpty()) {
            throw new UserError("unavailable", "The database is empty: nothing to copy.");
        }
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        connection.setReadOnly(true);
        try (Statement statement = connection.createStatement()) {
            List<String> names = before.stream().map(Table::name).toList();
            statement.execute(
                    "lock table %s, %s in access share mode"
                            .formatted(HISTORY, String.join(", ", names)));
        }
        if (!tables(connection).equals(before)) {
            throw new UserError(
                    "unavailable", "The database's schema is being changed. Try again shortly.");
        }
        return new DatabaseSnapshot(
                connection,
                new DatabaseOutline(
                        schema(connection), key(connection), before, sequences(connection)));
    }

    private static List<Table> tables(Connection connection) throws SQLException {
        Map<String, List<String>> columns = new LinkedHashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(COLUMNS)) {
            while (rows.next()) {
                columns.computeIfAbsent(rows.getString(1), _ -> new ArrayList<>())
                        .add(rows.getString(2));
            }
        }
        return columns.entrySet().stream()
                .map(table -> new Table(table.getKey(), table.getValue()))
                .toList();
    }

    private static int schema(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "select max(version::int) from %s where success"
                                        .formatted(HISTORY))) {
            row.next();
            return row.getInt(1);
        }
    }

    static String key(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select key_fingerprint from vault")) {
            return row.next() ? HexFormat.of().formatHex(row.getBytes(1)) : "";
        }
    }

    /// Sequences know no transactions: read after the snapshot, they are beyond all numbers in it.
    private static Map<String, Long> sequences(Connection connection) throws SQLException {
        Map<String, Long> values = new TreeMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery(
                                """
                                select sequencename, last_value from pg_sequences
                                where schemaname = 'public' and last_value is not null
                                """)) {
            while (rows.next()) {
                values.put(rows.getString(1), rows.getLong(2));
            }
        }
        return values;
    }

    public DatabaseOutline outline() {
        return outline;
    }

    /// The slugs whose files belong to these rows.
    public List<UUID> slugs() {
        List<UUID> slugs = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(SLUGS)) {
            while (rows.next()) {
                slugs.add(rows.getObject(1, UUID.class));
            }
            return slugs;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    /// Writes all rows of a table in PostgreSQL's text format.
    public void copy(Table table, OutputStream out) throws IOException {
        String copy = "copy %s (%s) to stdout".formatted(table.name(), table.columnList());
        try {
            new CopyManager(connection.unwrap(BaseConnection.class)).copyOut(copy, out);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static UserError failed(SQLException reason) {
        UserError error =
                new UserError(
                        "unavailable",
                        "The platform's database could not be read: %s. Try again shortly."
                                .formatted(reason.getMessage()));
        error.initCause(reason);
        return error;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failed(e);
        }
    }
}
