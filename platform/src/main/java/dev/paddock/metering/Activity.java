package dev.paddock.metering;

import dev.paddock.apps.Apps;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.domains.AppLoads;
import dev.paddock.dyno.DynoName;
import dev.paddock.dyno.DynoUsage;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineHost;
import dev.paddock.formation.Dynos;
import dev.paddock.manifold.DynoView;
import dev.paddock.routes.ControlFrame.AppLoad;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What every app does at this moment: its dynos, what they use, its traffic. Safe for any thread.
public final class Activity {
    /// Restarts longer ago say little about how a dyno is now.
    private static final Duration RECENT = Duration.ofHours(24);

    private final Apps apps;
    private final Dynos dynos;
    private final Engine engine;
    private final AppLoads loads;
    private final Restarts restarts;
    private final Timers timers;

    public Activity(
            Apps apps,
            Dynos dynos,
            Engine engine,
            AppLoads loads,
            Restarts restarts,
            Timers timers) {
        this.apps = apps;
        this.dynos = dynos;
        this.engine = engine;
        this.loads = loads;
        this.restarts = restarts;
        this.timers = timers;
    }

    /// Apps with neither dynos nor traffic are only counted.
    public Snapshot now() {
        Map<App, List<DynoView>> running = new LinkedHashMap<>();
        int quiet = 0;
        for (App app : apps.all()) {
            List<DynoView> its = dynos.list(app.id());
            if (its.isEmpty() && loads.find(app.name().value()).isEmpty()) {
                quiet++;
            } else {
                running.put(app, its);
            }
        }
        List<AppId> ids = running.keySet().stream().map(App::id).toList();
        Map<AppId, Map<DynoName, Integer>> restarted =
                restarts.since(timers.date().minus(RECENT), ids);
        List<AppActivity> activities =
                running.entrySet().stream()
                        .map(app ->
                                activity(
                                        app.getKey(),
                                        app.getValue(),
                                        restarted.getOrDefault(app.getKey().id(), Map.of())))
                        .toList();
        return new Snapshot(timers.now(), timers.date(), engine.hosts(), activities, quiet);
    }

    private AppActivity activity(
            App app, List<DynoView> views, Map<DynoName, Integer> restartsByName) {
        return new AppActivity(
                app.name(),
                loads.find(app.name().value()),
                views.stream()
                        .map(view ->
                                new DynoActivity(
                                        view,
                                        engine.usage(view.id()),
                                        restartsByName.getOrDefault(view.name(), 0)))
                        .toList());
    }

    /// All apps with dynos or traffic.
    ///
    /// @param quiet how many more apps there are
    public record Snapshot(
            Tick tick, Instant at, List<EngineHost> hosts, List<AppActivity> apps, int quiet) {
        public Snapshot {
            hosts = List.copyOf(hosts);
            apps = List.copyOf(apps);
        }
    }

    /// One app.
    ///
    /// @param load empty without traffic
    public record AppActivity(AppName name, Optional<AppLoad> load, List<DynoActivity> dynos) {
        public AppActivity {
            dynos = List.copyOf(dynos);
        }
    }

    /// One dyno.
    ///
    /// @param usage empty while its command does not run
    /// @param restarts within the last 24 hours
    public record DynoActivity(DynoView dyno, Optional<DynoUsage> usage, int restarts) {}
}
