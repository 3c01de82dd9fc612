package dev.paddock.server;

import dev.paddock.build.Builder;
import dev.paddock.build.Manifests;
import dev.paddock.core.Steps;
import dev.paddock.core.Timers;
import dev.paddock.deploys.AppSetups;
import dev.paddock.deploys.Deployments;
import dev.paddock.deploys.PrebootOutcomes;
import dev.paddock.deploys.Promotions;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.domains.RouterReports;
import dev.paddock.domains.Routers;
import dev.paddock.drains.Drains;
import dev.paddock.drains.LogDrains;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.formation.Admission;
import dev.paddock.formation.DynoJournal;
import dev.paddock.formation.Dynos;
import dev.paddock.formation.Formations;
import dev.paddock.formation.ReleaseDynos;
import dev.paddock.formation.RuntimeMetrics;
import dev.paddock.formation.Sleep;
import dev.paddock.formation.UsedUpPools;
import dev.paddock.logs.DynoLogs;
import dev.paddock.logs.LogHub;
import dev.paddock.manifold.Manifold;
import dev.paddock.manifold.RestartPolicy;
import dev.paddock.metering.FreeHours;
import dev.paddock.outbound.OutboundTargets;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/// What turns what is stored into dynos that run and requests that reach them: manifold, formations, deployments,
/// routes, logs. Made whole first; nothing of it acts before [#begin()].
final class Running {
    final OutboundTargets targets;
    final LogHub logs;
    final Manifold manifold;
    final Formations formations;
    final Dynos dynos;
    final RoutePublisher routes;
    final Routers routers;
    final Deployments deployments;
    final AppSetups setups;
    final Promotions promotions;
    final Drains drains;
    final ManifoldFacts facts;

    private final Stored stored;
    private final Engine engine;
    private final DynoLogs dynoLogs;
    private final Sleep sleep;
    private final UsedUpPools pools;
    private final RuntimeMetrics metrics;
    private final Builder builder;

    /// @param parts gets what has to be closed, in the order of its making
    /// @param publicUrl how apps are reached, with `%s` for the app's name
    Running(Stored stored, Surroundings around, Closing parts, String publicUrl) {
        this.stored = stored;
        this.engine = around.engine();
        this.logs = around.logs();
        Settings settings = around.settings();
        DataDirectory data = around.data();
        Timers timers = around.timers();
        Steps steps =
                CrashPoint.named(Optional.ofNullable(System.getProperty(CrashPoint.PROPERTY)));
        targets = new OutboundTargets(settings.allowedTargets());
        dynoLogs = parts.add("dyno logs", new DynoLogs(engine, logs));
        facts = new ManifoldFacts(stored.dynoRecord, new DynoJournal(logs, dynoLogs, stored.clock));
        manifold =
                parts.add(
                        "the manifold",
                        new Manifold(
                                engine,
                                timers,
                                Executors.newThreadPerTaskExecutor(
                                        Thread.ofVirtual().name("manifold-", 0).factory()),
                                facts,
                                RestartPolicy.HEROKU));
        Admission admission = new Admission(stored.database, engine, settings.memoryOvercommit());
        formations =
                new Formations(
                        stored.database,
                        stored.clock,
                        stored.apps,
                        stored.slugs,
                        stored.releases,
                        manifold,
                        logs,
                        admission,
                        settings.rules(),
                        steps);
        dynos = new Dynos(manifold, stored.apps, stored.releases, stored.slugs, logs, admission);
        sleep = parts.add("sleep", new Sleep(formations, timers, around.helpers()));
        metrics =
                parts.add(
                        "runtime metrics",
                        new RuntimeMetrics(
                                engine,
                                () -> stored.apps.numbersWithFeature(RuntimeMetrics.FEATURE),
                                timers,
                                around.helpers(),
                                logs));
        routes =
                parts.add(
                        "routes",
                        new RoutePublisher(
                                stored.apps,
                                stored.releases,
                                stored.domains,
                                formations::isUsedUp,
                                manifold,
                                around.authority(),
                                settings.domain()));
        pools =
                parts.add(
                        "the pools of free hours",
                        new UsedUpPools(
                                formations,
                                stored.meter::isPoolUsedUp,
                                stored.dynoRecord::isRunning,
                                routes::changed,
                                logs,
                                timers,
                                around.helpers()));
        ReleaseDynos releaseDynos = new ReleaseDynos(manifold, stored.slugs, logs);
        facts.connect(
                routes,
                releaseDynos,
                new PrebootOutcomes(stored.releases, formations, routes, logs, stored.clock));
        routers =
                parts.add(
                        "control links",
                        new Routers(
                                around.runtime().controlSocket(),
                                routes::served,
                                new RouterReports(
                                        routes::holder,
                                        manifold::suspect,
                                        sleep::wake,
                                        sleep::requested),
                                manifold::busy));
        routes.connect(routers);
        builder = new Builder(engine, stored.slugs, targets, data.builds(), data.buildCaches());
        deployments =
                new Deployments(
                        new Deployments.Parts(
                                stored.apps,
                                stored.slugs,
                                builder,
                                stored.builds,
                                stored.buildpacks,
                                targets,
                                stored.releases,
                                formations,
                                releaseDynos,
                                manifold,
                                engine,
                                routes,
                                logs,
                                stored.outputs,
                                data.repositories(),
                                settings.domain(),
                                publicUrl,
                                steps));
        setups =
                new AppSetups(
                        new AppSetups.Parts(
                                deployments,
                                new Manifests(targets, stored.sources),
                                stored.builds,
                                stored.buildpacks,
                                targets,
                                stored.releases,
                                stored.slugs,
                                formations,
                                releaseDynos,
                                publicUrl),
                        stored.database,
                        stored.clock);
        promotions = new Promotions(stored.database, stored.releases, deployments, stored.clock);
        drains =
                parts.add(
                        "log drains",
                        new Drains(
                                new LogDrains(stored.database, stored.clock),
                                logs,
                                targets,
                                timers,
                                stored.clock));
    }

    /// What is around it.
    record Surroundings(
            Settings settings,
            DataDirectory data,
            RuntimeDirectory runtime,
            Engine engine,
            LogHub logs,
            CertificateAuthority authority,
            Timers timers,
            Executor helpers) {}

    /// Takes over what runs, then starts what is missing.
    void begin() {
        engine.listen(event -> {
            manifold.accept(event);
            builder.accept(event);
        });
        builder.clean();
        drains.start();
        stored.sources.clean();
        followLogs();
        formations.wantAll();
        if (stored.meter.plan() == FreeHours.POOL) {
            pools.start();
        }
        manifold.start();
        formations.settle();
        metrics.start();
        sleep.start();
    }

    private void followLogs() {
        for (EngineDyno dyno : engine.list()) {
            boolean logged = !dyno.spec().stdio().attached();
            if (logged && dyno.spec().kind() != DynoKind.BUILD) {
                dynoLogs.follow(dyno.spec().app(), dyno.spec().id(), dyno.spec().name());
            }
        }
    }
}
