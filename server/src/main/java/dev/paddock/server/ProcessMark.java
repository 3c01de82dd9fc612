package dev.paddock.server;

import dev.paddock.daemons.Processes;
import java.time.Duration;
import java.util.Optional;

/// A process that can be told from a later one of the same number: its pid, start time and boot.
///
/// @param startTicks when it started, in clock ticks since the boot
public record ProcessMark(long pid, long startTicks, String bootId) {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    /// The process with this pid as it runs now; empty when there is none or it is a zombie.
    public static Optional<ProcessMark> of(long pid) {
        return Processes.started(pid)
                .map(started -> new ProcessMark(pid, started, Processes.bootId()));
    }

    public static ProcessMark self() {
        return of(ProcessHandle.current().pid()).orElseThrow();
    }

    /// Parses what [#toString()] wrote; empty for anything else.
    public static Optional<ProcessMark> parse(String text) {
        String[] parts = text.trim().split(" ", -1);
        try {
            return parts.length == 3
                    ? Optional.of(
                            new ProcessMark(
                                    Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]))
                    : Optional.empty();
        } catch (NumberFormatException torn) {
            return Optional.empty();
        }
    }

    public boolean alive() {
        return bootId.equals(Processes.bootId()) && of(pid).filter(this::equals).isPresent();
    }

    /// Waits until it is gone; false when it still lives after `limit`.
    boolean awaitEnd(Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (alive()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            Thread.sleep(LOOK_AGAIN);
        }
        return true;
    }

    @Override
    public String toString() {
        return pid + " " + startTicks + " " + bootId;
    }
}
