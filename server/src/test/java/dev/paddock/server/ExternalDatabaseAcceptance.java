package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.PostgresServer;
import dev.paddock.store.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A platform whose state is on a PostgreSQL server that is not its own, as its operator sees it. Runs after packaging,
/// for it needs the folder that the launcher runs from.
class ExternalDatabaseAcceptance {
    private static final String PASSWORD = "hush@hush";

    @TempDir Path folder;

    private RuntimeDirectory otherRuntime;
    private PostgresServer other;
    private String url;

    @BeforeEach
    void startServer() throws Exception {
        assumeTrue(Superuser.here(), "needs root: containers, namespaces, system users");
        assumeTrue(
                HostPackages.ofThisMachine().missing().isEmpty(),
                "needs the packages conmon, crun, tini, nftables, iproute2");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git")), "needs git");
        assumeTrue(
                Files.isDirectory(RunningPaddock.CHECKOUT.resolve("server/target/lib/router")),
                "needs server/target/lib: run it by ./mvnw verify");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
        otherRuntime = RuntimeDirectory.of(Files.createDirectory(folder.resolve("other")));
        otherRuntime.create();
        other = startOther();
        execute("create role operator login password '%s'".formatted(PASSWORD));
        execute("create database state owner operator");
        url =
                "postgres://operator:hush%%40hush@127.0.0.1:%d/state?sslmode=prefer"
                        .formatted(other.address().port());
    }

    private PostgresServer startOther() {
        return PostgresServer.start(
                folder.resolve("other/postgres"),
                otherRuntime.path(),
                RunningPaddock.CHECKOUT.resolve("server/target/postgres"));
    }

    @AfterEach
    void removeWhatIsLeft() throws Exception {
        for (String name : new String[] {"one", "two"}) {
            if (Files.exists(folder.resolve(name).resolve("data/lock"))) {
                var _ = down(folder.resolve(name).resolve("data"));
            }
        }
        if (otherRuntime != null) {
            var _ = PostgresServer.stopLeftOver(otherRuntime.path());
            Trees.delete(otherRuntime.path());
        }
    }

    @Test
    void appsLiveOnAServerThatIsNotOursAndPurgeLeavesIt() throws Exception {
        RunningPaddock platform = platform("one", url);
        platform.awaitReady();
        platform.call("POST", "/apps", "{\"name\":\"shop\"}");
        assertThat(platform.push(folder.resolve("one/work"), "ruby", "shop"))
                .contains("Released v2");
        awaitServed(platform);

        assertThat(platform.data().resolve("postgres")).doesNotExist();
        assertThat(one("select name from apps")).isEqualTo("shop");
        assertThat(status(platform))
                .contains("database   127.0.0.1:%d/state, ".formatted(other.address().port()));
        assertThat(whereThePasswordIs(platform)).isEmpty();
        RunningPaddock second = platform("two", url);
        assertThat(second.refused("belongs to another platform")).isTrue();
        assertThat(second.data()).doesNotExist();

        Process former = platform.replace();
        platform.awaitReady();
        assertThat(former.waitFor()).isEqualTo(128 + Signals.USR1);
        awaitServed(platform);

        other.stop();
        assertThat(platform.get("shop")).startsWith("HTTP/1.1 200 ");
        assertThatThrownBy(() -> platform.call("GET", "/apps", ""))
                .hasMessageContaining("503")
                .hasMessageContaining("\"unavailable\"");
        other = startOther();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(platform.call("GET", "/apps", "")).contains("\"shop\""));

        platform.kill();
        platform.startAgain(Map.of(DatabaseAddress.VARIABLE, ""));
        assertThat(platform.refused("DATABASE_URL is not set")).isTrue();
        platform.startAgain();
        platform.awaitReady();
        awaitServed(platform);

        assertThat(down(platform.data()))
                .contains(
                        "removed " + platform.data(),
                        "left the database 127.0.0.1:%d/state".formatted(other.address().port()));
        assertThat(platform.data()).doesNotExist();
        assertThat(one("select name from apps")).isEqualTo("shop");
        assertThat(Files.readString(folder.resolve("one/messages"))).doesNotContain("hush");
    }

    @Test
    void startThatCannotUseTheServerLeavesNothing() throws Exception {
        RunningPaddock wrong = platform("one", url.replace("hush%40hush", "hush"));
        assertThat(wrong.refused("password authentication failed")).isTrue();
        assertThat(wrong.data()).doesNotExist();

        other.stop();
        RunningPaddock away = platform("two", url);
        assertThat(away.refused("could not use the database 127.0.0.1:")).isTrue();
        assertThat(away.data()).doesNotExist();
        assertThat(Files.readString(folder.resolve("one/messages"))).doesNotContain("hush");
        assertThat(Files.readString(folder.resolve("two/messages"))).doesNotContain("hush");
    }

    private RunningPaddock platform(String name, String url) throws Exception {
        return new RunningPaddock(
                Files.createDirectories(folder.resolve(name)),
                Map.of(DatabaseAddress.VARIABLE, url));
    }

    private static void awaitServed(RunningPaddock platform) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(platform.get("shop")).startsWith("HTTP/1.1 200 "));
    }

    /// Files of the platform, and processes other than the platform itself, which show any form of it.
    private static String whereThePasswordIs(RunningPaddock platform) throws Exception {
        return RunningPaddock.shell(
                """
                {
                  grep -rlaE "$FORMS" "$DATA" "$RUNTIME"
                  for pid in $(ls /proc | grep -E '^[0-9]+$'); do
                    grep -qaE "$FORMS" "/proc/$pid/cmdline" && echo "command of $pid"
                    [ "$pid" = "$PLATFORM" ] || [ "$pid" = "$$" ] || [ "$(cat /proc/$pid/comm)" = grep ] ||
                      ! grep -qaE "$FORMS" "/proc/$pid/environ" || echo "environment of $(tr '\\0' ' ' </proc/$pid/cmdline)"
                  done
                } 2>/dev/null || true
                """,
                Map.of(
                        "FORMS", "hush(@|%40)hush",
                        "DATA", platform.data().toString(),
                        "RUNTIME", RuntimeDirectory.of(platform.data()).path().toString(),
                        "PLATFORM", Long.toString(platform.pid())));
    }

    private static String status(RunningPaddock platform) throws Exception {
        return paddock("status", platform.data());
    }

    private static String down(Path data) throws IOException, InterruptedException {
        return paddock("down --purge", data);
    }

    private static String paddock(String command, Path data)
            throws IOException, InterruptedException {
        return RunningPaddock.shell(
                "\"$LAUNCHER\" %s --data \"$DATA\"".formatted(command),
                Map.of("LAUNCHER", RunningPaddock.launcher(), "DATA", data.toString()));
    }

    private void execute(String sql) throws Exception {
        try (Connection connection = other.address().connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private String one(String query) throws Exception {
        try (Connection connection = other.address().withName("state").connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            assertThat(row.next()).isTrue();
            return row.getString(1);
        }
    }
}
