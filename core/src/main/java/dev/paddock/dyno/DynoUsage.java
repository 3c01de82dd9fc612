package dev.paddock.dyno;

import java.time.Duration;
import java.util.Optional;

/// What a dyno uses at one moment, all its processes together.
///
/// @param cpu processor time since it began
/// @param runnable how many of its threads run, would run if a processor were free, or wait for a disk
public record DynoUsage(Duration cpu, Memory memory, int runnable) {

    /// Memory that is filled, cache of files included.
    ///
    /// @param paging empty where the kernel does not count it
    public record Memory(long rssBytes, long cacheBytes, long swapBytes, Optional<Paging> paging) {
        public long totalBytes() {
            return rssBytes + cacheBytes + swapBytes;
        }
    }

    /// Pages that came and went since the dyno began.
    public record Paging(long in, long out) {}
}
