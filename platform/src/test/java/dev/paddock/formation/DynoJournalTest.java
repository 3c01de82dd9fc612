package dev.paddock.formation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.core.VirtualTime;
import dev.paddock.dyno.DynoEvent;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.Exit;
import dev.paddock.dyno.Exit.Cause;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import dev.paddock.log.RecordingLogSink;
import dev.paddock.logs.DynoLogs;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.ManifoldListener.Notice;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DynoJournalTest {
    private static final AppId APP = AppId.random();
    private static final DynoId DYNO = DynoId.random();
    private static final DynoName WEB_1 = DynoName.parse("web.1");

    private final RecordingLogSink log = new RecordingLogSink();
    private @TempDir Path directory = Path.of("");
    private Optional<LogHub> hub = Optional.empty();
    private Optional<DynoLogs> output = Optional.empty();

    @BeforeEach
    void open() {
        LogHub opened = new LogHub(directory);
        hub = Optional.of(opened);
        output = Optional.of(new DynoLogs(new FakeEngine(new VirtualTime()), opened));
    }

    @AfterEach
    void close() {
        output.ifPresent(DynoLogs::close);
        hub.ifPresent(LogHub::close);
    }

    @Test
    void startAndUp() {
        tell(DynoState.CREATED, DynoState.STARTING, Reason.START);
        tell(DynoState.STARTING, DynoState.UP, Reason.UP);

        assertLines(
                "Starting process with command `rackup -p 24405`",
                "State changed from starting to up");
    }

    @Test
    void crashAndRestart() {
        tell(DynoState.UP, DynoState.CRASHED, Reason.EXIT, Exit.of(0));
        tell(DynoState.CREATED, DynoState.STARTING, Reason.RESTART_AFTER_CRASH);

        assertLines(
                "Process exited with status 0",
                "State changed from up to crashed",
                "State changed from crashed to starting",
                "Starting process with command `rackup -p 24405`");
    }

    @Test
    void restartForARelease() {
        journal().notice(APP, new Notice.Restarting(WEB_1, DynoState.UP));
        journal().notice(APP, new Notice.Stopping(WEB_1, "SIGTERM"));
        tell(DynoState.UP, DynoState.DOWN, Reason.RESTART, Exit.of(143));

        assertLines(
                "Restarting",
                "State changed from up to starting",
                "Stopping all processes with SIGTERM",
                "Process exited with status 143");
    }

    @Test
    void bootTimeout() {
        journal().notice(APP, new Notice.BootTimeout(WEB_1, Duration.ofSeconds(60)));
        journal().notice(APP, new Notice.Stopping(WEB_1, "SIGKILL"));
        tell(DynoState.STARTING, DynoState.CRASHED, Reason.BOOT_TIMEOUT, Exit.of(137));

        assertLines(
                "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds"
                        + " of launch",
                "Stopping process with SIGKILL",
                "Process exited with status 137",
                "State changed from starting to crashed");
    }

    @Test
    void exitTimeout() {
        Exit killed = new Exit(137, Cause.GRACE_EXPIRED, "");
        tell(DynoState.UP, DynoState.DOWN, Reason.SCALE_DOWN, killed);

        assertLines(
                "Error R12 (Exit timeout) -> Process failed to exit within 30 seconds of SIGTERM",
                "Stopping process with SIGKILL",
                "Process exited with status 137");
    }

    @Test
    void sleepAndWaking() {
        journal().notice(APP, new Notice.Idling(WEB_1));
        journal().notice(APP, new Notice.Stopping(WEB_1, "SIGTERM"));
        tell(DynoState.UP, DynoState.DOWN, Reason.IDLE, Exit.of(143));
        journal().notice(APP, new Notice.Unidling(WEB_1));

        assertLines(
                "Idling",
                "Stopping all processes with SIGTERM",
                "Process exited with status 143",
                "State changed from up to down",
                "Unidling",
                "State changed from down to starting");
    }

    @Test
    void memory() {
        long mb = 1024 * 1024;
        journal()
                .notice(
                        APP,
                        new Notice.OverQuota(
                                WEB_1, new DynoEvent.OverQuota(DYNO, 529 * mb, 512 * mb)));
        Exit killed = new Exit(137, Cause.OUT_OF_MEMORY, "");
        tell(DynoState.UP, DynoState.CRASHED, Reason.EXIT, killed);

        assertLines(
                "Process running mem=529MB(103.3%)",
                "Error R14 (Memory quota exceeded)",
                "Error R15 (Memory quota vastly exceeded)",
                "Stopping process with SIGKILL",
                "Process exited with status 137",
                "State changed from up to crashed");
    }

    @Test
    void whatCouldNotBeLaunched() {
        Exit checksum = new Exit(1, Cause.CHECKSUM, "SHA256:00 does not match");
        tell(DynoState.STARTING, DynoState.CRASHED, Reason.EXIT, checksum);
        Exit failed = new Exit(1, Cause.LAUNCH_FAILED, "no space left");
        tell(DynoState.STARTING, DynoState.CRASHED, Reason.EXIT, failed);

        assertLines(
                "Error R17 (Checksum error) -> SHA256:00 does not match",
                "State changed from starting to crashed",
                "Error R99 (Platform error) -> Failed to launch: no space left",
                "State changed from starting to crashed");
    }

    @Test
    void oneOff() {
        journal().notice(APP, new Notice.NotAttached(WEB_1));
        journal().notice(APP, new Notice.Detached(WEB_1));
        tell(DynoState.UP, DynoState.COMPLETE, Reason.COMPLETE, Exit.of(0));

        assertLines(
                "Error R13 (Attach error) -> Failed to attach to process",
                "Error R16 (Detached) -> An attached process is not responding to SIGHUP after its"
                        + " external connection was closed.",
                "Process exited with status 0",
                "State changed from up to complete");
    }

    @Test
    void whatWasToldBeforeIsNotToldAgain() {
        journal()
                .transition(
                        transition(DynoState.STARTING, DynoState.UP, Reason.UP, Optional.empty()),
                        false);

        assertThat(log.lines()).isEmpty();
    }

    private DynoJournal journal() {
        return new DynoJournal(log, output.orElseThrow(), InstantSource.system());
    }

    private void tell(DynoState from, DynoState to, Reason reason) {
        journal().transition(transition(from, to, reason, Optional.empty()), true);
    }

    private void tell(DynoState from, DynoState to, Reason reason, Exit exit) {
        journal().transition(transition(from, to, reason, Optional.of(exit)), true);
    }

    private static DynoTransition transition(
            DynoState from, DynoState to, Reason reason, Optional<Exit> exit) {
        return new DynoTransition(
                DYNO,
                APP,
                WEB_1,
                DynoKind.FORMATION,
                DynoSize.DEFAULT,
                new ReleaseVersion(1),
                from,
                to,
                reason,
                new Tick(1),
                "boot",
                Instant.EPOCH,
                "rackup -p 24405",
                true,
                exit);
    }

    private void assertLines(String... texts) {
        assertThat(log.lines()).extracting(LogLine::text).containsExactly(texts);
        assertThat(log.lines())
                .allSatisfy(line -> {
                    assertThat(line.source()).isEqualTo(LogSource.HEROKU);
                    assertThat(line.process()).isEqualTo("web.1");
                });
    }
}
