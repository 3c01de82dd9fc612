package dev.paddock.store;

import dev.paddock.core.UserError;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;

/// What was seen of a PostgreSQL server that the operator named, and of the database on it.
///
/// @param version as the server counts: 150004 is 15.4
/// @param standby whether it follows another server and takes no changes
/// @param usable whether this user may make tables in it
record ServerFacts(
        int version,
        String release,
        boolean standby,
        String encoding,
        boolean usable,
        Content content) {
    /// The oldest that PostgreSQL's makers still mend.
    static final int OLDEST = 15;

    private static final int PER_MAJOR = 10_000;

    /// What is in the database.
    sealed interface Content {
        record Nothing() implements Content {}

        /// A platform's state.
        ///
        /// @param key fingerprint, in hex, of the key that sealed the secrets in it; empty before there was one
        record Paddocks(String key) implements Content {}

        record Foreign(String table) implements Content {}
    }

    /// For whom the database is.
    ///
    /// @param key fingerprint of the key in the data directory; empty when it has none yet
    /// @param began whether that platform has kept its state in this database before
    record Wanted(String key, boolean began) {}

    static ServerFacts read(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                """
                                select current_setting('server_version_num')::int, current_setting('server_version'),
                                  pg_is_in_recovery(), pg_encoding_to_char(d.encoding),
                                  has_schema_privilege('public', 'create, usage')
                                from pg_database d where d.datname = current_database()
                                """)) {
            row.next();
            return new ServerFacts(
                    row.getInt(1),
                    row.getString(2),
                    row.getBoolean(3),
                    row.getString(4),
                    row.getBoolean(5),
                    content(connection));
        }
    }

    private static Content content(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet ours =
                    statement.executeQuery(
                            "select to_regclass('public.vault') is not null and to_regclass('public.%s') is not null"
                                    .formatted(DatabaseSnapshot.HISTORY))) {
                if (ours.next() && ours.getBoolean(1)) {
                    return new Content.Paddocks(DatabaseSnapshot.key(connection));
                }
            }
            try (ResultSet tables =
                    statement.executeQuery(
                            """
                            select relname from pg_class
                            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
                            order by relname limit 1
                            """)) {
                return tables.next()
                        ? new Content.Foreign(tables.getString(1))
                        : new Content.Nothing();
            }
        }
    }

    static String fingerprint(Vault vault) {
        return HexFormat.of().formatHex(vault.fingerprint());
    }

    /// Throws UserError when a platform cannot have its state there.
    void require(DatabaseAddress address, Wanted wanted) {
        if (version < OLDEST * PER_MAJOR) {
            throw refused(
                    "%s is PostgreSQL %s, and Paddock needs %d or newer."
                            .formatted(address, release, OLDEST));
        }
        if (standby) {
            throw refused(
                    "%s is a standby, which takes no changes. Name the primary server."
                            .formatted(address));
        }
        if (!encoding.equals("UTF8")) {
            throw refused(
                    "%s has the encoding %s, and Paddock needs UTF8: create database ... encoding 'UTF8' template template0."
                            .formatted(address, encoding));
        }
        if (!usable) {
            throw refused(
                    "The user %s may not make tables in %s: make that user the database's owner, or grant create, usage on schema public."
                            .formatted(address.user(), address));
        }
        switch (content) {
            case Content.Nothing() -> requireNew(address, wanted);
            case Content.Foreign(String table) ->
                    throw refused(
                            "%s is not empty: it has the table %s, which is not Paddock's. Name a database of its own for Paddock."
                                    .formatted(address, table));
            case Content.Paddocks(String key) -> requireSame(address, wanted, key);
        }
    }

    /// As [#require(DatabaseAddress, Wanted)], and that nothing is in it.
    void requireEmpty(DatabaseAddress address) {
        if (content instanceof Content.Paddocks) {
            throw refused(
                    "%s is not empty: it holds the state of a platform. Name an empty database; for this one that means to drop it and to create it anew."
                            .formatted(address));
        }
        require(address, new Wanted("", false));
    }

    private static void requireNew(DatabaseAddress address, Wanted wanted) {
        if (wanted.began()) {
            throw refused(
                    "%s is empty, but this data directory's platform has its state in a database already. Name that one, or restore a backup into a new directory."
                            .formatted(address));
        }
    }

    private static void requireSame(DatabaseAddress address, Wanted wanted, String key) {
        boolean unfinished = key.isEmpty() && !wanted.began();
        if (!unfinished && !key.equals(wanted.key())) {
            throw refused(
                    "%s belongs to another platform: what is sealed in it was not sealed with this data directory's key. Name another database, or empty this one if nobody needs it."
                            .formatted(address));
        }
    }

    private static UserError refused(String message) {
        return new UserError("conflict", DatabaseAddress.VARIABLE + ": " + message);
    }
}
