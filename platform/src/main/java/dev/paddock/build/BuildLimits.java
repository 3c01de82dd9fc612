package dev.paddock.build;

import java.time.Duration;

/// What a build may use.
///
/// @param time from the start of its dyno to its end
/// @param sourceBytes the source tree as a tar
/// @param buildpackBytes one buildpack, unpacked
/// @param cacheBytes what an app may keep between builds; a larger cache is emptied
/// @param diskReserveBytes what must stay free on the disk of the work directory while a build runs
record BuildLimits(
        Duration time,
        int concurrent,
        long sourceBytes,
        long buildpackBytes,
        long slugBytes,
        long cacheBytes,
        long diskReserveBytes) {
    private static final long MB = 1024L * 1024;

    static final BuildLimits DEFAULT =
            new BuildLimits(
                    Duration.ofMinutes(15), 2, 1024 * MB, 512 * MB, 500 * MB, 1024 * MB, 256 * MB);

    static long megabytes(long bytes) {
        return bytes / MB;
    }
}
