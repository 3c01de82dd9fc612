package dev.paddock.daemons;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DaemonTest {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final String READY = "trap 'exit 0' TERM; echo ready; ";
    private static final String WAIT = "while :; do sleep 0.05; done";

    @TempDir private Path directory;
    private Path record;
    private Path output;

    @BeforeEach
    void nameFiles() {
        record = directory.resolve("daemon");
        output = directory.resolve("daemon.log");
    }

    @AfterEach
    void endDaemon() {
        Daemon.find(record).ifPresent(daemon -> daemon.stop("KILL", GRACE));
    }

    @Test
    void leadsItsOwnSessionAndWritesToItsFile() throws IOException {
        Daemon daemon = Daemon.start(shell(READY + WAIT));

        awaitOutput("ready");
        assertThat(daemon.alive()).isTrue();
        assertThat(session(daemon.pid())).isEqualTo(daemon.pid());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(output)))
                .isEqualTo("rw-------");
    }

    @Test
    void getsOnlyTheEnvironmentGiven() {
        Daemon.start(
                new DaemonSpec(
                        record,
                        "1",
                        List.of("/bin/sh", "-c", "env; echo ready; " + WAIT),
                        Map.of("ONLY", "this"),
                        output,
                        Confinement.NONE));

        awaitOutput("ready");
        assertThat(read(output)).contains("ONLY=this").doesNotContain("HOME=", "USER=", "PATH=/");
    }

    @Test
    void isFoundByItsRecordAndKnowsItsVersion() {
        Daemon started = Daemon.start(shell(WAIT));

        Optional<Daemon> found = Daemon.find(record);

        assertThat(found).map(Daemon::pid).contains(started.pid());
        assertThat(found.orElseThrow().matches("1")).isTrue();
        assertThat(found.orElseThrow().matches("2")).isFalse();
    }

    @Test
    void recordOfAnotherBootOrStartTimeIsNotBelieved() throws IOException {
        Daemon.start(shell(WAIT));
        String good = Files.readString(record);

        Files.writeString(record, good.replaceFirst("boot=.*", "boot=another"));
        assertThat(Daemon.find(record)).isEmpty();

        Files.writeString(record, good.replaceFirst("started=.*", "started=1"));
        assertThat(Daemon.find(record)).isEmpty();

        Files.writeString(record, good);
        assertThat(Daemon.find(record)).isPresent();
    }

    @Test
    void isNotStartedTwice() {
        Daemon.start(shell(WAIT));

        assertThatThrownBy(() -> Daemon.start(shell(WAIT)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("already runs");
    }

    @Test
    void stopsOnSigterm() {
        Daemon daemon = Daemon.start(shell(READY + WAIT));
        awaitOutput("ready");

        daemon.stop(GRACE);

        assertThat(daemon.alive()).isFalse();
        assertThat(record).doesNotExist();
    }

    @Test
    void isKilledWhenItIgnoresSigterm() {
        Daemon daemon = Daemon.start(shell("trap '' TERM; echo ready; " + WAIT));
        awaitOutput("ready");

        daemon.stop(Duration.ofMillis(50));

        assertThat(daemon.alive()).isFalse();
    }

    @Test
    void failureToStartShowsWhatItWrote() {
        DaemonSpec spec =
                new DaemonSpec(
                        directory.resolve("missing/daemon"),
                        "1",
                        List.of("/bin/true"),
                        Map.of(),
                        output,
                        Confinement.NONE);

        assertThatThrownBy(() -> Daemon.start(spec))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("missing/daemon.new");
    }

    @Test
    void confinedUserReachesBoundDirectoryWithoutPrivileges() throws IOException {
        assumeTrue(SystemUser.available(), "changing the user needs root");
        Path reachable = reachableDirectory();
        Path hidden = Files.createDirectories(directory.resolve("closed/hidden"));
        Files.setPosixFilePermissions(
                directory.resolve("closed"), PosixFilePermissions.fromString("rwx------"));
        Files.writeString(hidden.resolve("greeting"), "hello from below");
        Path target = reachable.resolve("binds/files");
        Confinement confinement =
                Confinement.as("paddock-db", List.of(Bind.readOnly(hidden, target)));
        Path seen = confinement.inside(hidden.resolve("greeting"));

        String script =
                "cat %s; echo; echo x 2>/dev/null > %s/x || echo refused; cat /proc/self/status; echo ready; "
                        .formatted(seen, target);
        Daemon daemon =
                Daemon.start(
                        new DaemonSpec(
                                record,
                                "1",
                                List.of("/bin/sh", "-c", script + WAIT),
                                Map.of(),
                                output,
                                confinement.withLowPorts()));

        awaitOutput("ready");
        int uid = confinement.user().orElseThrow().uid();
        assertThat(read(output))
                .contains("hello from below", "refused", "Uid:\t" + uid, "NoNewPrivs:\t1")
                .contains("CapEff:\t0000000000000400", "CapBnd:\t0000000000000400");
        assertThat(target).isEmptyDirectory();
        daemon.stop(GRACE);
        Files.delete(target);
        Files.delete(reachable.resolve("binds"));
        Files.delete(reachable);
    }

    private static Path reachableDirectory() throws IOException {
        Path made = Files.createTempDirectory("paddock-daemon");
        Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwx--x--x"));
        return made;
    }

    private DaemonSpec shell(String script) {
        return new DaemonSpec(
                record, "1", List.of("/bin/sh", "-c", script), Map.of(), output, Confinement.NONE);
    }

    private void awaitOutput(String text) {
        await().pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertThat(read(output)).contains(text));
    }

    private static long session(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[3]);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
