package dev.paddock.engine.local;

import dev.paddock.dyno.DynoUsage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.stream.Stream;

/// Reads what the processes of a cgroup use, on v1 and v2 machines.
final class CgroupUsage {
    /// Threads that are looked at to count the runnable ones: a dyno may have tens of thousands.
    private static final int MOST_THREADS = 1024;

    private final Cgroup cgroup;
    private final Path processes;

    /// @param processes where the kernel shows them, `/proc`
    CgroupUsage(Cgroup cgroup, Path processes) {
        this.cgroup = cgroup;
        this.processes = processes;
    }

    DynoUsage read() {
        return new DynoUsage(cpu(), memory(), runnable());
    }

    private boolean v2() {
        return cgroup.hierarchies().v2();
    }

    private Duration cpu() {
        return v2()
                ? Duration.of(
                        Cgroup.value(cgroup.file("cpu", "cpu.stat"), "usage_usec"),
                        ChronoUnit.MICROS)
                : Duration.ofNanos(
                        Cgroup.number(cgroup.file("cpuacct", "cpuacct.usage")).orElse(0));
    }

    private DynoUsage.Memory memory() {
        return v2()
                ? new DynoUsage.Memory(
                        memory("anon"),
                        memory("file"),
                        Cgroup.number(cgroup.file("memory", "memory.swap.current")).orElse(0),
                        Optional.empty())
                : new DynoUsage.Memory(
                        memory("total_rss"),
                        memory("total_cache"),
                        memory("total_swap"),
                        Optional.of(
                                new DynoUsage.Paging(
                                        memory("total_pgpgin"), memory("total_pgpgout"))));
    }

    private long memory(String key) {
        return Cgroup.value(cgroup.file("memory", "memory.stat"), key);
    }

    private int runnable() {
        Path threads = cgroup.file("pids", v2() ? "cgroup.threads" : "tasks");
        try (Stream<String> lines = Files.lines(threads, StandardCharsets.US_ASCII)) {
            return (int) lines.limit(MOST_THREADS).filter(this::isRunnable).count();
        } catch (IOException | UncheckedIOException e) {
            // The cgroup is gone, and with it every thread.
            return 0;
        }
    }

    private boolean isRunnable(String thread) {
        try {
            byte[] stat = Files.readAllBytes(processes.resolve(thread).resolve("stat"));
            String text = new String(stat, StandardCharsets.ISO_8859_1);
            // The name before it may contain anything, parentheses too.
            int state = text.lastIndexOf(')') + 2;
            return state < text.length() && "RD".indexOf(text.charAt(state)) >= 0;
        } catch (IOException e) {
            return false;
        }
    }
}
