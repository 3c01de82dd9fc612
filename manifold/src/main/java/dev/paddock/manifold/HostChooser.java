package dev.paddock.manifold;

import dev.paddock.dyno.EngineHost;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Chooses the host of a new dyno: the one with the fewest of its kind, so that a host that dies takes as few of them as
/// can be; of these the one with the most free memory. Pure.
final class HostChooser {
    private HostChooser() {}

    /// @param hosts all there are; a lone one takes what it is given, for whether it fits was decided when it was asked for
    /// @param siblings how many dynos of its kind are on each host
    static Optional<EngineHost> choose(
            List<EngineHost> hosts, Map<String, Integer> siblings, long memoryBytes) {
        boolean alone = hosts.size() == 1;
        return hosts.stream()
                .filter(EngineHost::alive)
                .filter(host -> alone || host.memoryFreeBytes() >= memoryBytes)
                .min(
                        Comparator.comparingInt(
                                        (EngineHost host) -> siblings.getOrDefault(host.name(), 0))
                                .thenComparing(
                                        Comparator.comparingLong(EngineHost::memoryFreeBytes)
                                                .reversed())
                                .thenComparing(EngineHost::name));
    }
}
