package dev.paddock.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.daemons.Command;
import dev.paddock.daemons.Processes;
import dev.paddock.daemons.SystemUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PostgresServerTest {
    private Path top;
    private Path data;
    private Path runtime;

    @BeforeEach
    void makeDirectories() throws IOException {
        top = Files.createTempDirectory("paddock-server");
        data = Files.createDirectories(top.resolve("closed/postgres"));
        runtime = Files.createDirectory(top.resolve("run"));
        Files.setPosixFilePermissions(top, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(
                data.getParent(), PosixFilePermissions.fromString("rwx------"));
        // Unpacking takes a second; the binaries of the server that all tests share do as well.
        Path shared = TestDatabase.binaries();
        Files.createDirectories(data);
        Files.createSymbolicLink(data.resolve(shared.getFileName()), shared);
    }

    @AfterEach
    void end() throws IOException {
        PostgresServer.stopLeftOver(runtime);
        Trees.delete(top);
    }

    @Test
    void runsUnprivilegedBehindClosedDirectoryWithDurableScramCluster() throws Exception {
        PostgresServer server = PostgresServer.start(data, runtime);

        try (Connection connection = connect(server)) {
            assertThat(one(connection, "show fsync")).isEqualTo("on");
            assertThat(one(connection, "show password_encryption")).isEqualTo("scram-sha-256");
            assertThat(one(connection, "show server_encoding")).isEqualTo("UTF8");
            assertThat(one(connection, "show listen_addresses")).isEqualTo("127.0.0.1");
        }
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(data.resolve("password"))))
                .isEqualTo("rw-------");
        assertThat(Files.readString(Path.of("/proc/" + server.pid() + "/cmdline")))
                .doesNotContain(server.address().password());
        if (SystemUser.available()) {
            int uid = SystemUser.ensure("paddock-db").orElseThrow().uid();
            assertThat(Files.getAttribute(Path.of("/proc/" + server.pid()), "unix:uid"))
                    .isEqualTo(uid);
        }
    }

    @Test
    void refusesWrongPassword() {
        PostgresServer server = PostgresServer.start(data, runtime);

        assertThatThrownBy(() ->
                        DriverManager.getConnection(
                                server.address().jdbcUrl(), server.address().user(), "wrong"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("password authentication failed");
    }

    @Test
    void liveServerIsAdopted() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);

        PostgresServer second = PostgresServer.start(data, runtime);

        assertThat(second.pid()).isEqualTo(first.pid());
        assertThat(second.address().jdbcUrl()).isEqualTo(first.address().jdbcUrl());
        assertThat(read(second)).isEqualTo("kept");
    }

    @Test
    void clusterThatTheMachinesCrashMayHaveTornIsMadeAnew() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);
        kill(first);
        Path mark = data.resolve("cluster.unsettled");
        assertThat(mark).hasContent(Processes.bootId());
        Files.writeString(mark, "the boot before");

        PostgresServer second = PostgresServer.start(data, runtime);

        assertThatThrownBy(() -> read(second)).isInstanceOf(SQLException.class);
        assertThat(mark).hasContent(Processes.bootId());
    }

    @Test
    void settledClusterIsKeptWhateverBootFollows() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);

        first.settle();
        kill(first);

        assertThat(data.resolve("cluster.unsettled")).doesNotExist();
        assertThat(read(PostgresServer.start(data, runtime))).isEqualTo("kept");
    }

    @Test
    void binariesAreUnpackedOnceForAllDataDirectories() throws Exception {
        Path store = top.resolve("store");

        Path first = PostgresBinaries.unpack(top.resolve("first"), Optional.of(store));
        Path second = PostgresBinaries.unpack(top.resolve("second"), Optional.of(store));

        Path program = Path.of("bin/postgres");
        assertThat(second.getFileName()).isEqualTo(first.getFileName());
        assertThat(Files.isSameFile(first.resolve(program), second.resolve(program))).isTrue();
        PostgresBinaries.settle(first, Optional.of(store));
        PostgresBinaries.settle(second, Optional.of(store));
        try (var left = Files.list(store)) {
            assertThat(left).containsExactly(store.resolve(first.getFileName()));
        }
    }

    @Test
    void storeThatCannotBeMadeIsDoneWithout() throws Exception {
        Path file = Files.createFile(top.resolve("file"));

        Path made = PostgresBinaries.unpack(top.resolve("first"), Optional.of(file));

        assertThat(made.resolve("bin/postgres")).isExecutable();
    }

    @Test
    void binariesThatDoNotFitOntoTheDiskEndInItsFirstComplaint() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "mounts need root");
        Path small = Files.createDirectory(top.resolve("small"));
        List<String> mount =
                List.of("mount", "-t", "tmpfs", "-o", "nr_inodes=10", "tmpfs", small.toString());
        assertThat(Command.run(mount, Duration.ofSeconds(10)).ok()).isTrue();
        try {
            assertThatThrownBy(() -> PostgresBinaries.unpack(small, Optional.empty()))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageMatching("[^\n]*No space left on device[^\n]*");
        } finally {
            Command.run(List.of("umount", small.toString()), Duration.ofSeconds(10));
        }
    }

    @Test
    void newDataDirectoryBeginsWithTheModelButHasPasswordOfItsOwn() throws Exception {
        Path store = keepModel();

        PostgresServer server = PostgresServer.start(data, runtime, store);

        try (Connection connection = connect(server)) {
            assertThat(one(connection, "select count(*) from flyway_schema_history"))
                    .isEqualTo(Integer.toString(Migrations.known().size()));
            assertThat(one(connection, "select count(*) from apps")).isEqualTo("0");
        }
        String first = Files.readString(model(store).password()).strip();
        assertThatThrownBy(() ->
                        DriverManager.getConnection(
                                server.address().jdbcUrl(), server.address().user(), first))
                .hasMessageContaining("password authentication failed");
        assertThat(data.resolve("password.first")).doesNotExist();
    }

    @Test
    void changeOfTheModelsPasswordIsFinishedByTheNextStart() throws Exception {
        Path store = keepModel();
        PostgresServer.start(data, runtime, store).stop();
        // As a kill leaves it after the change, before the file went.
        Files.copy(model(store).password(), data.resolve("password.first"));

        PostgresServer server = PostgresServer.start(data, runtime, store);

        connect(server).close();
        assertThat(data.resolve("password.first")).doesNotExist();
    }

    @Test
    void modelOfOtherMigrationsIsNotUsed() throws Exception {
        Path store = keepModel();
        Files.move(model(store).directory(), store.resolve("model-of-another-version"));

        PostgresServer server = PostgresServer.start(data, runtime, store);

        try (Connection connection = connect(server)) {
            assertThat(one(connection, "select to_regclass('apps') is null")).isEqualTo("t");
        }
    }

    @Test
    void committedDataSurvivesKill() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);

        kill(first);
        PostgresServer second = PostgresServer.start(data, runtime);

        assertThat(second.pid()).isNotEqualTo(first.pid());
        assertThat(read(second)).isEqualTo("kept");
    }

    @Test
    void serverWithoutRecordIsStoppedFirst() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);
        Files.delete(runtime.resolve("postgres.daemon"));

        PostgresServer second = PostgresServer.start(data, runtime);

        assertThat(Processes.started(first.pid())).isEmpty();
        assertThat(read(second)).isEqualTo("kept");
    }

    @Test
    void pidFileNamingAnotherLivingProcessIsIgnored() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);
        Path pidFile = data.resolve("cluster/postmaster.pid");
        String content = Files.readString(pidFile);
        first.stop();
        // As after a reboot: the pid belongs to another process of the same user by now, here
        // another server.
        long other = TestDatabase.server().pid();
        Files.writeString(pidFile, content.replaceFirst("^\\d+", Long.toString(other)));

        PostgresServer second = PostgresServer.start(data, runtime);

        assertThat(read(second)).isEqualTo("kept");
        assertThat(Processes.started(other)).isPresent();
    }

    @Test
    void takenPortIsReplacedByAnother() throws Exception {
        PostgresServer first = PostgresServer.start(data, runtime);
        write(first);
        int port = Integer.parseInt(Files.readString(data.resolve("port")).strip());
        first.stop();

        try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            PostgresServer second = PostgresServer.start(data, runtime);

            assertThat(second.address().jdbcUrl()).isNotEqualTo(first.address().jdbcUrl());
            assertThat(read(second)).isEqualTo("kept");
        }
    }

    @Test
    void interruptedInitialisationIsBegunAnew() throws Exception {
        Path unfinished = Files.createDirectories(data.resolve("cluster.new/base"));
        Files.writeString(unfinished.resolveSibling("PG_VERSION"), "18\n");

        PostgresServer server = PostgresServer.start(data, runtime);

        write(server);
        assertThat(read(server)).isEqualTo("kept");
        assertThat(data.resolve("cluster.new")).doesNotExist();
    }

    @Test
    void stopLeavesNoProcess() {
        PostgresServer server = PostgresServer.start(data, runtime);

        server.stop();

        assertThat(Processes.workingIn(data.resolve("cluster"))).isEmpty();
        assertThat(PostgresServer.stopLeftOver(runtime)).isFalse();
    }

    /// In a store of its own, with the binaries that all tests share.
    private Path keepModel() throws IOException {
        Path shared = TestDatabase.binaries();
        Path store = Files.createDirectory(top.resolve("store"));
        Files.createSymbolicLink(store.resolve(shared.getFileName()), shared);
        Path scratch = Files.createDirectory(top.resolve("scratch"));
        Files.createSymbolicLink(scratch.resolve(shared.getFileName()), shared);
        PostgresServer.keepModel(scratch, runtime, store);
        return store;
    }

    private static PostgresModel model(Path store) throws IOException {
        return PostgresModel.of(store, TestDatabase.binaries());
    }

    private static void write(PostgresServer server) throws SQLException {
        try (Connection connection = connect(server);
                var statement = connection.createStatement()) {
            statement.execute("create table facts (fact text)");
            statement.execute("insert into facts values ('kept')");
        }
    }

    private static String read(PostgresServer server) throws SQLException {
        try (Connection connection = connect(server)) {
            return one(connection, "select fact from facts");
        }
    }

    private static Connection connect(PostgresServer server) throws SQLException {
        return server.address().connect();
    }

    /// A killed process may live on for a moment.
    private static void kill(PostgresServer server) throws InterruptedException {
        Processes.signal(server.pid(), "KILL");
        while (Processes.started(server.pid()).isPresent()) {
            Thread.sleep(1);
        }
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
