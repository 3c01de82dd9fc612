package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.engine.local.Cgroup.Hierarchies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The layouts of cgroups that machines have, written down by hand.
class CgroupTest {
    private static final String V1 =
            """
            tmpfs %1$s tmpfs rw 0 0
            cgroup %1$s/memory cgroup rw,memory 0 0
            cgroup %1$s/pids cgroup rw,pids 0 0
            """;

    @TempDir Path root;

    @Test
    void hierarchiesAreToldApart() {
        Hierarchies v1 = hierarchies(V1);
        Hierarchies hybrid = hierarchies(V1 + "cgroup2 %1$s/unified cgroup2 rw 0 0\n");
        Hierarchies v2 = hierarchies("cgroup2 %1$s cgroup2 rw 0 0\n");

        assertThat(v1.controllers()).containsExactly("memory", "pids");
        assertThat(v1.hybrid()).isFalse();
        assertThat(hybrid.hybrid()).isTrue();
        assertThat(hybrid.v2()).isFalse();
        assertThat(v2.v2()).isTrue();
        assertThat(v2.hybrid()).isFalse();
    }

    private Hierarchies hierarchies(String mounts) {
        return Hierarchies.of(root, mounts.formatted(root));
    }

    @Test
    void memoryIsReadOnVersion1() throws IOException {
        write("memory/paddock/id/memory.usage_in_bytes", "1000\n");
        write("memory/paddock/id/memory.stat", "inactive_file 5\ntotal_inactive_file 300\n");
        write(
                "memory/paddock/id/memory.oom_control",
                "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
        write("pids/paddock/id/cgroup.procs", "12\n34\n");
        Cgroup cgroup = new Cgroup(hierarchies(V1), "/paddock").child("id");

        assertThat(cgroup.memoryBytes()).isEqualTo(1000);
        assertThat(cgroup.inactiveFileBytes()).isEqualTo(300);
        assertThat(cgroup.memoryKills()).isEqualTo(2);
        assertThat(cgroup.processes()).containsExactly(12L, 34L);
    }

    @Test
    void memoryIsReadOnVersion2() throws IOException {
        write("paddock/id/memory.current", "1000\n");
        write("paddock/id/memory.stat", "anon 5\ninactive_file 300\n");
        write("paddock/id/memory.events", "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\n");
        write("paddock/id/cgroup.procs", "12\n");
        Cgroup cgroup =
                new Cgroup(hierarchies("cgroup2 %1$s cgroup2 rw 0 0\n"), "/paddock").child("id");

        assertThat(cgroup.memoryBytes()).isEqualTo(1000);
        assertThat(cgroup.inactiveFileBytes()).isEqualTo(300);
        assertThat(cgroup.memoryKills()).isEqualTo(2);
        assertThat(cgroup.processes()).containsExactly(12L);
    }

    @Test
    void cgroupThatIsGoneHoldsAndUsesNothing() {
        Cgroup cgroup = new Cgroup(hierarchies(V1), "/paddock").child("gone");

        assertThat(cgroup.processes()).isEmpty();
        assertThat(cgroup.memoryBytes()).isZero();
        assertThat(cgroup.memoryKills()).isZero();
        assertThat(cgroup.exists()).isFalse();
    }

    private void write(String name, String content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, content);
    }
}
