package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.engine.local.QuickCgroups.Hierarchy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickCgroupsTest {
    private static final String HYBRID =
            """
            proc /proc proc rw,relatime 0 0
            cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
            cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0
            cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid,nsdelegate 0 0
            """;

    @TempDir Path registry;

    @Test
    void unifiedHierarchyIsAskedFirst() {
        assertThat(Hierarchy.of(HYBRID).orElseThrow())
                .isEqualTo(
                        new Hierarchy(
                                "/sys/fs/cgroup/unified", List.of("rw", "nosuid", "nsdelegate")));
    }

    @Test
    void anyOtherHierarchyWillDo() {
        String mounts = HYBRID.replaceAll("cgroup2 .*\n", "");

        assertThat(Hierarchy.of(mounts).orElseThrow().point()).isEqualTo("/sys/fs/cgroup/cpu");
        assertThat(Hierarchy.of("proc /proc proc rw 0 0\n")).isEmpty();
        assertThat(Hierarchy.of("")).isEmpty();
    }

    @Test
    void optionsThatWereThereStay() {
        assertThat(Hierarchy.of(HYBRID).orElseThrow().quick().command())
                .endsWith(
                        "remount,rw,nosuid,nsdelegate,favordynmods",
                        "none",
                        "/sys/fs/cgroup/unified");
    }

    @Test
    void machineGetsItsOptionsBack() throws IOException {
        assumeTrue(LocalMachine.isRoot(), "mounts need root");
        Hierarchy before = now();
        QuickCgroups cgroups = new QuickCgroups(registry);

        cgroups.on();
        boolean quick = now().isQuick();
        List<String> changes = cgroups.changes();
        // As a second start of the platform does.
        cgroups.on();
        cgroups.restore();

        assertThat(now()).isEqualTo(before);
        // What somebody else has set is neither counted as ours nor taken away.
        assertThat(changes.isEmpty()).isEqualTo(before.isQuick() || !quick);
        assertThat(cgroups.changes()).isEmpty();
        assertThat(registry).isEmptyDirectory();
    }

    private static Hierarchy now() throws IOException {
        return Hierarchy.of(Files.readString(Path.of("/proc/self/mounts"))).orElseThrow();
    }
}
