package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A platform that an ordinary user starts, from the first push to `down --purge`: with bubblewrap, and with nothing.
class UnprivilegedLifeAcceptance {
    /// One that every Debian has, and whose group has another number.
    private static final String USER = "games";

    private static final Path BUBBLEWRAP = Path.of("/usr/bin/bwrap");
    private static final Pattern ID =
            Pattern.compile("\"id\":\\s*\"([0-9a-f-]{36})\",\\s*\"name\":\\s*\"web[.]");
    private static final Pattern LOG_URL = Pattern.compile("\"logplex_url\":\\s*\"([^\"]+)\"");
    private static final Duration LONG = Duration.ofSeconds(90);

    @TempDir Path folder;
    private Path plain;
    private Path sandboxed;
    private @Nullable RunningPaddock started;

    @BeforeEach
    void installForTheUser() throws Exception {
        assumeTrue(Superuser.here(), "needs root to become another user");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/git")), "needs git");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "needs python3");
        Path lib = RunningPaddock.CHECKOUT.resolve("server/target/lib");
        assumeTrue(
                Files.isDirectory(lib.resolve("router")),
                "needs server/target/lib: run it by ./mvnw verify");
        // Without java's archives: to make them takes longer than the rest.
        RunningPaddock.shell(
                """
                chmod 755 "$FOLDER"
                mkdir -p "$FOLDER/home/archives" "$FOLDER/one"
                cp "$CHECKOUT/paddock" "$FOLDER/home/"
                cp -r "$CHECKOUT/server/target/lib" "$FOLDER/home/lib"
                touch "$FOLDER/home/archives/up.aot"
                chown -R "$USER_NAME" "$FOLDER/home" "$FOLDER/one"
                """,
                Map.of(
                        "FOLDER", folder.toString(),
                        "CHECKOUT", RunningPaddock.CHECKOUT.toString(),
                        "USER_NAME", USER));
        String become = "exec setpriv --reuid=%s --regid=%s --clear-groups".formatted(USER, USER);
        sandboxed =
                script(
                        "sandboxed",
                        "cd / && export HOME='%s' && %s '%s/home/paddock' \"$@\""
                                .formatted(folder.resolve("home"), become, folder));
        Path nothing = Files.createFile(folder.resolve("nothing"));
        plain =
                script(
                        "plain",
                        """
                        [ ! -e %2$s ] || [ -n "${HIDDEN:-}" ] || HIDDEN=yes exec unshare --mount "$0" "$@"
                        [ ! -e %2$s ] || mount --bind '%1$s' %2$s
                        exec '%3$s' "$@"
                        """
                                .formatted(nothing, BUBBLEWRAP, sandboxed));
    }

    private Path script(String name, String content) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + content);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void removeWhatAFailureLeft() throws Exception {
        if (started != null && Files.exists(started.data().resolve("lock"))) {
            var _ = paddock(sandboxed, started.data(), "down", "--purge");
        }
    }

    private static String paddock(Path launcher, Path data, String... words) throws Exception {
        return RunningPaddock.shell(
                "\"$LAUNCHER\" " + String.join(" ", words) + " --data \"$DATA\" 2>&1 || true",
                Map.of("LAUNCHER", launcher.toString(), "DATA", data.toString()));
    }

    @Test
    void appOfAnOrdinaryUserLivesInSandboxes() throws Exception {
        assumeTrue(Files.isExecutable(BUBBLEWRAP), "needs bubblewrap");

        livesFromPushToPurge(sandboxed);
        assertThat(Files.readString(folder.resolve("one/messages")))
                .contains("runs as an ordinary user, so bubblewrap makes the dynos");
    }

    @Test
    void appRunsInPlainProcessesWhereThereIsNothingAndItIsSaidLoudly() throws Exception {
        livesFromPushToPurge(plain);
        assertThat(Files.readString(folder.resolve("one/messages")))
                .contains("paddock: NOT ISOLATED: apps run as plain processes");
    }

    private void livesFromPushToPurge(Path launcher) throws Exception {
        RunningPaddock platform = new RunningPaddock(folder.resolve("one"), launcher);
        started = platform;
        platform.awaitReady();
        platform.call("POST", "/apps", "{\"name\":\"shop\"}");
        assertThat(platform.push(folder.resolve("work"), "python", "shop")).contains("Released v2");
        awaitHello(platform);

        platform.call("PATCH", "/apps/shop/formation/web", "{\"quantity\":2}");
        List<String> dynos = awaitUp(platform, 2);
        platform.call("POST", "/apps/shop/dynos", "{\"command\":\"echo from $DYNO in $HOME\"}");
        Awaitility.await().atMost(LONG).until(() -> logs(platform).contains("from run."));
        assertThat(logs(platform))
                .contains("State changed from starting to up", "Process exited with status 0");

        platform.kill();
        assertThat(platform.get("shop")).startsWith("HTTP/1.1 200 ");
        platform.startAgain();
        platform.awaitReady();
        assertThat(awaitUp(platform, 2)).isEqualTo(dynos);
        assertThat(paddock(launcher, platform.data(), "status"))
                .contains("dynos      2 running")
                .containsPattern("isolation  (weaker|NOT ISOLATED): ");

        platform.call("DELETE", "/apps/shop/dynos", "");
        Awaitility.await()
                .atMost(LONG)
                .until(() -> awaitUp(platform, 2).stream().noneMatch(dynos::contains));
        awaitHello(platform);

        Path runtime = Path.of("/tmp/paddock-5", RuntimeDirectory.hash(platform.data()));
        assertThat(runtime).exists();
        assertThat(paddock(launcher, platform.data(), "down", "--purge"))
                .contains("stopped the platform", "removed " + platform.data());
        assertThat(platform.awaitEnd()).isEqualTo(143);
        assertThat(runtime).doesNotExist();
        assertThat(platform.data()).doesNotExist();
        assertThat(processes()).isEmpty();
    }

    private String processes() throws Exception {
        return RunningPaddock.shell(
                "ps -o pid=,args= -u \"$USER_NAME\" | grep -e \"$FOLDER\" | grep -v grep || true",
                Map.of("USER_NAME", USER, "FOLDER", folder.toString()));
    }

    private static void awaitHello(RunningPaddock platform) {
        Awaitility.await()
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() ->
                        assertThat(platform.get("shop"))
                                .startsWith("HTTP/1.1 200 ")
                                .contains("Hello from web."));
    }

    private static List<String> awaitUp(RunningPaddock platform, int number) {
        return Awaitility.await()
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(100))
                .until(
                        () -> {
                            String dynos = platform.call("GET", "/apps/shop/dynos", "");
                            List<String> ids =
                                    ID.matcher(dynos).results().map(id -> id.group(1)).toList();
                            boolean up = dynos.split("\"up\"", -1).length == number + 1;
                            return up && ids.size() == number ? ids : List.<String>of();
                        },
                        ids -> !ids.isEmpty());
    }

    private static String logs(RunningPaddock platform) throws Exception {
        String session =
                platform.call("POST", "/apps/shop/log-sessions", "{\"lines\":100,\"tail\":false}");
        String url =
                LOG_URL.matcher(session)
                        .results()
                        .findFirst()
                        .map(MatchResult::group)
                        .orElseThrow();
        return RunningPaddock.shell(
                "curl -s -k \"$URL\"", Map.of("URL", url.replaceAll(".*\"(http[^\"]*)\".*", "$1")));
    }

    @Test
    void portsOfRootAreRefusedToAnOrdinaryUserWithAReason() throws Exception {
        assumeTrue(
                Files.readAllLines(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start"))
                        .getFirst()
                        .equals("1024"),
                "needs a machine that keeps low ports for root");

        String said =
                RunningPaddock.shell(
                        "\"$LAUNCHER\" up --http 127.0.0.1:81 --data \"$DATA\" 2>&1 || echo \"status $?\"",
                        Map.of(
                                "LAUNCHER", sandboxed.toString(),
                                "DATA", folder.resolve("one/data").toString()));

        assertThat(said)
                .contains(
                        "127.0.0.1:81", "ports below 1024 are for root", "another port with --http")
                .contains("status 1");
        assertThat(folder.resolve("one/data")).doesNotExist();
    }
}
