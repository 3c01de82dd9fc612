package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.UserError;
import dev.paddock.daemons.Command;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The server that all tests share, as one that somebody else runs.
class ExternalServerTest {
    private static final Duration NO_PATIENCE = Duration.ZERO;

    @TempDir Path folder;

    private DatabaseAddress address;
    private Path key;

    @BeforeEach
    void makeDatabase() {
        address = TestDatabase.address(TestDatabase.empty());
        key = folder.resolve("secrets.key");
    }

    @Test
    void ownerWhoIsNoSuperuserGetsTheWholeSchema() throws Exception {
        execute("create role plain login password 'p''w@d'");
        execute("alter database %s owner to plain".formatted(address.name()));
        DatabaseAddress plain =
                new DatabaseAddress(
                        address.host(), address.port(), address.name(), "plain", "p'w@d", Map.of());

        try (ExternalServer server = ExternalServer.claim(plain, key, false, "one", NO_PATIENCE);
                Database database = Database.open(server.address(), key)) {
            String user =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery("select current_user")
                                            .mapTo(String.class)
                                            .one());
            assertThat(user).isEqualTo("plain");
        }

        ExternalServer.claim(plain, key, true, "one", NO_PATIENCE).close();
    }

    @Test
    void secondPlatformIsRefusedUntilTheFirstEnds() {
        ExternalServer first = ExternalServer.claim(address, key, false, "first, /a", NO_PATIENCE);

        assertThatThrownBy(() -> ExternalServer.claim(address, key, false, "second", NO_PATIENCE))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("used by another platform, first, /a.");

        first.stop();
        ExternalServer.claim(address, key, false, "second", NO_PATIENCE).close();
    }

    @Test
    void claimOfOneWhoWasCutOffIsTakenAgain() throws Exception {
        DatabaseClaim claim = DatabaseClaim.take(address, "first", NO_PATIENCE);
        try {
            endSessions("first");
            claim.renew();
            claim.renew();

            assertThatThrownBy(() -> DatabaseClaim.take(address, "second", NO_PATIENCE))
                    .hasMessageContaining("first");
        } finally {
            claim.close();
        }
        claim.renew();
        DatabaseClaim.take(address, "second", NO_PATIENCE).close();
    }

    @Test
    void claimThatSomebodyElseTookIsNotTakenFromThem() throws Exception {
        DatabaseClaim claim = DatabaseClaim.take(address, "first", NO_PATIENCE);
        try {
            endSessions("first");
            DatabaseClaim second = DatabaseClaim.take(address, "second", NO_PATIENCE);
            claim.renew();
            second.close();
            claim.renew();

            assertThatThrownBy(() -> DatabaseClaim.take(address, "third", NO_PATIENCE))
                    .hasMessageContaining("first");
        } finally {
            claim.close();
        }
    }

    @Test
    void holderThatEndsMeanwhileIsWaitedFor() throws Exception {
        DatabaseClaim claim = DatabaseClaim.take(address, "first", NO_PATIENCE);
        Thread end = Thread.ofVirtual().start(claim::close);

        DatabaseClaim.take(address, "second", DatabaseClaim.PATIENCE).close();
        end.join();
    }

    @Test
    void databaseOfAnotherPlatformOrProgramIsRefused() throws Exception {
        Database.open(address, key).close();
        Path other = folder.resolve("other.key");
        Vault.create(other);

        refused(address, other, "belongs to another platform");
        refused(address, folder.resolve("none.key"), "belongs to another platform");
        ExternalServer.require(address, key, true);

        DatabaseAddress foreign = TestDatabase.address(TestDatabase.empty());
        execute(foreign, "create table orders (id int)");
        refused(foreign, key, "it has the table orders");
    }

    @Test
    void whatCannotBeReachedIsNamedWithAdviceAndWithoutThePassword() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        String secret = address.password();
        DatabaseAddress away =
                new DatabaseAddress("127.0.0.1", closed, "d", address.user(), secret, Map.of());

        refused(away, key, "could not use the database 127.0.0.1:%d/d: ".formatted(closed));
        refused(away, key, "Does the server run");
        refused(address.withName("nowhere"), key, "create database");
        refused(address.withPassword("wrong-hush"), key, "password");
        refused(withOption("sslmode", "require"), key, "SSL");
        ExternalServer.require(withOption("sslmode", "disable"), key, false);
    }

    @Test
    void certificateIsCheckedAsFarAsSslmodeSays() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "needs openssl");
        Path top = Files.createTempDirectory("paddock-tls");
        Path runtime = Files.createDirectory(top.resolve("run"));
        for (Path open : List.of(top, runtime)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwx--x--x"));
        }
        Path binaries = TestDatabase.binaries();
        Path data = Files.createDirectory(top.resolve("data"));
        Files.createSymbolicLink(data.resolve(binaries.getFileName()), binaries);
        PostgresServer server = PostgresServer.startThrowaway(data, runtime);
        try {
            String certificate = serveTls(server, data.resolve("cluster"));
            Path ours = Files.writeString(folder.resolve("ca.pem"), certificate);
            Path others = Files.writeString(folder.resolve("other.pem"), selfSigned(folder)[1]);

            requireTls(server, Map.of("sslmode", "require"));
            requireTls(server, Map.of("sslmode", "verify-full", "sslrootcert", ours.toString()));
            address = server.address();
            refused(
                    withOptions(Map.of("sslmode", "verify-full", "sslrootcert", others.toString())),
                    key,
                    "could not use");
            refused(
                    withOptions(Map.of("sslmode", "verify-ca", "sslrootcert", "/nowhere.pem")),
                    key,
                    "/nowhere.pem");
        } finally {
            server.abandon();
            Trees.delete(top);
        }
    }

    /// Gives the server a certificate for its address, and returns it.
    private String serveTls(PostgresServer server, Path cluster) throws Exception {
        String[] pair = selfSigned(folder);
        Path secret = Files.writeString(cluster.resolve("server.key"), pair[0]);
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        Path shown = Files.writeString(cluster.resolve("server.crt"), pair[1]);
        for (Path file : List.of(secret, shown)) {
            Files.setAttribute(file, "unix:uid", Files.getAttribute(cluster, "unix:uid"));
        }
        execute(server.address(), "alter system set ssl = on");
        execute(server.address(), "select pg_reload_conf()");
        Awaitility.await()
                .untilAsserted(() ->
                        ExternalServer.version(
                                new DatabaseAddress(
                                        "127.0.0.1",
                                        server.address().port(),
                                        "postgres",
                                        server.address().user(),
                                        server.address().password(),
                                        Map.of("sslmode", "require"))));
        return pair[1];
    }

    /// A key and its certificate.
    private static String[] selfSigned(Path folder) throws Exception {
        Path made = Files.createTempDirectory(folder, "tls");
        Command.Result result =
                Command.run(
                        List.of(
                                "openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:prime256v1",
                                "-nodes",
                                "-subj",
                                "/CN=test",
                                "-addext",
                                "subjectAltName=IP:127.0.0.1",
                                "-keyout",
                                made.resolve("key").toString(),
                                "-out",
                                made.resolve("certificate").toString()),
                        Duration.ofMinutes(1));
        assertThat(result.ok()).as(result.output()).isTrue();
        return new String[] {
            Files.readString(made.resolve("key")), Files.readString(made.resolve("certificate"))
        };
    }

    private void requireTls(PostgresServer server, Map<String, String> options) throws Exception {
        address = server.address();
        try (Connection connection = withOptions(options).connect();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "select ssl from pg_stat_ssl where pid = pg_backend_pid()")) {
            assertThat(row.next() && row.getBoolean(1)).isTrue();
        }
    }

    private DatabaseAddress withOption(String name, String value) {
        return withOptions(Map.of(name, value));
    }

    private DatabaseAddress withOptions(Map<String, String> options) {
        return new DatabaseAddress(
                address.host(),
                address.port(),
                address.name(),
                address.user(),
                address.password(),
                options);
    }

    private static void refused(DatabaseAddress address, Path key, String reason) {
        assertThatThrownBy(() -> ExternalServer.require(address, key, false))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("DATABASE_URL: ")
                .hasMessageContaining(reason)
                .message()
                .doesNotContain(address.password());
    }

    private void endSessions(String name) throws SQLException {
        execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '%s'"
                        .formatted(name));
    }

    private void execute(String sql) throws SQLException {
        execute(address, sql);
    }

    private static void execute(DatabaseAddress address, String sql) throws SQLException {
        try (Connection connection = address.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
