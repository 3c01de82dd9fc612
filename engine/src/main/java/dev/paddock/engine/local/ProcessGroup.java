package dev.paddock.engine.local;

import dev.paddock.dyno.DynoUsage;
import java.time.Duration;
import java.util.List;

/// All processes of one dyno: which they are, what they use, and how they are ended. A [Cgroup], or what stands in for
/// one where the kernel gives us none.
interface ProcessGroup {
    int KILL_ROUNDS = 100;
    Duration KILL_PAUSE = Duration.ofMillis(2);

    List<Long> processes();

    /// Signals a process, if it still belongs to the group.
    void signal(long pid, int signal);

    /// Kills every process, also those that are being forked meanwhile, and waits a little for them to be gone.
    default void kill() {
        for (int round = 0; round < KILL_ROUNDS; round++) {
            List<Long> processes = processes();
            if (processes.isEmpty()) {
                return;
            }
            processes.forEach(pid -> signal(pid, Signals.KILL));
            try {
                Thread.sleep(KILL_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /// Memory that counts against the quota: everything but the cache that can be dropped at once.
    long memoryBytes();

    long inactiveFileBytes();

    /// Notes that the group is to be killed if it uses more than this, where the kernel does not see to it.
    void enforce(long mostBytes);

    /// How often it went beyond the hard limit of its memory; known until it is removed.
    long memoryKills();

    DynoUsage usage();

    /// Removes what is kept of it; it holds no process any more.
    void remove();
}
