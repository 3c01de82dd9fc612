package dev.paddock.engine.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.dyno.DynoUsage;
import dev.paddock.engine.local.Cgroup.Hierarchies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
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
    void usageIsReadOnVersion1() throws IOException {
        write("cpuacct/paddock/id/cpuacct.usage", "1500000000\n");
        write(
                "memory/paddock/id/memory.stat",
                """
                cache 1
                rss 2
                total_cache 100
                total_rss 200
                total_swap 30
                total_pgpgin 7
                total_pgpgout 6
                """);
        write("pids/paddock/id/tasks", "12\n13\n34\n99\n");
        write("proc/12/stat", "12 (R) S) S 1 12\n");
        write("proc/13/stat", "13 (worker) R 1 12\n");
        write("proc/34/stat", "34 (disk) D 1 34\n");
        Cgroup cgroup = new Cgroup(hierarchies(V1), "/paddock").child("id");

        DynoUsage usage = new CgroupUsage(cgroup, root.resolve("proc")).read();

        assertThat(usage)
                .isEqualTo(
                        new DynoUsage(
                                Duration.ofMillis(1500),
                                new DynoUsage.Memory(
                                        200, 100, 30, Optional.of(new DynoUsage.Paging(7, 6))),
                                2));
        assertThat(usage.memory().totalBytes()).isEqualTo(330);
    }

    @Test
    void usageIsReadOnVersion2() throws IOException {
        write("paddock/id/cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
        write("paddock/id/memory.stat", "anon 200\nfile 100\nfile_mapped 9\n");
        write("paddock/id/memory.swap.current", "30\n");
        write("paddock/id/cgroup.threads", "12\n");
        write("proc/12/stat", "12 (busy) R 1 12\n");
        Cgroup cgroup =
                new Cgroup(hierarchies("cgroup2 %1$s cgroup2 rw 0 0\n"), "/paddock").child("id");

        assertThat(new CgroupUsage(cgroup, root.resolve("proc")).read())
                .isEqualTo(
                        new DynoUsage(
                                Duration.ofMillis(2500),
                                new DynoUsage.Memory(200, 100, 30, Optional.empty()),
                                1));
    }

    @Test
    void cgroupThatIsGoneHoldsAndUsesNothing() {
        Cgroup cgroup = new Cgroup(hierarchies(V1), "/paddock").child("gone");

        assertThat(cgroup.processes()).isEmpty();
        assertThat(cgroup.memoryBytes()).isZero();
        assertThat(cgroup.memoryKills()).isZero();
        assertThat(cgroup.exists()).isFalse();
        assertThat(new CgroupUsage(cgroup, root).read().memory().totalBytes()).isZero();
    }

    private void write(String name, String content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, content);
    }
}
