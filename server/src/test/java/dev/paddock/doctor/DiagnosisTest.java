package dev.paddock.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.doctor.MachineFacts.Disk;
import dev.paddock.doctor.MachineFacts.Firewall;
import dev.paddock.doctor.MachineFacts.Java;
import dev.paddock.doctor.MachineFacts.Memory;
import dev.paddock.doctor.MachineFacts.NamedDatabase;
import dev.paddock.engine.local.LocalMachine;
import dev.paddock.engine.local.LocalMachine.CgroupVersion;
import dev.paddock.engine.local.LocalMachine.Cgroups;
import dev.paddock.engine.local.LocalMachine.Kernel;
import dev.paddock.engine.local.NetworkTrial;
import dev.paddock.server.MadeUpMachine;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DiagnosisTest {
    private static final long GIGABYTE = 1L << 30;
    private static final LocalMachine COMPLETE = MadeUpMachine.with(MadeUpMachine.PROGRAMS);
    private static final Disk DISK = new Disk(Path.of("/srv"), "ext4", 50 * GIGABYTE);
    private static final Memory MEMORY = new Memory(8 * GIGABYTE, 5 * GIGABYTE);
    private static final NetworkTrial NETWORK = new NetworkTrial(true, true, true, true);

    @Test
    void completeMachineHasNothingBad() {
        Diagnosis diagnosis = Diagnosis.of(facts(COMPLETE));

        assertThat(diagnosis.bad()).isEmpty();
        assertThat(finding(diagnosis, "crun").found()).isEqualTo("/usr/bin/crun");
        assertThat(finding(diagnosis, "cgroups").found())
                .isEqualTo("version 2, with cpu, memory, pids");
        assertThat(finding(diagnosis, "memory").found()).contains("room for 16 dynos");
    }

    @Test
    void eachMissingProgramIsNamedOnceWithWhatToInstall() {
        for (String program : List.of("tini", "unshare")) {
            Map<String, Path> rest = new HashMap<>(MadeUpMachine.PROGRAMS);
            rest.remove(program);

            Diagnosis diagnosis = Diagnosis.of(facts(MadeUpMachine.with(rest)));

            assertThat(diagnosis.bad())
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.level()).isEqualTo(Finding.Level.MISSING);
                        assertThat(finding.subject()).isEqualTo(program);
                        assertThat(finding.remedy()).contains("apt-get install ");
                    });
            assertThat(diagnosis.findings())
                    .filteredOn(finding -> finding.subject().equals(program))
                    .hasSize(1);
        }
    }

    @Test
    void whatOtherProgramsStandInForIsWeakerAndNotMissing() {
        Map<String, Path> programs = new HashMap<>(MadeUpMachine.PROGRAMS);
        programs.remove("conmon");
        programs.remove("crun");
        programs.put("runc", Path.of("/usr/sbin/runc"));

        Diagnosis diagnosis = Diagnosis.of(facts(MadeUpMachine.with(programs)));

        assertThat(diagnosis.bad()).extracting(Finding::subject).containsExactly("conmon", "crun");
        assertThat(diagnosis.bad())
                .allMatch(finding -> finding.level() == Finding.Level.WEAKER)
                .allMatch(finding -> finding.meaning().contains("sealed as well"));
    }

    @Test
    void withoutRootDynosAreSandboxedAndNothingElseIsJudged() {
        Diagnosis diagnosis = Diagnosis.of(withoutRoot(MadeUpMachine.withSandboxes()));

        assertThat(diagnosis.bad())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Finding.Level.WEAKER);
                    assertThat(finding.subject()).isEqualTo("root");
                    assertThat(finding.meaning()).contains("share the network");
                    assertThat(finding.remedy()).contains("sudo ./paddock up");
                });
        assertThat(finding(diagnosis, "bubblewrap").found()).isEqualTo("/usr/bin/bwrap");
        assertThat(diagnosis.findings())
                .noneMatch(finding ->
                        Set.of("crun", "veth", "cgroups", "network").contains(finding.subject()));
    }

    @Test
    void withoutRootAndSandboxesItIsSaidLoudlyThatNothingIsIsolated() {
        Diagnosis diagnosis = Diagnosis.of(withoutRoot(MadeUpMachine.withNothing()));

        assertThat(diagnosis.bad())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.subject()).isEqualTo("isolation");
                    assertThat(finding.meaning()).startsWith("NOT ISOLATED");
                    assertThat(finding.remedy()).contains("apt-get install bubblewrap");
                });
    }

    private static MachineFacts withoutRoot(LocalMachine machine) {
        return facts(machine, Optional.empty(), DISK, MEMORY);
    }

    @Test
    void kernelWithoutWhatSealsDynosIsRefused() {
        LocalMachine machine =
                MadeUpMachine.with(
                        new Cgroups(CgroupVersion.V1, Set.of("cpu", "pids"), false),
                        new Kernel(false, false, false, List.of("net")));

        Diagnosis diagnosis = Diagnosis.of(facts(machine));

        assertThat(diagnosis.bad())
                .extracting(Finding::subject)
                .containsExactly("cgroups", "namespaces", "seccomp", "overlay");
        assertThat(diagnosis.bad())
                .allMatch(finding -> finding.level() == Finding.Level.MISSING)
                .noneMatch(finding -> finding.remedy().isEmpty());
        assertThat(finding(diagnosis, "cgroups").meaning()).contains("for memory,");
    }

    @Test
    void uncountedSwapMattersOnlyWhereThereIsSwap() {
        Cgroups uncounted = new Cgroups(CgroupVersion.V1, Set.of("cpu", "memory", "pids"), false);

        assertThat(swap(uncounted, true).level()).isEqualTo(Finding.Level.WEAKER);
        assertThat(swap(uncounted, false).level()).isEqualTo(Finding.Level.GOOD);
    }

    private static Finding swap(Cgroups cgroups, boolean swap) {
        Kernel kernel = new Kernel(true, true, swap, List.of());
        return finding(Diagnosis.of(facts(MadeUpMachine.with(cgroups, kernel))), "swap");
    }

    @Test
    void networkThatCannotBeMadeIsMissingAndUncountedConnectionsAreWeaker() {
        Diagnosis nothing = withNetwork(new NetworkTrial(false, false, false, true));
        Diagnosis uncounted = withNetwork(new NetworkTrial(true, true, false, true));

        assertThat(nothing.bad()).extracting(Finding::subject).containsExactly("veth", "nftables");
        assertThat(uncounted.bad())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.subject()).isEqualTo("connections");
                    assertThat(finding.level()).isEqualTo(Finding.Level.WEAKER);
                });
    }

    private static Diagnosis withNetwork(NetworkTrial trial) {
        return Diagnosis.of(facts(COMPLETE, Optional.of(trial), DISK, MEMORY));
    }

    @Test
    void otherFirewallIsBadUntilItLetsDynosThrough() {
        Diagnosis closed = withFirewall(new Firewall("ufw", false));
        Diagnosis open = withFirewall(new Firewall("ufw", true));

        assertThat(finding(closed, "ufw").level()).isEqualTo(Finding.Level.WEAKER);
        assertThat(finding(closed, "ufw").remedy()).contains("ufw route allow from 198.18.0.0/15");
        assertThat(open.bad()).isEmpty();
    }

    private static Diagnosis withFirewall(Firewall firewall) {
        return Diagnosis.of(
                new MachineFacts(
                        "Linux 6.1.0",
                        "amd64",
                        0,
                        COMPLETE,
                        Optional.of(NETWORK),
                        true,
                        true,
                        List.of(firewall),
                        DISK,
                        MEMORY,
                        new Java("25.0.3", Path.of("/opt/jdk"), true),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of()));
    }

    @Test
    void databaseThatCannotBeUsedIsMissing() {
        NamedDatabase away = new NamedDatabase("db:5432/state", "", "Connection refused.");
        NamedDatabase there = new NamedDatabase("db:5432/state", "16.4", "");

        assertThat(finding(withDatabase(there), "PostgreSQL"))
                .isEqualTo(
                        Finding.good(
                                "PostgreSQL", "16.4 at db:5432/state, which DATABASE_URL names"));
        assertThat(withDatabase(away).bad())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Finding.Level.MISSING);
                    assertThat(finding.found()).contains("db:5432/state");
                    assertThat(finding.meaning()).isEqualTo("Connection refused.");
                });
    }

    private static Diagnosis withDatabase(NamedDatabase database) {
        return Diagnosis.of(
                new MachineFacts(
                        "Linux 6.1.0",
                        "amd64",
                        0,
                        COMPLETE,
                        Optional.of(NETWORK),
                        true,
                        false,
                        List.of(),
                        DISK,
                        MEMORY,
                        new Java("25.0.3", Path.of("/opt/jdk"), true),
                        Optional.empty(),
                        Optional.of(database),
                        Map.of()));
    }

    @Test
    void dockerIsWorthKnowingAndNotBad() {
        Diagnosis diagnosis = withFirewall(new Firewall("firewalld", true));

        assertThat(finding(diagnosis, "docker").level()).isEqualTo(Finding.Level.NOTE);
        assertThat(diagnosis.bad()).isEmpty();
    }

    @Test
    void diskAndMemoryThatDoNotSufficeAreSaid() {
        Disk full = new Disk(Path.of("/srv"), "ext4", GIGABYTE);
        Disk share = new Disk(Path.of("/srv"), "nfs4", 50 * GIGABYTE);
        Memory little = new Memory(GIGABYTE, GIGABYTE);

        Diagnosis small = Diagnosis.of(facts(COMPLETE, Optional.of(NETWORK), full, little));
        Diagnosis shared = Diagnosis.of(facts(COMPLETE, Optional.of(NETWORK), share, MEMORY));

        assertThat(small.bad()).extracting(Finding::subject).containsExactly("disk", "memory");
        assertThat(shared.bad())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.level()).isEqualTo(Finding.Level.MISSING);
                    assertThat(finding.remedy()).contains("--data");
                });
    }

    @Test
    void overlayIsSaidToCostCopies() {
        Disk overlay = new Disk(Path.of("/srv"), "overlay", 50 * GIGABYTE);

        Diagnosis diagnosis = Diagnosis.of(facts(COMPLETE, Optional.of(NETWORK), overlay, MEMORY));

        assertThat(finding(diagnosis, "disk").level()).isEqualTo(Finding.Level.WEAKER);
    }

    private static MachineFacts facts(LocalMachine machine) {
        return facts(machine, Optional.of(NETWORK), DISK, MEMORY);
    }

    private static MachineFacts facts(
            LocalMachine machine, Optional<NetworkTrial> network, Disk disk, Memory memory) {
        return new MachineFacts(
                "Linux 6.1.0",
                "amd64",
                0,
                machine,
                network,
                true,
                false,
                List.of(),
                disk,
                memory,
                new Java("25.0.3", Path.of("/opt/jdk"), true),
                Optional.of(Path.of("/opt/postgres")),
                Optional.empty(),
                Map.of());
    }

    private static Finding finding(Diagnosis diagnosis, String subject) {
        return diagnosis.findings().stream()
                .filter(finding -> finding.subject().equals(subject))
                .findFirst()
                .orElseThrow();
    }
}
