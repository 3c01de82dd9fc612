package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An account's pool of free hours, used up: what its apps' visitors and its log see of that, with real launcher,
/// PostgreSQL, router and containers. Runs after packaging.
class UsedUpPoolAcceptance {
    private static final Pattern LOGS = Pattern.compile("\"logplex_url\":\\s*\"([^\"]+)\"");

    /// Above the pool's 1000 hours, however young the month is: as many dynos from its begin as it takes.
    private static final String SPEND =
            """
            with month as (
              select date_trunc('month', now(), 'UTC') as begun,
                extract(epoch from now() - date_trunc('month', now(), 'UTC'))::bigint + 1 as seconds),
            dynos as (
              select gen_random_uuid() as dyno, month.*
              from month, generate_series(1, (3600 * 1000 / month.seconds) + 1))
            insert into dyno_transitions (dyno, app, type, number, kind, size, release, from_state,
              to_state, reason, tick_nanos, boot_id, at, owner, app_name)
            select dyno, gen_random_uuid(), 'web', 1, 'FORMATION', 'Eco', 1, state[1], state[2], 'START',
              state[3]::bigint * seconds * 1000000000, 'earlier',
              begun + state[3]::bigint * seconds * interval '1 second', shop.owner, 'gone'
            from dynos, (values (array['CREATED', 'STARTING', '0']), (array['STARTING', 'DOWN', '1'])) as ends (state),
              (select owner from apps where name = 'shop') as shop
            """;

    @TempDir Path folder;

    @BeforeEach
    void requireMachine() {
        assumeTrue(Superuser.here(), "needs root: containers, namespaces, system users");
        assumeTrue(
                HostPackages.ofThisMachine().missing().isEmpty(),
                "needs the packages conmon, crun, tini, nftables, iproute2");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git")), "needs git");
        assumeTrue(
                Files.isDirectory(RunningPaddock.CHECKOUT.resolve("server/target/lib/router")),
                "needs server/target/lib: run it by ./mvnw verify");
    }

    @AfterEach
    void purge() throws Exception {
        if (Files.exists(folder.resolve("data/lock"))) {
            var _ =
                    RunningPaddock.shell(
                            "\"$LAUNCHER\" down --purge --data \"$DATA\"",
                            Map.of(
                                    "LAUNCHER",
                                    RunningPaddock.launcher(),
                                    "DATA",
                                    folder.resolve("data").toString()));
        }
    }

    @Test
    void ecoDynosAnswerH82UntilTheyHaveAnotherSize() throws Exception {
        RunningPaddock platform = new RunningPaddock(folder, "--free-hours", "pool");
        platform.awaitReady();
        platform.call("POST", "/apps", "{\"name\":\"shop\"}");
        platform.push(folder.resolve("work"), "python", "shop");
        resize(platform, "eco");
        awaitAnswer(platform, "HTTP/1.1 200 ", "Hello from web.1!");

        spend(platform);

        awaitAnswer(platform, "HTTP/1.1 503 ", "Free dyno quota exhausted (H82)");
        assertThat(platform.call("GET", "/apps/shop/dynos", "")).contains("\"idle\"");
        awaitLog(platform, "code=H82 desc=\"Free dyno quota exhausted\"");
        awaitLog(platform, "The account's free hours of this month are used up");

        platform.kill();
        platform.startAgain();
        platform.awaitReady();
        assertThat(platform.get("shop")).startsWith("HTTP/1.1 503 ");
        resize(platform, "basic");
        awaitAnswer(platform, "HTTP/1.1 200 ", "Hello from web.1!");

        assertThat(log(platform).split("are used up", -1)).as("parts of the log").hasSize(2);
    }

    private static void resize(RunningPaddock platform, String size) throws Exception {
        platform.call(
                "PATCH",
                "/apps/shop/formation",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":1,\"size\":\"" + size + "\"}]}");
    }

    private static void spend(RunningPaddock platform) throws Exception {
        Path postgres = platform.data().resolve("postgres");
        String url =
                "jdbc:postgresql://127.0.0.1:"
                        + Files.readString(postgres.resolve("port")).strip()
                        + "/postgres";
        String password = Files.readString(postgres.resolve("password")).strip();
        try (Connection connection = DriverManager.getConnection(url, "paddock", password);
                Statement statement = connection.createStatement()) {
            assertThat(statement.executeUpdate(SPEND)).isPositive();
        }
    }

    private static void awaitAnswer(RunningPaddock platform, String status, String body) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(
                        () -> assertThat(platform.get("shop")).startsWith(status).contains(body));
    }

    private static void awaitLog(RunningPaddock platform, String text) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(log(platform)).contains(text));
    }

    /// The app's last lines.
    private static String log(RunningPaddock platform) throws IOException, InterruptedException {
        String session =
                platform.call("POST", "/apps/shop/log-sessions", "{\"lines\":1000,\"tail\":false}");
        Matcher url = LOGS.matcher(session);
        assertThat(url.find()).as(session).isTrue();
        try (InputStream lines = URI.create(url.group(1)).toURL().openStream()) {
            return new String(lines.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
