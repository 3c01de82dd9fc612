package dev.paddock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.Tick;
import dev.paddock.core.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SmallPartsTest {
    @TempDir Path folder;

    @Test
    void addressesAreParsedAndPrinted() {
        assertThat(HostPort.parse("--api", "127.0.0.1:5000"))
                .isEqualTo(new HostPort("127.0.0.1", 5000));
        assertThat(HostPort.parse("--api", "[::1]:80")).hasToString("[::1]:80");
        for (String wrong :
                new String[] {
                    "", "5000", ":5000", "127.0.0.1", "127.0.0.1:0", "::1:80", "h:65536"
                }) {
            assertThatThrownBy(() -> HostPort.parse("--api", wrong))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("--api " + wrong);
        }
    }

    @Test
    void operatorFileIsForTheOperatorAlone() throws IOException {
        OperatorFile file =
                new OperatorFile("op@localhost", "the-key", 5000, folder.resolve("ca.pem"));

        file.write(folder);

        assertThat(OperatorFile.read(folder)).isEqualTo(file);
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(folder.resolve("operator"))))
                .isEqualTo("rw-------");
        assertThat(file.toString()).doesNotContain("the-key");
    }

    @Test
    void bootClockRunsAndIsTheKernels() throws IOException {
        try (SystemTimers timers = new SystemTimers()) {
            Tick first = timers.now();
            double uptime =
                    Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0]);

            assertThat(first.nanos() / 1e9).isBetween(uptime - 1, uptime + 1);
            assertThat(timers.now().isBefore(first)).isFalse();
            assertThat(timers.bootId()).hasSize(36);
        }
    }

    @Test
    void delayedCallHappensOnceAndACancelledOneNever() throws InterruptedException {
        try (SystemTimers timers = new SystemTimers()) {
            CountDownLatch done = new CountDownLatch(1);
            List<String> calls = new ArrayList<>();
            timers.schedule(Duration.ofMillis(20), () -> calls.add("cancelled")).cancel();
            timers.schedule(
                    Duration.ofMillis(1),
                    () -> {
                        throw new IllegalStateException("one failure does not end the thread");
                    });
            timers.schedule(Duration.ofMillis(30), done::countDown);

            assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(calls).isEmpty();
        }
    }

    @Test
    void missingPackagesAreNamedWhenInstallingIsForbidden() {
        HostPackages none = new HostPackages(() -> MadeUpMachine.with(Map.of()));

        assertThatThrownBy(() -> none.require(false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("`apt-get install tini`")
                .hasMessageContaining(
                        "`apt-get install conmon crun tini nftables iproute2 util-linux`, which --no-install forbids")
                .hasMessageContaining("paddock doctor");
    }

    @Test
    void withoutRootNothingIsRefused() {
        new HostPackages(MadeUpMachine::withSandboxes).require(true);
        new HostPackages(MadeUpMachine::withNothing).require(true);
    }

    @Test
    void machineOnWhichOtherProgramsStandInIsTakenAsItIs() {
        Map<String, Path> programs = new HashMap<>(MadeUpMachine.PROGRAMS);
        programs.remove("conmon");
        programs.remove("crun");
        programs.put("runc", Path.of("/usr/sbin/runc"));

        new HostPackages(() -> MadeUpMachine.with(programs)).require(false);
    }

    @Test
    void completeMachineIsTakenAsItIs() {
        new HostPackages(() -> MadeUpMachine.with(MadeUpMachine.PROGRAMS)).require(false);
    }

    @Test
    void partsEndInReverseAndOneFailureSparesTheRest() {
        List<String> ended = new ArrayList<>();
        Closing closing = new Closing();
        closing.add("first", () -> ended.add("first"));
        closing.add(
                "second",
                () -> {
                    throw new IOException("cannot");
                });
        closing.add("third", () -> ended.add("third"));

        closing.close();
        closing.close();

        assertThat(ended).containsExactly("third", "first");
    }
}
