package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.store.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A platform that is killed at each step of push, release, scale and destroy, and started again: the change was made or
/// it was not, and nothing else is left of it. One platform lives through all; each start knows where it will end.
class CrashPointAcceptance {
    private static final List<String> PUSH =
            List.of(
                    "push: begun",
                    "build: -----> Building on the Paddock stack",
                    "build: -----> Discovering process types",
                    "push: built",
                    "push: releasing",
                    "release: stored",
                    "release: told",
                    "push: released");
    private static final List<String> SCALE = List.of("scale: stored", "scale: told");
    private static final List<String> CONFIGURE = List.of("release: stored");
    private static final List<String> DESTROY =
            List.of(
                    "destroy: marked",
                    "destroy: ended",
                    "destroy: discarded",
                    "destroy: slugs",
                    "destroy: files",
                    "destroy: done");

    private static final Duration LIMIT = Duration.ofMinutes(4);

    /// What no start may find, or leave, in the database.
    private static final String LEFT_OVER =
            """
            select 'build ' || id from builds where status = 'PENDING'
            union all select 'release ' || id from releases where status = 'PENDING'
            union all select 'app ' || id from apps where destroying
            union all select 'slug ' || id from slugs s
              where not exists (select 1 from releases r where r.slug = s.id)
            """;

    @TempDir Path folder;

    private RunningPaddock platform;
    private Path work;
    private int pushed;

    @BeforeEach
    void startPlatform() throws Exception {
        assumeTrue(Superuser.here(), "needs root: containers, namespaces, system users");
        assumeTrue(
                HostPackages.ofThisMachine().missing().isEmpty(),
                "needs the packages conmon, crun, tini, nftables, iproute2");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git")), "needs git");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3");
        assumeTrue(
                Files.isDirectory(RunningPaddock.CHECKOUT.resolve("server/target/lib/router")),
                "needs server/target/lib: run it by ./mvnw verify");
        work = folder.resolve("work");
        platform = new RunningPaddock(Files.createDirectories(folder.resolve("one")));
        platform.awaitReady();
    }

    @AfterEach
    void purge() throws Exception {
        Path data = folder.resolve("one").resolve("data");
        if (Files.exists(data.resolve(DataDirectory.LOCK))) {
            var _ =
                    RunningPaddock.shell(
                            "\"$LAUNCHER\" down --purge --data \"$DATA\"",
                            Map.of(
                                    "LAUNCHER", RunningPaddock.launcher(),
                                    "DATA", data.toString()));
        }
    }

    @Test
    void whatWasCutOffWasDoneOrNotAndNothingIsLeftOfIt() throws Exception {
        platform.call("POST", "/apps", "{\"name\":\"shop\"}");
        platform.push(work, "python", "shop");
        awaitAnswer("Hello from web.1!");

        List<String> steps = new ArrayList<>(PUSH);
        steps.addAll(CONFIGURE);
        steps.addAll(SCALE);
        restartToCrashAt(steps.getFirst());
        for (int i = 0; i < steps.size(); i++) {
            String step = steps.get(i);
            State before = State.of(platform);
            Change change = i < PUSH.size() ? push() : i < PUSH.size() + 1 ? config() : scale();
            change.begin().run();
            assertThat(platform.awaitEnd()).as(step).isEqualTo(CrashPoint.STATUS);

            startToCrashAt(Optional.of(steps.get(Math.min(i + 1, steps.size() - 1))));

            State after = State.of(platform);
            assertThat(after).as(step).isIn(before, change.done(before));
            awaitNothingLeft(step, after.quantity());
        }
        awaitAnswer("Hello from web.1!");

        for (String step : DESTROY) {
            restartToCrashAt(step);
            ignoringTheEnd(() -> platform.call("DELETE", "/apps/shop", ""));
            assertThat(platform.awaitEnd()).as(step).isEqualTo(CrashPoint.STATUS);

            startToCrashAt(Optional.empty());

            awaitGone(step);
            awaitNothingLeft(step, 0);
            if (!step.equals(DESTROY.getLast())) {
                platform.call("POST", "/apps", "{\"name\":\"shop\"}");
                platform.pushAgain(work, "shop", "again" + pushed++);
                awaitAnswer("Hello from web.1!");
            }
        }
    }

    private void restartToCrashAt(String step) throws Exception {
        platform.kill();
        startToCrashAt(Optional.of(step));
    }

    private void startToCrashAt(Optional<String> step) throws Exception {
        platform.startAgain(
                step.map(name ->
                                Map.of(
                                        "JDK_JAVA_OPTIONS",
                                        "\"-D%s=%s\"".formatted(CrashPoint.PROPERTY, name)))
                        .orElse(Map.of()));
        platform.awaitReady();
    }

    private Change push() {
        return new Change(
                () -> ignoringTheEnd(() -> platform.pushAgain(work, "shop", "change" + pushed++)),
                State::released);
    }

    private Change config() {
        return new Change(
                () ->
                        ignoringTheEnd(() ->
                                platform.call(
                                        "PATCH",
                                        "/apps/shop/config-vars",
                                        "{\"NUMBER\":\"%d\"}".formatted(pushed++))),
                State::released);
    }

    private Change scale() {
        return new Change(
                () ->
                        ignoringTheEnd(() ->
                                platform.call(
                                        "PATCH",
                                        "/apps/shop/formation/web",
                                        "{\"quantity\":\"+1\"}")),
                State::scaled);
    }

    /// The platform goes away before it can answer.
    private static void ignoringTheEnd(Attempt attempt) throws InterruptedException {
        try {
            var _ = attempt.run();
        } catch (IOException | IllegalStateException expected) {
            // What came of it is asked for afterwards.
        }
    }

    private void awaitAnswer(String text) {
        Awaitility.await()
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(platform.get("shop")).contains(text));
    }

    private void awaitGone(String step) {
        Awaitility.await(step)
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> platform.call("GET", "/apps", "").strip().equals("[]"));
    }

    /// A new set of dynos takes the place of the old one first.
    private void awaitNothingLeft(String step, int dynos) {
        Awaitility.await(step)
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(leftOvers(dynos)).isEmpty());
    }

    private List<String> leftOvers(int dynos) throws Exception {
        List<String> found = new ArrayList<>(query(LEFT_OVER));
        String hash = RuntimeDirectory.of(platform.data()).hash();
        found.addAll(
                RunningPaddock.shell(
                                """
                                cd "$DATA"
                                ls build 2>/dev/null || true
                                ls slugs 2>/dev/null | grep -v '\\.tgz$' || true
                                ls repositories 2>/dev/null | grep -v '\\.git$' || true
                                """,
                                Map.of("DATA", platform.data().toString()))
                        .lines()
                        .toList());
        List<String> rows = query("select id || '.tgz' from slugs order by 1");
        List<String> files =
                RunningPaddock.shell(
                                "ls \"$DATA/slugs\" 2>/dev/null | sort || true",
                                Map.of("DATA", platform.data().toString()))
                        .lines()
                        .toList();
        if (!rows.equals(files)) {
            found.add("slugs " + rows + " but files " + files);
        }
        List<String> running =
                RunningPaddock.shell(
                                "ls -d /run/paddock/$HASH/dynos/*/spec.json 2>/dev/null || true",
                                Map.of("HASH", hash))
                        .lines()
                        .toList();
        if (running.size() != dynos) {
            found.add("dynos " + running);
        }
        return found;
    }

    private List<String> query(String sql) throws Exception {
        PostgresServer server =
                PostgresServer.find(
                                platform.data().resolve("postgres"),
                                RuntimeDirectory.of(platform.data()).path(),
                                RunningPaddock.CHECKOUT.resolve("server/target/postgres"))
                        .orElseThrow();
        List<String> found = new ArrayList<>();
        try (Connection connection = server.address().connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    /// What of an app such a change may change.
    private record State(int releases, int quantity) {
        static State of(RunningPaddock platform) throws Exception {
            String releases = platform.call("GET", "/apps/shop/releases", "");
            String web = platform.call("GET", "/apps/shop/formation/web", "");
            return new State(
                    releases.split("\"version\"", -1).length - 1,
                    Integer.parseInt(web.replaceAll("(?s).*\"quantity\":\\s*(\\d+).*", "$1")));
        }

        State released() {
            return new State(releases + 1, quantity);
        }

        State scaled() {
            return new State(releases, quantity + 1);
        }
    }

    private record Change(Beginning begin, java.util.function.UnaryOperator<State> then) {
        State done(State before) {
            return then.apply(before);
        }
    }

    private interface Beginning {
        void run() throws InterruptedException;
    }

    private interface Attempt {
        String run() throws IOException, InterruptedException;
    }
}
