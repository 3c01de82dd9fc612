package dev.paddock.manifold;

import dev.paddock.core.ReleaseVersion;
import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoSize;
import dev.paddock.dyno.DynoState;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// The change of an app's web dynos to new ones that are started beside the old ones, which serve until all new ones
/// are up (dynos.md section 4). Pure: what it is follows from what is wanted and what runs, so that it survives a
/// restart of the platform.
///
/// @param old those that serve; empty when no change is under way
/// @param fresh those of the wanted release, size and command; empty when no change is under way
/// @param refused whether the new ones were given up, so that none is started
/// @param mixed whether old and new ones serve at once, so that each new one replaces its old one as soon as it is up:
///     found after the platform was killed while the new ones took over
/// @param quantity how many new ones are wanted
record Preboot(
        List<ObservedDyno> old,
        List<ObservedDyno> fresh,
        boolean refused,
        boolean mixed,
        int quantity) {
    /// From the start of a new web dyno until it must be up.
    static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Preboot NONE = new Preboot(List.of(), List.of(), false, false, 0);

    /// What new web dynos are; a change that failed is remembered by it.
    record Target(ReleaseVersion release, DynoSize size) {
        static Optional<Target> of(Desired desired) {
            return desired.web().map(web -> new Target(desired.release(), web.size()));
        }
    }

    static Preboot of(Desired desired, Observed observed) {
        Optional<Desired.Type> web = desired.web();
        if (web.isEmpty() || desired.isAsleep(web.get().type()) || observed.quieting()) {
            return NONE;
        }
        Desired.Type type = web.get();
        List<ObservedDyno> wanted =
                observed.all().stream()
                        .filter(dyno -> dyno.isCurrent() && isOf(type, dyno))
                        .toList();
        List<ObservedDyno> fresh =
                wanted.stream().filter(dyno -> !desired.outdates(type, dyno.spec())).toList();
        // Those of a later release were given up: no way back may fail, too.
        List<ObservedDyno> old =
                serving(
                        wanted.stream()
                                .filter(dyno -> desired.outdates(type, dyno.spec()))
                                .filter(dyno ->
                                        dyno.spec().release().compareTo(desired.release()) <= 0)
                                .toList());
        // One that has begun goes on when the formation becomes too small for it meanwhile.
        boolean begun = fresh.stream().anyMatch(dyno -> !dyno.routing().everRoutable());
        if (old.isEmpty() || !(desired.preboot() || begun)) {
            return NONE;
        }
        boolean refused = Target.of(desired).equals(observed.refused());
        Preboot change = new Preboot(old, fresh, refused, false, type.quantity());
        boolean mixed =
                fresh.stream()
                        .anyMatch(dyno ->
                                dyno.routing().everRoutable() && !change.hasOld(dyno.name()));
        return mixed ? change.oneByOne() : change;
    }

    private Preboot oneByOne() {
        List<ObservedDyno> needed =
                old.stream().filter(dyno -> !isFreshUp(dyno.name().number())).toList();
        return needed.isEmpty() ? NONE : new Preboot(needed, fresh, false, true, quantity);
    }

    private static boolean isOf(Desired.Type type, ObservedDyno dyno) {
        return dyno.isFormation()
                && dyno.name().type().equals(type.type())
                && dyno.name().number() <= type.quantity();
    }

    /// One per name: those of a change that was overtaken were never routed, or came later.
    private static List<ObservedDyno> serving(List<ObservedDyno> outdated) {
        Map<DynoName, ObservedDyno> first = new TreeMap<>();
        outdated.stream()
                .filter(dyno ->
                        dyno.isUp() && dyno.address().isPresent() && dyno.routing().everRoutable())
                .sorted(Comparator.comparing(dyno -> dyno.progress().startedAt()))
                .forEach(dyno -> first.putIfAbsent(dyno.name(), dyno));
        return List.copyOf(first.values());
    }

    Preboot refuse() {
        return new Preboot(old, fresh, true, false, quantity);
    }

    boolean isUnderWay() {
        return !old.isEmpty();
    }

    /// Whether the new ones can take over.
    boolean isComplete() {
        return isUnderWay()
                && !refused
                && !mixed
                && IntStream.rangeClosed(1, quantity).allMatch(this::isFreshUp);
    }

    private boolean isFreshUp(int number) {
        return fresh.stream()
                .anyMatch(dyno ->
                        dyno.name().number() == number
                                && dyno.isUp()
                                && dyno.address().isPresent());
    }

    /// The name of a new one that crashed just now.
    Optional<DynoName> crashed(Desired desired, Observed observed) {
        Desired.Type type = desired.web().orElseThrow();
        return observed.all().stream()
                .filter(dyno -> isOf(type, dyno) && !desired.outdates(type, dyno.spec()))
                .filter(dyno -> dyno.told() == DynoState.CRASHED)
                .filter(dyno -> dyno.ending().filter(ending -> !ending.committed()).isPresent())
                .map(ObservedDyno::name)
                .findFirst();
    }

    /// The new one that has the least time left to be up.
    Optional<ObservedDyno> latest() {
        return fresh.stream()
                .filter(dyno -> !dyno.isUp())
                .min(Comparator.comparing(dyno -> dyno.progress().startedAt()));
    }

    /// When the last of the new ones was started.
    Tick lastStart() {
        return fresh.stream()
                .map(dyno -> dyno.progress().startedAt())
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    static Tick deadline(ObservedDyno dyno) {
        return dyno.progress().startedAt().plus(LIMIT);
    }

    boolean isOld(DynoId id) {
        return old.stream().anyMatch(dyno -> dyno.id().equals(id));
    }

    /// Whether routers are to know it.
    boolean serves(ObservedDyno dyno) {
        return isOld(dyno.id()) || (mixed && isFresh(dyno.id()) && !hasOld(dyno.name()));
    }

    private boolean hasOld(DynoName name) {
        return old.stream().anyMatch(dyno -> dyno.name().equals(name));
    }

    boolean isFresh(DynoId id) {
        return fresh.stream().anyMatch(dyno -> dyno.id().equals(id));
    }

    /// The size of the old ones, when they differ from the new ones in nothing else.
    Optional<DynoSize> keptSize(Desired desired) {
        Desired.Type type = desired.web().orElseThrow();
        DynoSize size = old.getFirst().spec().size();
        boolean sizeAlone =
                old.stream()
                        .map(ObservedDyno::spec)
                        .noneMatch(dyno ->
                                desired.outdates(
                                        type, dyno.release(), type.size(), dyno.command()));
        return sizeAlone ? Optional.of(size) : Optional.empty();
    }
}
