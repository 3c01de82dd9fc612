package dev.paddock.manifold;

import dev.paddock.core.Tick;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.DynoTransition.Reason;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.manifold.ObservedDyno.Ending;
import dev.paddock.manifold.ObservedDyno.Placement;
import dev.paddock.manifold.ObservedDyno.Retirement;
import dev.paddock.manifold.ObservedDyno.Routing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Compares what the engine has with what is observed. Owned by the app loop.
final class EngineList {
    /// Of two dynos of one name the one that serves is kept, and of two that do the one that began later: the other one
    /// was replaced, and is back with its host or was about to be stopped.
    private static final Comparator<EngineDyno> BEST_FIRST =
            Comparator.comparing(EngineDyno::up)
                    .thenComparing(dyno -> dyno.begun().orElse(new Tick(Long.MIN_VALUE)))
                    .reversed();

    private final Picture picture;
    private final Lives lives;
    private final Departures departures;

    EngineList(Picture picture, Lives lives, Departures departures) {
        this.picture = picture;
        this.lives = lives;
        this.departures = departures;
    }

    /// What the engine has, as of `began` or later. What is missing was lost; what nobody knows is adopted the first
    /// time and unwanted afterwards, for by then everything that is wanted was started here.
    void listed(List<EngineDyno> list, Tick began) {
        Map<DynoId, EngineDyno> listed = new HashMap<>();
        list.forEach(dyno -> listed.put(dyno.spec().id(), dyno));
        for (ObservedDyno dyno : List.copyOf(picture.observed().all())) {
            if (!listed.containsKey(dyno.id())) {
                missing(dyno, began);
            }
        }
        List<EngineDyno> strays = new ArrayList<>();
        List<EngineDyno> inOrder = new ArrayList<>(list);
        if (!picture.observed().adopted()) {
            inOrder.sort(BEST_FIRST);
        }
        for (EngineDyno seen : inOrder) {
            Optional<ObservedDyno> known = picture.observed().dyno(seen.spec().id());
            if (known.isPresent()) {
                compare(known.get(), seen, began, strays);
            } else if (picture.observed().adopted()) {
                strays.add(seen);
            } else {
                adopt(seen, began);
            }
        }
        picture.put(picture.observed().withListed(strays));
    }

    private void missing(ObservedDyno dyno, Tick began) {
        Optional<Ending> ending = dyno.ending();
        if (ending.isEmpty()) {
            if (dyno.progress().acceptedAt().filter(at -> at.isBefore(began)).isPresent()) {
                lives.ended(dyno.id(), Optional.empty(), picture.now());
            }
        } else if (ending.get().forgottenAt().filter(at -> at.isBefore(began)).isPresent()) {
            picture.put(picture.observed().without(dyno.id()));
        }
    }

    private void compare(ObservedDyno dyno, EngineDyno seen, Tick began, List<EngineDyno> strays) {
        Optional<Ending> ending = dyno.ending();
        if (ending.isEmpty()) {
            catchUp(dyno, seen);
        } else if (ending.get().at().isBefore(began) && seen.exit().isEmpty()) {
            // It was lost, or its start was refused, and yet it runs.
            strays.add(seen);
        } else if (ending.get().forgottenAt().filter(at -> at.isBefore(began)).isPresent()) {
            departures.forgetFailed(dyno.id());
        }
    }

    private void catchUp(ObservedDyno dyno, EngineDyno seen) {
        DynoId id = dyno.id();
        boolean placed = seen.begun().isPresent() || seen.address().isPresent();
        if (placed && dyno.progress().placement().isEmpty()) {
            Tick at = seen.begun().orElse(picture.now());
            lives.placed(id, new Placement(seen.address(), at));
        }
        if (seen.up() && !dyno.isUp()) {
            lives.up(id);
        }
        if (seen.exit().isPresent()) {
            lives.ended(id, seen.exit(), seen.ended().orElse(picture.now()));
        }
    }

    private void adopt(EngineDyno seen, Tick began) {
        DynoSpec spec = seen.spec();
        Tick startedAt = seen.begun().orElse(began);
        ObservedDyno dyno =
                ObservedDyno.starting(spec, seen.host(), Reason.START, startedAt, picture.date())
                        // Routers may still serve a table in which it is up.
                        .with(new Routing(seen.address().isPresent(), OptionalLong.empty()));
        dyno = dyno.with(dyno.progress().accepted(began));
        if (seen.exit().isEmpty() && (seen.retiring() || isSurplus(spec))) {
            Optional<Tick> asked = seen.retiring() ? Optional.of(began) : Optional.empty();
            dyno =
                    dyno.with(
                            new Retirement(Reason.SCALE_DOWN, Planner.GRACE, picture.now(), asked));
        }
        picture.set(dyno);
        catchUp(dyno, seen);
    }

    /// Of two dynos of one name one goes at once, unless that is the old one of a change of web dynos (preboot).
    private boolean isSurplus(DynoSpec spec) {
        Optional<Desired.Type> web =
                picture.desired().web().filter(it -> it.type().equals(spec.name().type()));
        return picture.observed().all().stream()
                .filter(dyno -> dyno.isCurrent() && dyno.name().equals(spec.name()))
                .anyMatch(dyno ->
                        web.isEmpty()
                                || (!picture.desired().outdates(web.get(), spec)
                                        && !picture.desired().outdates(web.get(), dyno.spec())));
    }

    /// Dynos of kind BUILD belong to the Builder.
    static boolean isOurs(EngineDyno dyno) {
        return dyno.spec().kind() != DynoKind.BUILD;
    }
}
