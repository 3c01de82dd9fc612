package dev.paddock.store;

import dev.paddock.core.UserError;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A database on a PostgreSQL server, and what opens it. Its text form names no user and no password.
///
/// @param host a name or an address, an IPv6 one in brackets
/// @param options for the connection, by the names that libpq and the driver share
public record DatabaseAddress(
        String host,
        int port,
        String name,
        String user,
        String password,
        Map<String, String> options) {
    /// The variable of the operator's environment that names the server for the platform's own state.
    public static final String VARIABLE = "DATABASE_URL";

    private static final String FORM =
            VARIABLE + " must have the form postgres://user:password@host:port/db?sslmode=...";

    /// The last @ before the path ends the password; what a password may hold beside letters and digits is encoded.
    private static final Pattern URL =
            Pattern.compile(
                    "postgres(?:ql)?://(?:(?<user>[^:/?#]+)(?::(?<password>[^/?#]*))?@)?"
                            + "(?<host>[^@:/?#,\\[\\]]+|\\[[0-9A-Fa-f:.]+\\])(?::(?<port>[0-9]{1,5}))?"
                            + "(?:/(?<name>[^/?#]*))?(?:\\?(?<options>[^#]*))?");

    private static final int USUAL_PORT = 5432;
    private static final int MAX_PORT = 65_535;
    private static final Set<String> OPTIONS =
            Set.of("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword");
    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);

    public DatabaseAddress {
        options = Map.copyOf(options);
    }

    /// The one that the environment names, if it does. Throws UserError for what is no address.
    public static Optional<DatabaseAddress> named(Map<String, String> environment) {
        return Optional.ofNullable(environment.get(VARIABLE))
                .filter(url -> !url.isBlank())
                .map(url -> parse(url.strip()));
    }

    /// Throws UserError, whose message repeats nothing that could be a password.
    public static DatabaseAddress parse(String url) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            throw UserError.invalid(
                    FORM
                            + ", with one host. In user and password, characters other than letters and digits are written as %XX, as %40 for @.");
        }
        String user = decoded(parts.group("user"));
        if (user.isEmpty()) {
            throw UserError.invalid(FORM + ", and it names no user.");
        }
        String name = decoded(parts.group("name"));
        return new DatabaseAddress(
                parts.group("host"),
                port(parts.group("port")),
                name.isEmpty() ? user : name,
                user,
                decoded(parts.group("password")),
                options(parts.group("options")));
    }

    private static int port(@Nullable String digits) {
        int port = digits == null ? USUAL_PORT : Integer.parseInt(digits);
        if (port < 1 || port > MAX_PORT) {
            throw UserError.invalid("%s, and there is no port %d.".formatted(FORM, port));
        }
        return port;
    }

    private static Map<String, String> options(@Nullable String query) {
        Map<String, String> options = new TreeMap<>();
        for (String pair : query == null ? new String[0] : query.split("&", -1)) {
            String[] parts = pair.split("=", 2);
            String option = decoded(parts[0]);
            if (parts.length < 2 || !OPTIONS.contains(option)) {
                throw UserError.invalid(
                        "%s has an option that Paddock does not know; it knows %s."
                                .formatted(
                                        VARIABLE,
                                        String.join(", ", OPTIONS.stream().sorted().toList())));
            }
            options.put(option, decoded(parts[1]));
        }
        if (!SSL_MODES.contains(options.getOrDefault("sslmode", "prefer"))) {
            throw UserError.invalid(
                    "%s has an unknown sslmode: choose disable, prefer, require, verify-ca or verify-full."
                            .formatted(VARIABLE));
        }
        return options;
    }

    /// As in URLs, where a plus is a plus.
    private static String decoded(@Nullable String part) {
        if (part == null) {
            return "";
        }
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException broken) {
            throw UserError.invalid(FORM + ", and a % in it is not followed by two hex digits.");
        }
    }

    static DatabaseAddress ours(int port, String user, String password) {
        return new DatabaseAddress("127.0.0.1", port, "postgres", user, password, Map.of());
    }

    /// Another database of the same server.
    public DatabaseAddress withName(String other) {
        return new DatabaseAddress(host, port, other, user, password, options);
    }

    DatabaseAddress withPassword(String other) {
        return new DatabaseAddress(host, port, name, user, other, options);
    }

    String jdbcUrl() {
        return "jdbc:postgresql://%s:%d/%s"
                .formatted(host, port, URLEncoder.encode(name, StandardCharsets.UTF_8));
    }

    /// For a connection that waits for no answer longer than this.
    Properties properties(Duration answers) {
        Properties properties = new Properties();
        properties.putAll(options);
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("currentSchema", "public");
        properties.setProperty("ApplicationName", "paddock");
        properties.setProperty("connectTimeout", Long.toString(CONNECT_LIMIT.toSeconds()));
        properties.setProperty("socketTimeout", Long.toString(answers.toSeconds()));
        properties.setProperty("tcpKeepAlive", "true");
        return properties;
    }

    /// A connection of one's own, without a limit for answers.
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl(), properties(Duration.ZERO));
    }

    @Override
    public String toString() {
        return "%s:%d/%s".formatted(host, port, name);
    }
}
