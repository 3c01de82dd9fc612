package dev.paddock.manifold;

import dev.paddock.core.ProcessType;
import dev.paddock.core.ReleaseVersion;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.manifold.ManifoldListener.Notice;
import dev.paddock.manifold.ObservedDyno.HangUp;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Folds in what users, and whoever asks in their name, want of an app. Owned by the app loop.
final class Wishes {
    private final Picture picture;
    private final Departures departures;

    /// The newest release that was given up because its web dynos did not come up.
    private ReleaseVersion givenUp = ReleaseVersion.NONE;

    Wishes(Picture picture, Departures departures) {
        this.picture = picture;
        this.departures = departures;
    }

    /// A new release, which a config change is too, gives crashed dynos a new chance; a scaling does not.
    ///
    /// Numbers of releases only grow, so a wish for an older one was overtaken, unless the newer one was given up; only
    /// "no release" always counts.
    void want(Desired next) {
        boolean older = next.release().compareTo(picture.desired().release()) < 0;
        boolean overtaken = older && picture.desired().release().compareTo(givenUp) > 0;
        if (overtaken && !next.release().equals(ReleaseVersion.NONE)) {
            return;
        }
        if (!next.release().equals(picture.desired().release())) {
            picture.put(picture.observed().withBackoffs(Map.of()));
        }
        if (!next.release().equals(picture.desired().release())
                || !next.types().equals(picture.desired().types())
                || !next.asleep().equals(picture.desired().asleep())) {
            picture.put(picture.observed().withWaiting(Map.of()));
        }
        remarkWaking(next);
        picture.put(next);
        Map<DynoName, Backoff> kept = new TreeMap<>(picture.observed().backoffs());
        if (picture.observed().refused().isPresent()
                && !Preboot.Target.of(next).equals(picture.observed().refused())) {
            picture.put(picture.observed().withRefused(Optional.empty()));
            kept.keySet().removeIf(name -> name.type().isWeb());
        }
        kept.keySet().removeIf(name -> next.isAsleep(name.type()) || !next.wants(name));
        picture.put(picture.observed().withBackoffs(kept));
        if (next.types().stream().anyMatch(type -> type.quantity() > 0)) {
            picture.put(picture.observed().withQuieting(false));
        }
    }

    private void remarkWaking(Desired next) {
        next.names().stream()
                .filter(name -> picture.desired().isAsleep(name.type()))
                .filter(name -> !next.isAsleep(name.type()))
                .forEach(name -> picture.remark(new Notice.Unidling(name)));
    }

    void restart(Optional<ProcessType> type, Optional<DynoName> name) {
        Map<DynoName, Backoff> kept = new TreeMap<>(picture.observed().backoffs());
        kept.keySet().removeIf(it -> matches(it, type, name));
        picture.put(picture.observed().withBackoffs(kept));
        Preboot preboot = Preboot.of(picture.desired(), picture.observed());
        for (ObservedDyno dyno : List.copyOf(picture.observed().all())) {
            // While new web dynos come up, they are those that the user means; the old ones serve.
            boolean isMeant = !preboot.isOld(dyno.id()) || preboot.refused();
            if (isMeant
                    && dyno.isFormation()
                    && dyno.isCurrent()
                    && matches(dyno.name(), type, name)) {
                departures.withdraw(dyno, Reason.RESTART, Planner.GRACE);
            }
        }
    }

    private static boolean matches(
            DynoName dyno, Optional<ProcessType> type, Optional<DynoName> name) {
        return type.map(dyno.type()::equals).orElse(true) && name.map(dyno::equals).orElse(true);
    }

    void stop(DynoName name) {
        picture.observed()
                .current(name)
                .ifPresent(dyno -> departures.withdraw(dyno, Reason.STOP, Planner.GRACE));
    }

    void hangUp(DynoId id) {
        picture.observed()
                .dyno(id)
                .filter(dyno -> dyno.hangUp().isEmpty() && dyno.ending().isEmpty())
                .ifPresent(dyno -> picture.set(dyno.with(new HangUp(0, picture.now()))));
    }

    void quiet() {
        picture.put(picture.observed().withQuieting(true).withWaiting(Map.of()));
    }

    /// The new web dynos serve from now on.
    void takeOver() {
        picture.tell(
                new Fact.Prebooted(
                        new ManifoldListener.Preboot.TookOver(picture.desired().release())));
    }

    /// The new web dynos do not come up; as long as they are wanted the old ones serve.
    void giveUp(String why) {
        Preboot preboot = Preboot.of(picture.desired(), picture.observed());
        Preboot.Target target = Preboot.Target.of(picture.desired()).orElseThrow();
        Map<DynoName, Observed.Wait> others = new TreeMap<>(picture.observed().waiting());
        others.keySet().removeIf(name -> name.type().isWeb());
        picture.put(picture.observed().withRefused(Optional.of(target)).withWaiting(others));
        givenUp = target.release();
        picture.tell(
                new Fact.Prebooted(
                        new ManifoldListener.Preboot.GivenUp(
                                target.release(),
                                target.size(),
                                preboot.keptSize(picture.desired()),
                                why)));
    }
}
