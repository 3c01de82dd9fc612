package dev.paddock.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Optional;

/// Databases for tests: one real PostgreSQL per test JVM, started by the first call and gone with the JVM.
public final class TestDatabase {
    /// A class's tests use one or two at a time; the server has 40 connections for all.
    private static final int KEPT_OPEN = 4;

    private static final String TEMPLATE = "migrated";
    private static final TestDatabase INSTANCE = new TestDatabase();

    private final Path directory;
    private final PostgresServer server;
    private final ArrayDeque<Database> open = new ArrayDeque<>();
    private int count;

    private TestDatabase() {
        try {
            directory = Files.createTempDirectory("paddock-postgres");
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
            Files.createDirectory(runtime());
            Files.setPosixFilePermissions(runtime(), PosixFilePermissions.fromString("rwx--x--x"));
            server = PostgresServer.startThrowaway(directory.resolve("data"), runtime());
            Runtime.getRuntime().addShutdownHook(new Thread(this::end));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        execute("create database " + TEMPLATE);
        Database.migrate(server.address().withName(TEMPLATE));
    }

    /// A new, migrated, empty database. Those of more than a few calls ago are closed.
    public static Database fresh() {
        return INSTANCE.next();
    }

    /// As another start of the platform opens it, with the key in this file.
    static Database reopen(Database database, Path key) {
        return Database.open(address(name(database)), key);
    }

    static String name(Database database) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select current_database()").mapTo(String.class).one());
    }

    static DatabaseAddress address(String name) {
        return server().address().withName(name);
    }

    /// The name of a new database without any table.
    static String empty() {
        return INSTANCE.create("template0");
    }

    static PostgresServer server() {
        return INSTANCE.server;
    }

    /// The programs of the shared server, for tests that start another one.
    static Path binaries() {
        return PostgresBinaries.unpack(INSTANCE.directory.resolve("data"), Optional.empty());
    }

    private Path runtime() {
        return directory.resolve("run");
    }

    private synchronized Database next() {
        if (open.size() == KEPT_OPEN) {
            open.remove().close();
        }
        String name = create(TEMPLATE);
        Database database =
                Database.open(server.address().withName(name), directory.resolve("secrets.key"));
        open.add(database);
        return database;
    }

    private synchronized String create(String template) {
        String name = "test" + count++;
        execute("create database " + name + " template " + template);
        return name;
    }

    private void execute(String sql) {
        try (var connection = server.address().connect();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private void end() {
        try {
            open.forEach(Database::close);
            server.abandon();
            Trees.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
