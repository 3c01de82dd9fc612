package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.apps.Apps;
import dev.paddock.build.SlugStore;
import dev.paddock.core.App;
import dev.paddock.core.AppName;
import dev.paddock.core.ConfigVars;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Slug;
import dev.paddock.core.UserError;
import dev.paddock.git.RepositoryCopy;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.ExternalServer;
import dev.paddock.store.PostgresServer;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A data directory with a real PostgreSQL, and the one that comes out of its backup.
class BackupTest {
    private static final InstantSource CLOCK = InstantSource.system();

    @TempDir Path folder;

    private final List<String> told = new ArrayList<>();
    private final List<Path> runtimes = new ArrayList<>();
    private Path data;
    private Path file;

    @BeforeEach
    void nameFolders() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        data = folder.resolve("data");
        file = folder.resolve("backups").resolve("today");
        Files.createDirectory(file.getParent());
    }

    @AfterEach
    void endDatabases() throws IOException {
        for (Path runtime : runtimes) {
            var _ = PostgresServer.stopLeftOver(runtime);
            Trees.delete(runtime);
        }
    }

    @Test
    void whatWasBackedUpUnderLoadComesBackConsistent() throws Exception {
        Files.createDirectory(data);
        try (DataDirectory _ = DataDirectory.open(data);
                Opened running = Opened.in(this, data)) {
            App shop = running.app("shop");
            running.deploy(shop, "one");
            RepositoryCopy.create(data.resolve("repositories/" + shop.id() + ".git"));
            RepositoryCopy.create(data.resolve("repositories/" + UUID.randomUUID() + ".git"));
            Files.createDirectories(data.resolve("audit"));
            Files.writeString(data.resolve("audit/audit.log"), "who did what\n");
            Files.writeString(data.resolve("settings"), "--domain apps.example.com\n--service\n");
            Files.writeString(data.resolve("operator"), "email=x\n");

            try (Load _ = new Load(running)) {
                backup(false);
            }
        }

        Path restored = restore(Optional.empty());

        assertThat(told)
                .anyMatch(line -> line.startsWith("wrote " + file + ": 2 repositories, "))
                .anyMatch(line -> line.contains("Keep them in different places"))
                .contains(
                        "Start it with: paddock up --data "
                                + restored
                                + " --domain apps.example.com --service");
        assertThat(restored.resolve("audit/audit.log")).hasContent("who did what");
        assertThat(restored.resolve("operator")).hasContent("email=x");
        assertThat(restored.resolve(Restore.UNFINISHED)).doesNotExist();
        assertThat(count(restored.resolve("repositories"))).isEqualTo(1);
        try (Opened opened = Opened.in(this, restored)) {
            App shop = opened.apps().get(opened.operator(), "shop");
            assertThat(opened.releases().newest(shop.id()).config().values())
                    .containsEntry("STEP", "one");
            int slugs = 0;
            for (App app : opened.apps().all()) {
                Optional<UUID> slug = opened.releases().newest(app.id()).slug();
                if (slug.isPresent()) {
                    Slug row = opened.slugs().find(slug.get()).orElseThrow();
                    assertThat(opened.slugs().ref(row).file()).hasContent("slug " + row.id());
                    slugs++;
                }
            }
            assertThat(slugs).isPositive();
        }
    }

    @Test
    void platformThatIsStoppedIsBackedUpAndStaysStopped() throws Exception {
        Files.createDirectory(data);
        try (DataDirectory _ = DataDirectory.open(data);
                Opened running = Opened.in(this, data)) {
            running.deploy(running.app("shop"), "one");
        }
        assertThat(PostgresServer.stopLeftOver(RuntimeDirectory.of(data).path())).isTrue();

        backup(true);

        assertThat(PostgresServer.running(RuntimeDirectory.of(data).path())).isFalse();
        assertThat(BackedUp.keysBeside(file)).doesNotExist();
        try (Opened opened = Opened.in(this, restore(Optional.empty()))) {
            assertThat(opened.apps().all()).hasSize(1);
        }
    }

    @Test
    void copyOfTheDatabasesKeyIsEnough() throws Exception {
        Files.createDirectory(data);
        try (DataDirectory _ = DataDirectory.open(data);
                Opened running = Opened.in(this, data)) {
            running.deploy(running.app("shop"), "one");
            backup(false);
        }
        Files.delete(BackedUp.keysBeside(file));

        try (Opened opened =
                Opened.in(this, restore(Optional.of(data.resolve("keys/secrets.key"))))) {
            App shop = opened.apps().all().getFirst();
            assertThat(opened.releases().newest(shop.id()).config().values())
                    .containsEntry("STEP", "one");
        }
        assertThat(told).anyMatch(line -> line.contains("new certificate authority"));
    }

    @Test
    void stateMovesToAServerOfTheOperatorsAndFromThere() throws Exception {
        Files.createDirectory(data);
        try (DataDirectory _ = DataDirectory.open(data);
                Opened running = Opened.in(this, data)) {
            running.deploy(running.app("shop"), "one");
            backup(false);
        }
        PostgresServer other = startOther();
        DatabaseAddress owned = databaseOf(other, "plain");

        Path moved = restore("moved", Optional.of(owned), Optional.empty());

        assertThat(moved.resolve("postgres")).doesNotExist();
        assertThat(told).contains("restored the database " + owned);
        assertThat(StatePlace.remembered(moved)).contains(owned.toString());
        assertThatThrownBy(() -> restore("again", Optional.of(owned), Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is not empty");
        try (Opened opened = Opened.at(owned, moved)) {
            opened.deploy(opened.apps().all().getFirst(), "two");
        }
        assertThatThrownBy(() -> save(moved, Optional.empty()))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("DATABASE_URL is not set");
        save(moved, Optional.of(owned));
        try (Opened back = Opened.in(this, restore(Optional.empty()))) {
            assertThat(back.releases().newest(back.apps().all().getFirst().id()).config().values())
                    .containsEntry("STEP", "two");
        }
    }

    @Test
    void restoreInVainLeavesNothingOnTheServer() throws Exception {
        Files.createDirectory(data);
        try (DataDirectory _ = DataDirectory.open(data);
                Opened running = Opened.in(this, data)) {
            App shop = running.app("shop");
            running.deploy(shop, "one");
            Path broken = data.resolve("repositories/" + shop.id() + ".git");
            RepositoryCopy.create(broken);
            Files.createDirectories(broken.resolve("refs/heads"));
            Files.writeString(broken.resolve("refs/heads/main"), "0".repeat(39) + "1\n");
            backup(false);
        }
        DatabaseAddress owned = databaseOf(startOther(), "plain");

        assertThatThrownBy(() -> restore("moved", Optional.of(owned), Optional.empty()))
                .isInstanceOf(RuntimeException.class);

        ExternalServer.requireEmpty(owned);
    }

    private PostgresServer startOther() throws IOException {
        Path root = Files.createDirectory(folder.resolve("other"));
        RuntimeDirectory runtime = RuntimeDirectory.of(root);
        runtime.create();
        runtimes.add(runtime.path());
        return PostgresServer.start(
                root.resolve("postgres"), runtime.path(), installation().postgres());
    }

    /// A database whose owner is no superuser.
    private static DatabaseAddress databaseOf(PostgresServer server, String owner)
            throws SQLException {
        try (Connection connection = server.address().connect();
                Statement statement = connection.createStatement()) {
            statement.execute("create role %s login password 'secret'".formatted(owner));
            statement.execute("create database %s owner %s".formatted(owner, owner));
        }
        return DatabaseAddress.parse(
                "postgres://%s:secret@127.0.0.1:%d/%s"
                        .formatted(owner, server.address().port(), owner));
    }

    private void save(Path from, Optional<DatabaseAddress> named) {
        new Backup(from, installation(), named, told::add).save(file, false);
    }

    @Test
    void nothingIsBackedUpWhereNothingIs() {
        assertThatThrownBy(() -> backup(false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("There is no platform in " + data);

        assertThat(file.getParent()).isEmptyDirectory();
    }

    private void backup(boolean keysInside) {
        new Backup(data, installation(), Optional.empty(), told::add).save(file, keysInside);
    }

    private Path restore(Optional<Path> keys) throws IOException {
        return restore("restored", Optional.empty(), keys);
    }

    private Path restore(String name, Optional<DatabaseAddress> named, Optional<Path> keys)
            throws IOException {
        Path restored = folder.resolve(name);
        Files.createDirectory(restored);
        runtimes.add(RuntimeDirectory.of(restored).path());
        new Restore(restored, installation(), named, told::add).from(file, keys);
        return restored;
    }

    private Installation installation() {
        return new Installation(folder.resolve("program").resolve("lib"));
    }

    private static long count(Path directory) throws IOException {
        try (var found = Files.list(directory)) {
            return found.count();
        }
    }

    /// The parts of a platform that keep what is backed up.
    private record Opened(
            Path data,
            Database database,
            Account operator,
            Apps apps,
            Releases releases,
            SlugStore slugs)
            implements AutoCloseable {
        static Opened in(BackupTest test, Path data) {
            RuntimeDirectory runtime = RuntimeDirectory.of(data);
            runtime.create();
            test.runtimes.add(runtime.path());
            PostgresServer server =
                    PostgresServer.start(
                            data.resolve("postgres"),
                            runtime.path(),
                            test.installation().postgres());
            return at(server.address(), data);
        }

        static Opened at(DatabaseAddress address, Path data) {
            Database database = Database.open(address, data.resolve("keys").resolve("secrets.key"));
            Accounts accounts = new Accounts(database, CLOCK);
            Account operator =
                    accounts.operator().orElseGet(() -> accounts.create("o@localhost", "O"));
            return new Opened(
                    data,
                    database,
                    operator,
                    new Apps(database, CLOCK),
                    new Releases(database, CLOCK),
                    new SlugStore(database, data.resolve("slugs")));
        }

        App app(String name) {
            return apps.create(
                    operator, Optional.of(new AppName(name)), Optional.empty(), Optional.empty());
        }

        void deploy(App app, String step) throws IOException {
            UUID id = UUID.randomUUID();
            Path built = Files.writeString(Files.createTempFile(data, "built", ""), "slug " + id);
            Slug slug =
                    new Slug(
                            id,
                            app.id(),
                            "",
                            Files.size(built),
                            Optional.empty(),
                            "",
                            "heroku-24",
                            Map.of(new ProcessType("web"), "./web"),
                            "",
                            CLOCK.instant());
            slugs.add(slug, built);
            var _ =
                    releases.create(
                            app.id(),
                            operator.actor(),
                            _ ->
                                    new Releases.Next(
                                            "Deploy",
                                            Optional.of(id),
                                            new ConfigVars(Map.of("STEP", step))));
        }

        void destroy(App app) {
            assertThat(apps.beginDestroying(app.id())).isTrue();
            slugs.remove(app.id());
            apps.delete(app.id());
        }

        @Override
        public void close() {
            database.close();
        }
    }

    /// Apps that come, are deployed and go.
    private static final class Load implements AutoCloseable {
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final AtomicBoolean ended = new AtomicBoolean();
        private final List<Future<?>> work = new ArrayList<>();

        Load(Opened running) {
            for (int i = 0; i < 4; i++) {
                String name = "load-" + i;
                work.add(
                        threads.submit(() -> {
                            while (!ended.get()) {
                                App app = running.app(name);
                                running.deploy(app, "first");
                                running.deploy(app, "second");
                                running.destroy(app);
                            }
                            return null;
                        }));
            }
        }

        @Override
        public void close() throws IOException {
            ended.set(true);
            threads.close();
            for (Future<?> each : work) {
                if (each.state() == Future.State.FAILED) {
                    throw new IOException(each.exceptionNow());
                }
            }
        }
    }
}
