package dev.paddock.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/// Brings a database to the newest schema. Flyway takes longer to load than to look, so it is left out when all
/// migrations are in its history already.
final class Migrations {
    private static final String DIRECTORY = "db/migration";
    private static final Pattern NAME = Pattern.compile("db/migration/V(\\d+)__\\w+\\.sql");

    private Migrations() {}

    static void apply(DataSource database) {
        if (applied(database).equals(known())) {
            return;
        }
        configured(database).load().migrate();
    }

    /// Gives an empty database the schema that an earlier version had.
    static void applyUpTo(DataSource database, int version) {
        configured(database).target(Integer.toString(version)).load().migrate();
    }

    private static FluentConfiguration configured(DataSource database) {
        return Flyway.configure()
                .dataSource(database)
                .locations("classpath:" + DIRECTORY)
                .loggers("slf4j");
    }

    /// Versions of the migrations on the class path.
    static Set<String> known() {
        return files().stream()
                .map(NAME::matcher)
                .filter(Matcher::matches)
                .map(matcher -> matcher.group(1))
                .collect(Collectors.toSet());
    }

    /// Of all that the migrations on the class path say.
    static long checksum() {
        CRC32 checksum = new CRC32();
        for (String file : files()) {
            try (InputStream text = Migrations.class.getResourceAsStream("/" + file)) {
                checksum.update(requireNonNull(text, file).readAllBytes());
            } catch (IOException e) {
                throw new UncheckedIOException("Reading the database migration " + file, e);
            }
        }
        return checksum.getValue();
    }

    /// Their places on the class path, in order of name.
    private static SortedSet<String> files() {
        URL url = Migrations.class.getResource("/" + DIRECTORY + "/V1__accounts_and_apps.sql");
        if (url == null) {
            throw new IllegalStateException("The database migrations are not on the class path.");
        }
        try {
            if (url.openConnection() instanceof JarURLConnection connection) {
                return migrations(connection.getJarFile().stream().map(entry -> entry.getName()));
            }
            try (Stream<Path> files = Files.list(Path.of(url.toURI()).resolveSibling(""))) {
                return migrations(files.map(file -> DIRECTORY + "/" + file.getFileName()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Listing the database migrations", e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("Listing the database migrations", e);
        }
    }

    private static SortedSet<String> migrations(Stream<String> names) {
        return names.filter(name -> NAME.matcher(name).matches())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> applied(DataSource database) {
        Set<String> versions = new HashSet<>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            try (ResultSet row =
                    statement.executeQuery(
                            "select to_regclass('flyway_schema_history') is not null")) {
                if (!row.next() || !row.getBoolean(1)) {
                    return versions;
                }
            }
            try (ResultSet rows =
                    statement.executeQuery(
                            "select version from flyway_schema_history"
                                    + " where success and version is not null")) {
                while (rows.next()) {
                    versions.add(rows.getString(1));
                }
            }
            return versions;
        } catch (SQLException e) {
            throw new IllegalStateException("Reading the database's migrations failed", e);
        }
    }
}
