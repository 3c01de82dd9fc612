package dev.paddock.engine.local;

import dev.paddock.dyno.DynoUsage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/// The processes of a dyno as /proc shows them, where no cgroup can be made for it: the kernel neither counts what they
/// use together nor limits it, so that this is done by looking at them again and again. Safe for any thread.
final class WatchedGroup implements ProcessGroup {
    private static final long KILOBYTE = 1024;
    private static final long NANOS_PER_TICK = 10_000_000;

    /// Below that no limit is near, and what processes share may be counted for each of them.
    private static final long COUNTED_ROUGHLY = 256L << 20;

    /// Threads that are looked at to count the runnable ones.
    private static final int MOST_THREADS = 1024;

    /// Positions in /proc/PID/stat behind the program's name.
    private static final int OWN_TIMES = 11;

    private static final int CHILDREN_TIMES = 13;
    private static final int CHILDREN_END = 15;

    private final Members members;
    private final Path note;

    /// @param note a file that is there once the group went beyond its limit
    WatchedGroup(Members members, Path note) {
        this.members = members;
        this.note = note;
    }

    /// Which processes belong to a group.
    interface Members {
        List<Long> all();

        boolean has(long pid);
    }

    /// All that there are.
    static Stream<Long> everybody() {
        return Directory.names(Path.of("/proc")).stream()
                .filter(name -> Character.isDigit(name.charAt(0)))
                .map(Long::valueOf);
    }

    @Override
    public List<Long> processes() {
        return members.all();
    }

    @Override
    public void signal(long pid, int signal) {
        Signals.send(pid, signal, members::has);
    }

    @Override
    public long memoryBytes() {
        List<Long> all = members.all();
        long roughly =
                sum(all, pid -> kilobytes(pid, "status", "RssAnon:", "RssShmem:", "VmSwap:"));
        return roughly < COUNTED_ROUGHLY
                ? roughly
                : sum(
                        all,
                        pid ->
                                kilobytes(
                                        pid,
                                        "smaps_rollup",
                                        "Pss_Anon:",
                                        "Pss_Shmem:",
                                        "SwapPss:"));
    }

    private static long sum(List<Long> pids, ToLongFunction<Long> part) {
        return pids.stream().mapToLong(part).sum();
    }

    private static long kilobytes(long pid, String file, String... names) {
        long sum = 0;
        for (String line : lines(pid, file)) {
            for (String name : names) {
                if (line.startsWith(name)) {
                    sum += Long.parseLong(line.replaceAll("[^0-9]", "")) * KILOBYTE;
                }
            }
        }
        return sum;
    }

    private static List<String> lines(long pid, String file) {
        try {
            return Files.readAllLines(Path.of("/proc/" + pid, file), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return List.of();
        }
    }

    /// The cache of files is not counted in the first place.
    @Override
    public long inactiveFileBytes() {
        return 0;
    }

    @Override
    public void enforce(long mostBytes) {
        if (!Files.exists(note) && memoryBytes() > mostBytes) {
            try {
                Files.createFile(note);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot create " + note, e);
            }
        }
    }

    @Override
    public long memoryKills() {
        return Files.exists(note) ? 1 : 0;
    }

    @Override
    public DynoUsage usage() {
        List<Long> all = members.all();
        long swap = sum(all, pid -> kilobytes(pid, "status", "VmSwap:"));
        return new DynoUsage(
                Duration.ofNanos(sum(all, WatchedGroup::cpu)),
                new DynoUsage.Memory(
                        Math.max(0, memoryBytes() - swap),
                        sum(all, pid -> kilobytes(pid, "status", "RssFile:")),
                        swap,
                        Optional.empty()),
                (int)
                        all.stream()
                                .flatMap(WatchedGroup::states)
                                .limit(MOST_THREADS)
                                .filter(state -> "RD".contains(state))
                                .count());
    }

    /// In nanoseconds, of the process and of its children that have ended. The kernel tells it exactly of living threads
    /// only, and of all in ticks.
    private static long cpu(long pid) {
        List<String> fields =
                ProcessIdentity.fields(Path.of("/proc/" + pid + "/stat"))
                        .map(List::of)
                        .orElse(List.of());
        if (fields.size() <= CHILDREN_END) {
            return 0;
        }
        long inTicks = ticks(fields.subList(OWN_TIMES, CHILDREN_TIMES));
        return Math.max(inTicks, threads(pid).mapToLong(WatchedGroup::exactly).sum())
                + ticks(fields.subList(CHILDREN_TIMES, CHILDREN_END));
    }

    private static long ticks(List<String> times) {
        return times.stream().mapToLong(Long::parseLong).sum() * NANOS_PER_TICK;
    }

    private static long exactly(Path thread) {
        try {
            String text = Files.readString(thread.resolve("schedstat"), StandardCharsets.US_ASCII);
            return Long.parseLong(text.split(" ", 2)[0]);
        } catch (IOException | NumberFormatException goneOrNotCounted) {
            return 0;
        }
    }

    private static Stream<String> states(long pid) {
        return threads(pid)
                .map(thread -> ProcessIdentity.fields(thread.resolve("stat")))
                .flatMap(Optional::stream)
                .map(fields -> fields[0]);
    }

    private static Stream<Path> threads(long pid) {
        Path threads = Path.of("/proc/" + pid + "/task");
        try {
            return Directory.names(threads).stream().limit(MOST_THREADS).map(threads::resolve);
        } catch (UncheckedIOException | DirectoryIteratorException gone) {
            return Stream.empty();
        }
    }

    @Override
    public void remove() {
        Directory.remove(note);
    }
}
