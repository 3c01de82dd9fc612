package dev.paddock.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `paddock top` as an operator sees it: a real platform with an app, in a terminal and without one.
class TopAcceptance {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String DYNO = "  web[.]1 +up +\\S+ +\\S+ +[0-9.]+% +[0-9]+/512M";
    private static final String ENTER = "\u001b[?1049h";
    private static final String LEAVE = "\u001b[?1049l";

    @TempDir Path folder;

    @Test
    void topShowsWhatRunsUntilItIsLeft() throws Exception {
        assumeTrue(Superuser.here(), "needs root: containers, namespaces, system users");
        assumeTrue(
                HostPackages.ofThisMachine().missing().isEmpty(),
                "needs the packages conmon, crun, tini, nftables, iproute2");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "needs script (bsdutils)");
        assumeTrue(
                Files.isDirectory(RunningPaddock.CHECKOUT.resolve("server/target/lib/router")),
                "needs server/target/lib: run it by ./mvnw verify");
        RunningPaddock platform = new RunningPaddock(folder);
        try {
            platform.awaitReady();
            platform.call("POST", "/apps", "{\"name\":\"shop\"}");
            var _ = platform.push(folder.resolve("work"), "python", "shop");
            Awaitility.await()
                    .atMost(LIMIT)
                    .until(() -> platform.call("GET", "/apps/shop/dynos", "").contains("\"up\""));

            livesInATerminalUntilQ(platform);
            isPrintedOnceElsewhere(platform);
        } finally {
            var _ = paddock("down --purge", platform);
        }
        assertThat(platform.awaitEnd()).isEqualTo(143);
        assertThat(paddock("top", platform)).contains("No platform runs on", "status 1");
    }

    private static void livesInATerminalUntilQ(RunningPaddock platform) throws Exception {
        String command =
                "stty rows 20 cols 110; before=$(stty -g); '%s' top --data '%s'; echo \"status $?\"; [ \"$before\" = \"$(stty -g)\" ] && echo restored"
                        .formatted(RunningPaddock.launcher(), platform.data());
        Process terminal =
                new ProcessBuilder("script", "-q", "-f", "-c", command, "/dev/null")
                        .redirectErrorStream(true)
                        .start();
        Screen screen = Screen.of(terminal.getInputStream());

        Awaitility.await()
                .atMost(LIMIT)
                .untilAsserted(() ->
                        assertThat(screen.text())
                                .contains("APP / DYNO", "1 app, 1 dyno (1 up)")
                                .containsPattern("shop +1/1 up")
                                .containsPattern(DYNO));
        // The first look has nothing to compare with.
        assertThat(screen.text()).startsWith(ENTER).doesNotContain(LEAVE);
        terminal.getOutputStream().write('x');
        terminal.getOutputStream().write('q');
        terminal.getOutputStream().flush();

        assertThat(terminal.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        Awaitility.await()
                .atMost(LIMIT)
                .untilAsserted(() -> assertThat(screen.text()).contains("restored"));
        assertThat(screen.text().substring(screen.text().indexOf(LEAVE)))
                .contains("status 0")
                .doesNotContain("web.1");
    }

    private static void isPrintedOnceElsewhere(RunningPaddock platform) throws Exception {
        List<String> lines = paddock("top", platform).lines().toList();

        assertThat(lines).hasSize(5);
        assertThat(lines.get(0)).contains("1 app, 1 dyno (1 up)");
        assertThat(lines.get(1)).startsWith("APP / DYNO");
        assertThat(lines.get(2)).startsWith("shop ");
        assertThat(lines.get(3)).containsPattern("^" + DYNO);
        assertThat(lines.get(4)).isEqualTo("status 0");
    }

    private static String paddock(String command, RunningPaddock platform) throws Exception {
        return RunningPaddock.shell(
                "\"$LAUNCHER\" " + command + " --data \"$DATA\" 2>&1; echo \"status $?\"",
                Map.of(
                        "LAUNCHER", RunningPaddock.launcher(),
                        "DATA", platform.data().toString()));
    }

    /// All that was written to a terminal so far.
    private static final class Screen {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();

        static Screen of(InputStream stream) {
            Screen screen = new Screen();
            Thread.ofPlatform().daemon().name("screen").start(() -> screen.read(stream));
            return screen;
        }

        private void read(InputStream stream) {
            try {
                stream.transferTo(written);
            } catch (IOException closed) {
                written.writeBytes(closed.toString().getBytes(UTF_8));
            }
        }

        String text() {
            return written.toString(UTF_8);
        }
    }
}
