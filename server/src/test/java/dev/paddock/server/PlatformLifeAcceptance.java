package dev.paddock.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.store.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The life of a platform as its operator sees it: real launcher, real PostgreSQL, router, containers and git. Runs
/// after packaging, for it needs the folder that the launcher runs from.
class PlatformLifeAcceptance {
    private static final Pattern DYNO_ID =
            Pattern.compile("\"id\":\\s*\"([0-9a-f-]{36})\",\\s*\"name\":\\s*\"web[.]");

    private static final int CLIENTS = 4;
    private static final int RESTARTS = 5;
    private static final int KILLS = 6;
    private static final Duration SERVED = Duration.ofMillis(1_500);

    private static final Pattern RELEASE = Pattern.compile("\"version\":\\s*([0-9]+)");
    private static final Pattern UP = Pattern.compile("\"state\":\\s*\"up\"");
    private static final int RELEASES = 10;

    @TempDir Path folder;

    @BeforeEach
    void requireMachine() {
        assumeTrue(Superuser.here(), "needs root: containers, namespaces, system users");
        assumeTrue(
                HostPackages.ofThisMachine().missing().isEmpty(),
                "needs the packages conmon, crun, tini, nftables, iproute2");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git")), "needs git");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3");
        assumeTrue(
                Files.isDirectory(RunningPaddock.CHECKOUT.resolve("server/target/lib/router")),
                "needs server/target/lib: run it by ./mvnw verify");
    }

    @AfterEach
    void removeWhatAFailureLeft() throws Exception {
        try (var platforms = Files.list(folder)) {
            for (Path platform : platforms.toList()) {
                if (Files.exists(platform.resolve("data/lock"))) {
                    var _ = down(platform.resolve("data"));
                }
            }
        }
    }

    private static String down(Path data) throws IOException, InterruptedException {
        return RunningPaddock.shell(
                "\"$LAUNCHER\" down --purge --data \"$DATA\"",
                Map.of("LAUNCHER", RunningPaddock.launcher(), "DATA", data.toString()));
    }

    @Test
    void pushedAppSurvivesTheKillOfItsPlatformAndPurgeLeavesNothing() throws Exception {
        RunningPaddock first = new RunningPaddock(Files.createDirectories(folder.resolve("one")));
        assertThat(first.awaitReady())
                .startsWith("ready api=http://localhost:")
                .contains(" http=http://127.0.0.1:", " https=https://127.0.0.1:", " ca=")
                .endsWith(" data=" + first.data());

        first.call("POST", "/apps", "{\"name\":\"shop\"}");
        assertThat(first.push(folder.resolve("one/work"), "python", "shop"))
                .contains("remote: ")
                .contains("Released v2");
        awaitHello(first);
        String dyno = onlyDyno(first);

        RunningPaddock second = new RunningPaddock(Files.createDirectories(folder.resolve("two")));
        second.awaitReady();
        Requests requests = new Requests(first);
        String secondName = RuntimeDirectory.of(second.data()).hash();
        assertThat(down(second.data())).contains("stopped the platform");
        assertThat(second.awaitEnd()).isEqualTo(143);
        assertThat(traces(secondName, second.data())).isEmpty();

        first.kill();
        requests.awaitMore(50);
        first.startAgain();
        first.awaitReady();
        requests.awaitMore(50);

        assertThat(requests.stop()).isEmpty();
        assertThat(onlyDyno(first)).isEqualTo(dyno);
        assertThat(status(first)).contains("dynos      1 running");

        String firstName = RuntimeDirectory.of(first.data()).hash();
        assertThat(down(first.data())).contains("stopped the platform", "removed " + first.data());
        assertThat(first.awaitEnd()).isEqualTo(143);
        assertThat(traces(firstName, first.data())).isEmpty();
    }

    @Test
    void whatADeadPlatformLeftIsStoppedByDown() throws Exception {
        RunningPaddock platform = startWithShop();
        String name = RuntimeDirectory.of(platform.data()).hash();

        platform.kill();

        assertThat(down(platform.data()))
                .contains("stopped 1 dyno", "stopped the router", "stopped the database");
        assertThat(traces(name, platform.data())).isEmpty();
    }

    @Test
    void replacementTakesOverWithoutLosingARequestOrADyno() throws Exception {
        RunningPaddock platform = startWithShop();
        String dyno = onlyDyno(platform);
        Requests requests = new Requests(platform);

        Process former = platform.replace();
        platform.awaitReady();

        requests.awaitMore(50);
        assertThat(former.waitFor()).isEqualTo(128 + Signals.USR1);
        assertThat(requests.stop()).isEmpty();
        assertThat(onlyDyno(platform)).isEqualTo(dyno);
    }

    /// The example does nothing about SIGTERM: what it has not answered by then is lost.
    @Test
    void restartsLoseNoRequestOfAnAppThatEndsAtOnce() throws Exception {
        RunningPaddock platform = startWithShop();
        List<Requests> clients =
                Stream.generate(() -> new Requests(platform)).limit(CLIENTS).toList();

        String before = onlyDyno(platform);
        for (int i = 0; i < RESTARTS; i++) {
            platform.call("DELETE", "/apps/shop/dynos", "");
            clients.getFirst().awaitMore(20);
        }

        for (Requests client : clients) {
            assertThat(client.stop()).isEmpty();
        }
        assertThat(onlyDyno(platform)).isNotEqualTo(before);
    }

    @Test
    void dynosThatAreKilledCostNothingButTheRequestsTheyHad() throws Exception {
        RunningPaddock platform = startWithShop();
        platform.call(
                "PATCH",
                "/apps/shop/formation",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":3}]}");
        awaitUp(platform, 3);
        List<Requests> clients =
                Stream.generate(() -> new Requests(platform)).limit(CLIENTS).toList();

        for (int i = 0; i < KILLS; i++) {
            List<String> before = awaitUp(platform, 3);
            // Every other one dies with its conmon: nobody tells its end, and a router's first vain
            // connection shows it.
            kill(platform, "web." + (i % 3 + 1), i % 2 == 1);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !before.containsAll(awaitUp(platform, 3)));
            clients.getFirst().awaitMore(20);
            // Whatever dies in its first second failed to start, and waits for its next one.
            Thread.sleep(SERVED);
        }

        for (Requests client : clients) {
            // H13: the connection ended without an answer. Nothing that was not sent yet is lost.
            assertThat(client.stop())
                    .allMatch(failure -> failure.contains("H13"))
                    .size()
                    .isLessThanOrEqualTo(KILLS);
        }
    }

    /// The ids of the dynos, when this many are up.
    private static List<String> awaitUp(RunningPaddock platform, int number) {
        return Awaitility.await()
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(100))
                .until(
                        () -> {
                            String dynos = platform.call("GET", "/apps/shop/dynos", "");
                            boolean up = dynos.split("\"up\"", -1).length == number + 1;
                            return up
                                    ? DYNO_ID.matcher(dynos)
                                            .results()
                                            .map(it -> it.group(1))
                                            .toList()
                                    : List.<String>of();
                        },
                        ids -> !ids.isEmpty());
    }

    /// The programs of the dyno, found among those of the platform's dynos by their environment.
    private static void kill(RunningPaddock platform, String dyno, boolean withConmon)
            throws Exception {
        RunningPaddock.shell(
                """
                dying=
                for pid in $(find /sys/fs/cgroup -path "*$HASH/*/cgroup.procs" -exec cat {} + | sort -u); do
                    if tr '\\0' '\\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "DYNO=$DYNO"; then
                        dying="$dying $pid"
                        up=$pid
                        while [ -n "$CONMON" ] && [ "${up:-1}" -gt 1 ]; do
                            [ "$(cat "/proc/$up/comm")" = conmon ] && dying="$up $dying"
                            up=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$up/status" 2>/dev/null)
                        done
                    fi
                done
                # All at once: a program whose conmon is gone fails at every line that it writes.
                kill -9 $dying 2>/dev/null
                [ -n "$dying" ]
                """,
                Map.of(
                        "HASH",
                        RuntimeDirectory.of(platform.data()).hash(),
                        "DYNO",
                        dyno,
                        "CONMON",
                        withConmon ? "too" : ""));
    }

    @Test
    void releasesLoseNoRequestAndOneThatCannotStartChangesNothing() throws Exception {
        RunningPaddock platform = startWithShop();
        platform.call("PATCH", "/apps/shop/formation/web", "{\"quantity\":3}");
        awaitRelease(platform, 2);
        Requests requests = new Requests(platform);

        for (int version = 3; version < 3 + RELEASES; version++) {
            platform.call("PATCH", "/apps/shop/config-vars", "{\"NUMBER\":\"" + version + "\"}");
            awaitRelease(platform, version);
            requests.awaitMore(20);
        }

        // A variable that no Python program survives.
        platform.call("PATCH", "/apps/shop/config-vars", "{\"PYTHONHOME\":\"/nowhere\"}");
        Awaitility.await()
                .atMost(Duration.ofMinutes(4))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() ->
                        assertThat(
                                        platform.call(
                                                "GET", "/apps/shop/releases/" + (3 + RELEASES), ""))
                                .contains("\"failed\""));
        awaitRelease(platform, 2 + RELEASES);
        requests.awaitMore(50);
        assertThat(requests.stop()).isEmpty();
    }

    /// Three web dynos of this release, and no other.
    private static void awaitRelease(RunningPaddock platform, int version) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(4))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> {
                    String dynos = platform.call("GET", "/apps/shop/dynos", "");
                    assertThat(RELEASE.matcher(dynos).results().map(found -> found.group(1)))
                            .containsExactly("" + version, "" + version, "" + version);
                    assertThat(UP.matcher(dynos).results()).hasSize(3);
                });
    }

    @Test
    void underLoadNoRequestFailsWhilePlatformAndDatabaseAreAway() throws Exception {
        RunningPaddock platform = startWithShop();
        String dyno = onlyDyno(platform);
        long database =
                PlatformRecord.read(RuntimeDirectory.of(platform.data()))
                        .orElseThrow()
                        .database()
                        .orElseThrow()
                        .pid();

        try (PacedRequests requests = new PacedRequests(platform, "shop", 500)) {
            requests.awaitMore(500);
            platform.kill();
            requests.awaitMore(1000);
            platform.startAgain();
            platform.awaitReady();
            requests.awaitMore(500);

            signal("STOP", database);
            try {
                requests.awaitMore(2500);
            } finally {
                signal("CONT", database);
            }
            requests.awaitMore(500);

            assertThat(requests.failures()).isEmpty();
        }
        assertThat(onlyDyno(platform)).isEqualTo(dyno);
    }

    /// To a PostgreSQL server and its processes: stopped, they refuse nothing and answer nothing.
    private static void signal(String signal, long postmaster) throws Exception {
        var _ =
                RunningPaddock.shell(
                        "kill -\"$SIGNAL\" \"$PID\" $(ps -o pid= --ppid \"$PID\")",
                        Map.of("SIGNAL", signal, "PID", Long.toString(postmaster)));
    }

    @Test
    void replacementThatCannotMigrateLeavesThePlatformRunning() throws Exception {
        RunningPaddock platform =
                new RunningPaddock(Files.createDirectories(folder.resolve("one")));
        platform.awaitReady();
        forgetLastMigration(platform.data());

        Process former = platform.replace();

        assertThat(platform.refused("the running platform was not replaced")).isTrue();
        assertThat(former.isAlive()).isTrue();
        assertThat(platform.call("GET", "/account", "")).contains("\"email\"");
    }

    @Test
    void restoredPlatformBringsTheAppUpAsItWas() throws Exception {
        RunningPaddock platform =
                new RunningPaddock(Files.createDirectories(folder.resolve("one")));
        platform.awaitReady();
        platform.call("POST", "/apps", "{\"name\":\"shop\"}");
        platform.call("PATCH", "/apps/shop/config-vars", "{\"GREETING\":\"kept secret\"}");
        platform.push(folder.resolve("one/work"), "python", "shop");
        awaitHello(platform);
        String releases = platform.call("GET", "/apps/shop/releases", "");
        String formation = platform.call("GET", "/apps/shop/formation", "");
        Path backup = folder.resolve("backup");

        Requests requests = new Requests(platform);
        String said = paddock("backup", platform.data(), backup);
        requests.awaitMore(10);
        assertThat(requests.stop()).isEmpty();
        assertThat(said).contains("wrote " + backup + ": 1 repositories, 1 slugs");
        assertThat(Files.readString(backup, ISO_8859_1)).doesNotContain("kept secret");

        var _ = down(platform.data());
        assertThat(platform.data()).doesNotExist();
        assertThat(paddock("restore", platform.data(), backup))
                .contains("restored 1 apps, 1 repositories, 1 slugs", "Start it with: paddock up");
        platform.startAgain();
        platform.awaitReady();

        awaitHello(platform);
        assertThat(platform.call("GET", "/apps/shop/releases", "")).isEqualTo(releases);
        assertThat(platform.call("GET", "/apps/shop/formation", "")).isEqualTo(formation);
        assertThat(platform.call("GET", "/apps/shop/config-vars", "")).contains("kept secret");
        assertThat(platform.clone(folder.resolve("cloned"), "shop")).contains("first");
        assertThat(folder.resolve("cloned/Procfile"))
                .hasSameBinaryContentAs(folder.resolve("one/work/Procfile"));
    }

    private static String paddock(String command, Path data, Path file) throws Exception {
        return RunningPaddock.shell(
                "\"$LAUNCHER\" \"$COMMAND\" --data \"$DATA\" \"$FILE\"",
                Map.of(
                        "LAUNCHER", RunningPaddock.launcher(),
                        "COMMAND", command,
                        "DATA", data.toString(),
                        "FILE", file.toString()));
    }

    /// Doing it a second time fails: what it makes is there.
    private static void forgetLastMigration(Path data) throws Exception {
        PostgresServer server =
                PostgresServer.start(
                        data.resolve("postgres"),
                        RuntimeDirectory.of(data).path(),
                        RunningPaddock.CHECKOUT.resolve("server/target/postgres"));
        try (Connection connection = server.address().connect();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(
                    "delete from flyway_schema_history where installed_rank = (select max(installed_rank) from flyway_schema_history)");
        }
    }

    /// A platform whose one app answers.
    private RunningPaddock startWithShop() throws Exception {
        RunningPaddock platform =
                new RunningPaddock(Files.createDirectories(folder.resolve("one")));
        platform.awaitReady();
        platform.call("POST", "/apps", "{\"name\":\"shop\"}");
        platform.push(folder.resolve("one/work"), "python", "shop");
        awaitHello(platform);
        return platform;
    }

    private static void awaitHello(RunningPaddock platform) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() ->
                        assertThat(platform.get("shop"))
                                .startsWith("HTTP/1.1 200 ")
                                .contains("Hello from web.1!"));
    }

    private static String onlyDyno(RunningPaddock platform) throws Exception {
        String dynos = platform.call("GET", "/apps/shop/dynos", "");
        Matcher id = DYNO_ID.matcher(dynos);
        assertThat(id.find()).as(dynos).isTrue();
        assertThat(dynos).containsOnlyOnce("\"web.1\"").contains("\"up\"");
        return id.group(1);
    }

    private static String status(RunningPaddock platform) throws Exception {
        return RunningPaddock.shell(
                "\"$LAUNCHER\" status --data \"$DATA\"",
                Map.of("LAUNCHER", RunningPaddock.launcher(), "DATA", platform.data().toString()));
    }

    /// All that a platform could leave on this machine, found by its hash, which every name carries, and by its path.
    private static List<String> traces(String hash, Path data) throws Exception {
        String found =
                RunningPaddock.shell(
                        """
                        {
                          grep -e "$HASH" -e "$DATA" /proc/self/mountinfo
                          ls -d /run/paddock/*"$HASH"* /run/netns/*"$HASH"* "$DATA"
                          find /sys/fs/cgroup -type d -name "*$HASH*"
                          nft list tables | grep "$HASH"
                          ip -o link | grep "$HASH"
                          ps -eo pid,args | grep -e "$HASH" -e "$DATA/" | grep -v -e grep -e 'sh -c'
                        } 2>/dev/null || true
                        """,
                        Map.of("HASH", hash, "DATA", data.toString()));
        return found.lines().toList();
    }

    /// Asks an app again and again, one request after the other, and keeps what went wrong.
    private static final class Requests {
        private final RunningPaddock platform;
        private final AtomicInteger answered = new AtomicInteger();
        private final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final Thread thread;
        private volatile boolean stopped;

        Requests(RunningPaddock platform) {
            this.platform = platform;
            thread = Thread.ofPlatform().name("requests").start(this::ask);
        }

        private void ask() {
            while (!stopped) {
                try {
                    String answer = platform.get("shop");
                    if (!answer.startsWith("HTTP/1.1 200 ")) {
                        failures.add(answer);
                    }
                } catch (IOException e) {
                    failures.add(e.toString());
                }
                answered.incrementAndGet();
            }
        }

        void awaitMore(int number) {
            int before = answered.get();
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> answered.get() >= before + number);
        }

        List<String> stop() throws InterruptedException {
            stopped = true;
            thread.join();
            return List.copyOf(failures);
        }
    }
}
