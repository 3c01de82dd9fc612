package dev.paddock.manifold;

import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.EngineHost;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The engine's hosts as they were last seen, what was claimed of them since, and whose addresses routers may still know.
/// Safe for any thread.
///
/// A host that lives anew gives the addresses of its earlier life out again, so it gets no web dyno before every router
/// has forgotten those. Which these are a new platform cannot know; there, hosts get none before routers serve its table.
final class Hosts {
    private final Object lock = new Object();

    // All below: guarded by lock.
    private List<EngineHost> known = List.of();
    private Tick looked = new Tick(Long.MIN_VALUE);
    private boolean routed;

    /// Memory that the engine's figures do not count yet.
    private final Map<DynoId, Claim> claims = new HashMap<>();

    private final Map<String, Long> claimedBytes = new HashMap<>();

    /// Hosts that did not answer, and when.
    private final Map<String, Tick> suspects = new HashMap<>();

    /// Web dynos that routers may know, and in which life of their host they run.
    private final Map<DynoId, Residence> residences = new HashMap<>();

    private final Map<Residence, Set<DynoId>> residents = new HashMap<>();

    /// What the engine said at `began` or later.
    void look(List<EngineHost> hosts, Tick began) {
        synchronized (lock) {
            if (began.isBefore(looked)) {
                return;
            }
            looked = began;
            known = List.copyOf(hosts);
            suspects.values().removeIf(since -> since.isBefore(began));
            claims.values()
                    .removeIf(claim -> claim.accepted.filter(it -> it.isBefore(began)).isPresent());
            claimedBytes.clear();
            claims.values()
                    .forEach(claim -> claimedBytes.merge(claim.host, claim.memoryBytes, Long::sum));
        }
    }

    /// A place for a new dyno; it counts as taken until [#look] finds it counted.
    ///
    /// @param siblings how many dynos of its kind are on each host
    Optional<EngineHost> claim(DynoSpec spec, Map<String, Integer> siblings) {
        long memory = spec.size().memoryBytes();
        synchronized (lock) {
            List<EngineHost> open = known.stream().map(host -> asOf(host, spec.web())).toList();
            Optional<EngineHost> chosen = HostChooser.choose(open, siblings, memory);
            chosen.ifPresent(host -> {
                claims.put(spec.id(), new Claim(host.name(), memory, Optional.empty()));
                claimedBytes.merge(host.name(), memory, Long::sum);
                house(spec, host.name(), host.generation());
            });
            return chosen;
        }
    }

    private EngineHost asOf(EngineHost host, boolean web) {
        boolean open =
                host.alive() && !suspects.containsKey(host.name()) && !(web && isFenced(host));
        return new EngineHost(
                host.name(),
                host.generation(),
                open,
                host.memoryBytes(),
                host.memoryFreeBytes() - claimedBytes.getOrDefault(host.name(), 0L));
    }

    private boolean isFenced(EngineHost host) {
        boolean unknownPast = !routed && known.size() > 1;
        return unknownPast
                || residents.keySet().stream()
                        .anyMatch(it ->
                                it.host.equals(host.name()) && it.generation != host.generation());
    }

    /// The engine's `start` came to its end: whoever looks from now on finds the dyno counted, if there is one.
    void accepted(DynoId id, Tick now) {
        synchronized (lock) {
            claims.computeIfPresent(
                    id, (_, claim) -> new Claim(claim.host, claim.memoryBytes, Optional.of(now)));
        }
    }

    /// A dyno that was there before.
    void adopt(DynoSpec spec, String host) {
        synchronized (lock) {
            known.stream()
                    .filter(it -> it.name().equals(host))
                    .findFirst()
                    .ifPresent(it -> house(spec, host, it.generation()));
        }
    }

    /// Called with the lock held.
    private void house(DynoSpec spec, String host, long generation) {
        if (spec.web()) {
            Residence residence = new Residence(host, generation);
            residences.put(spec.id(), residence);
            residents.computeIfAbsent(residence, _ -> new HashSet<>()).add(spec.id());
        }
    }

    /// No router can know the address of this dyno any more.
    void left(DynoId id) {
        synchronized (lock) {
            Residence residence = residences.remove(id);
            if (residence != null) {
                residents.computeIfPresent(
                        residence,
                        (_, dynos) -> {
                            dynos.remove(id);
                            return dynos.isEmpty() ? null : dynos;
                        });
            }
        }
    }

    /// It gets no dyno before somebody looked.
    void suspect(String host, Tick now) {
        synchronized (lock) {
            suspects.put(host, now);
        }
    }

    /// Every router serves a table of this platform.
    void routed() {
        synchronized (lock) {
            routed = true;
        }
    }

    /// @param accepted when the engine's `start` returned
    private record Claim(String host, long memoryBytes, Optional<Tick> accepted) {}

    private record Residence(String host, long generation) {}
}
