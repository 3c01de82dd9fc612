package dev.paddock.manifold;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.FakeEngine;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Watches over what preboot promises: the name of a web dyno that serves leaves the routes only when its dyno ended, a
/// user took it away, or all wanted dynos are there instead.
final class Service {
    private final FakeEngine engine;
    private final Map<AppId, List<DynoView>> serving = new HashMap<>();
    private final Set<DynoId> mayGo = new HashSet<>();

    Service(FakeEngine engine) {
        this.engine = engine;
    }

    /// A user restarts or stops something of this app.
    void mayLose(AppView view) {
        view.routes().forEach(dyno -> mayGo.add(dyno.id()));
    }

    /// These are lost with their host; they may be back, and do not count any more.
    void mayLose(Set<DynoId> dynos) {
        mayGo.addAll(dynos);
    }

    void look(AppView view, Desired desired) {
        List<DynoView> now = view.routes().stream().filter(DynoView::routable).toList();
        List<DynoView> before = serving.put(view.app(), now);
        if (before == null || !desired.preboot() || isAllThere(now, desired)) {
            return;
        }
        Set<DynoName> still = names(now);
        int quantity = desired.web().map(Desired.Type::quantity).orElse(0);
        for (DynoView dyno : before) {
            // One of a later release served after all old ones had ended, and was given up.
            boolean isGivenUp = dyno.release().compareTo(desired.release()) > 0;
            if (dyno.name().number() <= quantity && isHealthy(dyno.id()) && !isGivenUp) {
                assertThat(still).as("%s left the routes too early", dyno).contains(dyno.name());
            }
        }
    }

    private static boolean isAllThere(List<DynoView> now, Desired desired) {
        Set<DynoName> names = names(now);
        return desired.web()
                .map(web ->
                        IntStream.rangeClosed(1, web.quantity())
                                .allMatch(
                                        number -> names.contains(new DynoName(web.type(), number))))
                .orElse(true);
    }

    private static Set<DynoName> names(List<DynoView> dynos) {
        return dynos.stream().map(DynoView::name).collect(Collectors.toSet());
    }

    private boolean isHealthy(DynoId id) {
        return !mayGo.contains(id)
                && engine.list().stream()
                        .anyMatch(dyno ->
                                dyno.spec().id().equals(id)
                                        && dyno.exit().isEmpty()
                                        && !dyno.retiring());
    }
}
