package dev.paddock.engine.local;

import dev.paddock.core.Timers;
import java.nio.file.Path;
import java.util.Map;

/// What a local engine is told about its platform.
///
/// @param runtime directory of this boot, `/run/paddock/HASH`; its parent is shared with the other platforms
/// @param data directory on disk for unpacked slugs and what dynos write
/// @param hash 12 hex digits that names on this machine carry
/// @param spares how many containers are kept ahead at most
/// @param diskBytes how much each dyno may write to its own layer; 0 for no limit
/// @param buildDiskBytes how much each build may write to its own disk; 0 for no limit
/// @param hostEnvironment where settings for builds (proxies, certificates, npm) are taken from
public record LocalSettings(
        Path runtime,
        Path data,
        String hash,
        Timers timers,
        int spares,
        long diskBytes,
        long buildDiskBytes,
        Map<String, String> hostEnvironment) {
    public LocalSettings {
        hostEnvironment = Map.copyOf(hostEnvironment);
        if (!hash.matches("[0-9a-f]{12}")) {
            throw new IllegalArgumentException("not 12 hex digits: " + hash);
        }
    }

    /// Without spares, and with the environment of this process for builds.
    public static LocalSettings of(Path runtime, Path data, String hash, Timers timers) {
        return new LocalSettings(runtime, data, hash, timers, 0, 0, 0, System.getenv());
    }

    public LocalSettings withSpares(int spares) {
        return with(spares, diskBytes, buildDiskBytes);
    }

    public LocalSettings withDiskBytes(long diskBytes) {
        return with(spares, diskBytes, buildDiskBytes);
    }

    public LocalSettings withBuildDiskBytes(long buildDiskBytes) {
        return with(spares, diskBytes, buildDiskBytes);
    }

    private LocalSettings with(int spares, long diskBytes, long buildDiskBytes) {
        return new LocalSettings(
                runtime, data, hash, timers, spares, diskBytes, buildDiskBytes, hostEnvironment);
    }
}
