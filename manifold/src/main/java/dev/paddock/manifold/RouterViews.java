package dev.paddock.manifold;

import dev.paddock.dyno.DynoAddress;
import dev.paddock.manifold.ObservedDyno.Forget;
import dev.paddock.manifold.ObservedDyno.Routing;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// What routers know of an app's dynos, by the views they were given and those they acknowledged. Owned by the app loop.
final class RouterViews {
    private final Picture picture;

    RouterViews(Picture picture) {
        this.picture = picture;
    }

    /// Remembers which revision of the view routers must have acknowledged before a dyno may be touched.
    void viewed(AppView view) {
        for (ObservedDyno dyno : List.copyOf(picture.observed().all())) {
            if (dyno.address().isEmpty()) {
                continue;
            }
            Optional<DynoView> shown =
                    view.routes().stream()
                            .filter(it -> it.id().equals(dyno.id()) && it.address().isPresent())
                            .findFirst();
            Routing routing = dyno.routing();
            if (shown.isPresent()) {
                boolean everRoutable = routing.everRoutable() || shown.get().routable();
                Routing known = new Routing(everRoutable, OptionalLong.empty());
                if (!known.equals(routing)) {
                    picture.set(dyno.with(known));
                }
            } else if (routing.goneSince().isEmpty()) {
                picture.set(
                        dyno.with(
                                new Routing(
                                        routing.everRoutable(), OptionalLong.of(view.revision()))));
            }
        }
    }

    void acknowledged(long revision) {
        picture.put(picture.observed().withAcknowledged(revision));
    }

    void busy(Set<DynoAddress> leaving) {
        picture.put(picture.observed().withBusy(leaving));
    }

    /// Whether something can be started, stopped or collected only when routers acknowledge a newer table.
    boolean awaitsRouters() {
        return !picture.observed().waiting().isEmpty()
                || !picture.observed().strays().isEmpty()
                || picture.observed().all().stream()
                        .anyMatch(dyno ->
                                dyno.address().isPresent()
                                        && !dyno.isCurrent()
                                        && !dyno.routing().isGone(picture.observed().acknowledged())
                                        && dyno.ending()
                                                .map(it -> it.forget() != Forget.DONE)
                                                .orElse(true));
    }
}
