package dev.paddock.manifold;

import dev.paddock.core.AppId;
import dev.paddock.core.ProcessType;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.EngineDyno;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What an app runs, as far as its loop knows: an immutable snapshot.
///
/// @param adopted whether the engine's list was read at least once; nothing is decided before
/// @param quieting whether everything is to end, one-offs too
/// @param dynos in the order they were met
/// @param backoffs names that crashed
/// @param waiting names that no host has room for
/// @param acknowledged the newest revision of the view that all routers serve
/// @param busy addresses that left the routing table in the middle of requests
/// @param refused the web dynos that were given up because they did not come up (preboot), while they are wanted
/// @param strays dynos the engine has and nobody wants: of an earlier life or a host that came back
record Observed(
        AppId app,
        boolean adopted,
        boolean quieting,
        Map<DynoId, ObservedDyno> dynos,
        Map<DynoName, Backoff> backoffs,
        Map<DynoName, Wait> waiting,
        long acknowledged,
        Set<DynoAddress> busy,
        Optional<Preboot.Target> refused,
        List<EngineDyno> strays) {
    Observed {
        // Not Map.copyOf: the order must be the same in every run of a simulation.
        dynos = Collections.unmodifiableMap(new LinkedHashMap<>(dynos));
        backoffs = Collections.unmodifiableMap(new TreeMap<>(backoffs));
        waiting = Collections.unmodifiableMap(new TreeMap<>(waiting));
        busy = Set.copyOf(busy);
        strays = List.copyOf(strays);
    }

    static Observed nothing(AppId app, boolean adopted) {
        return new Observed(
                app,
                adopted,
                false,
                Map.of(),
                Map.of(),
                Map.of(),
                0,
                Set.of(),
                Optional.empty(),
                List.of());
    }

    Optional<ObservedDyno> dyno(DynoId id) {
        return Optional.ofNullable(dynos.get(id));
    }

    Collection<ObservedDyno> all() {
        return dynos.values();
    }

    /// The dyno that carries a name: neither retiring nor ended. Of two, while the new one comes up beside the old one
    /// (preboot), the new one.
    Optional<ObservedDyno> current(DynoName name) {
        return dynos.values().stream()
                .filter(dyno -> dyno.isCurrent() && dyno.name().equals(name))
                .max(Comparator.comparing(dyno -> dyno.progress().startedAt()));
    }

    /// How many dynos of a type there are on each host that need not make room for others.
    Map<String, Integer> hostsOf(ProcessType name, Desired desired) {
        Map<String, Integer> counts = new TreeMap<>();
        for (Desired.Type type : desired.types()) {
            all().stream()
                    .filter(dyno -> type.type().equals(name) && dyno.name().type().equals(name))
                    .filter(dyno -> dyno.isCurrent() && dyno.isFormation())
                    .filter(dyno -> !desired.outdates(type, dyno.spec()))
                    .forEach(dyno -> counts.merge(dyno.progress().host(), 1, Integer::sum));
        }
        return counts;
    }

    /// Whether nothing is left that the engine still holds.
    boolean isEmpty() {
        return adopted
                && strays.isEmpty()
                && dynos.values().stream()
                        .allMatch(dyno ->
                                dyno.ending()
                                        .filter(it -> it.forgottenAt().isPresent())
                                        .isPresent());
    }

    Observed with(ObservedDyno dyno) {
        Map<DynoId, ObservedDyno> next = new LinkedHashMap<>(dynos);
        next.put(dyno.id(), dyno);
        return withDynos(next);
    }

    Observed without(DynoId id) {
        Map<DynoId, ObservedDyno> next = new LinkedHashMap<>(dynos);
        next.remove(id);
        return withDynos(next);
    }

    private Observed withDynos(Map<DynoId, ObservedDyno> next) {
        return new Observed(
                app,
                adopted,
                quieting,
                next,
                backoffs,
                waiting,
                acknowledged,
                busy,
                refused,
                strays);
    }

    Observed withBackoff(DynoName name, Backoff backoff) {
        Map<DynoName, Backoff> next = new TreeMap<>(backoffs);
        next.put(name, backoff);
        return withBackoffs(next);
    }

    Observed withBackoffs(Map<DynoName, Backoff> next) {
        return new Observed(
                app, adopted, quieting, dynos, next, waiting, acknowledged, busy, refused, strays);
    }

    Observed withWaiting(Map<DynoName, Wait> next) {
        return next.equals(waiting)
                ? this
                : new Observed(
                        app,
                        adopted,
                        quieting,
                        dynos,
                        backoffs,
                        next,
                        acknowledged,
                        busy,
                        refused,
                        strays);
    }

    Observed withAcknowledged(long revision) {
        return new Observed(
                app,
                adopted,
                quieting,
                dynos,
                backoffs,
                waiting,
                Math.max(acknowledged, revision),
                busy,
                refused,
                strays);
    }

    Observed withBusy(Set<DynoAddress> next) {
        return next.equals(busy)
                ? this
                : new Observed(
                        app,
                        adopted,
                        quieting,
                        dynos,
                        backoffs,
                        waiting,
                        acknowledged,
                        next,
                        refused,
                        strays);
    }

    Observed withRefused(Optional<Preboot.Target> next) {
        return next.equals(refused)
                ? this
                : new Observed(
                        app,
                        adopted,
                        quieting,
                        dynos,
                        backoffs,
                        waiting,
                        acknowledged,
                        busy,
                        next,
                        strays);
    }

    Observed withQuieting(boolean next) {
        return new Observed(
                app, adopted, next, dynos, backoffs, waiting, acknowledged, busy, refused, strays);
    }

    Observed withListed(List<EngineDyno> nextStrays) {
        if (adopted && strays.isEmpty() && nextStrays.isEmpty()) {
            return this;
        }
        return new Observed(
                app,
                true,
                quieting,
                dynos,
                backoffs,
                waiting,
                acknowledged,
                busy,
                refused,
                nextStrays);
    }

    Observed withoutStray(DynoId id) {
        return new Observed(
                app,
                adopted,
                quieting,
                dynos,
                backoffs,
                waiting,
                acknowledged,
                busy,
                refused,
                strays.stream().filter(stray -> !stray.spec().id().equals(id)).toList());
    }

    /// A name that waits for a host with room.
    ///
    /// @param reason why it is to be started
    /// @param told whether the log says so
    record Wait(Tick since, Instant date, Reason reason, boolean told) {}
}
