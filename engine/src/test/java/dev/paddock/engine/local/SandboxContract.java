package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoSpec;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Dynos of an ordinary user where bubblewrap is.
class SandboxContract extends UserContract {
    private static Platform platform;

    @BeforeAll
    static void open() throws IOException {
        platform = Platform.ofThisUser();
    }

    @AfterAll
    static void close() {
        if (platform != null) {
            platform.close();
        }
    }

    @Override
    protected Platform platform() {
        return platform;
    }

    @Override
    protected void reopen() {
        platform.reopen();
    }

    @Test
    void theStartSaysWhatIsWeaker() {
        assertThat(platform.engine.isolation()).isEqualTo(Isolation.SANDBOXES);
        assertThat(platform.engine.weaknesses())
                .singleElement()
                .asString()
                .contains("ordinary user", "share the network", "sudo ./paddock up");
    }

    @Test
    void dynoSeesItsOwnProcessesAndFilesOnly() {
        assertThat(platform.run(platform.bash("echo /proc/[0-9]* | wc -w")))
                .satisfies(count -> assertThat(Integer.parseInt(count)).isLessThan(8));
        assertThat(platform.run(platform.bash("ls /; ls -A /app /home /mnt /run")))
                .doesNotContain("root", "tmp/paddock");
        assertThat(platform.run(platform.bash("ls " + platform.data + " 2>&1")))
                .contains("No such file");
        assertThat(platform.run(platform.bash("id -un; hostname; pwd; echo $HOME")))
                .startsWith("dyno\n")
                .endsWith("/app\n/app");
    }

    @Test
    void dynoWritesOnlyWhereItMay() {
        String tried =
                """
                for place in / /usr /etc /dev /sys /proc/sys/kernel /var /run; do
                    ( : >$place/new ) 2>/dev/null && echo "wrote $place"
                done
                for place in /app /tmp /dev/shm; do
                    ( : >$place/new ) 2>/dev/null || echo "no $place"
                done
                head -c 200000000 /dev/zero 2>/dev/null >/tmp/big; stat -c %s /tmp/big
                """;

        assertThat(platform.run(platform.bash(tried))).isEqualTo(Long.toString(128L << 20));
    }

    @Test
    void dynoHasNoPrivilegeToGain() {
        assertThat(platform.run(platform.bash("grep -E 'Cap|NoNewPrivs' /proc/self/status")))
                .contains(
                        "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1");
        assertThat(platform.run(platform.bash("unshare --user true && echo made; exit 0")))
                .doesNotContain("made");
    }

    @Test
    void dynoInheritsNothing() {
        assertThat(
                        platform.run(
                                platform.bash(
                                        "ls /proc/self/fd | wc -l; env | cut -d= -f1 | sort")))
                .startsWith("4\n")
                .isEqualTo(
                        """
                        4
                        DYNO
                        GREETING
                        HOME
                        LANG
                        PATH
                        PORT
                        PWD
                        SHLVL
                        USER
                        _\
                        """);
    }

    @Test
    void processesOfADynoAreCountedByThemselves() {
        String forks =
                """
                import os, time
                made = 0
                try:
                    while made < 1000:
                        if os.fork() == 0:
                            time.sleep(100)
                        made += 1
                except BlockingIOError:
                    print(made)
                """;

        String made = platform.run(platform.bash("exec python3 -c '" + forks + "'"));

        assertThat(Integer.parseInt(made)).isBetween(200, 256);
    }

    @Test
    void whatBubblewrapCannotDoIsSaid() {
        DynoSpec spec =
                platform.build(
                        "true", new dev.paddock.dyno.Mount(Path.of("/nowhere"), "/mnt", false));

        platform.start(spec);

        assertThat(platform.exit(spec).detail()).contains("/nowhere");
    }
}
