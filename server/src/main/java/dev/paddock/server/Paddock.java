package dev.paddock.server;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.AuditLog;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.OAuthClients;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.accounts.RateLimits;
import dev.paddock.accounts.SshKeys;
import dev.paddock.api.ApiServer;
import dev.paddock.api.ApiSettings;
import dev.paddock.apps.AppTransfers;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Collaborators;
import dev.paddock.attach.Rendezvous;
import dev.paddock.build.Builder;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.build.Manifests;
import dev.paddock.build.SlugStore;
import dev.paddock.build.Sources;
import dev.paddock.core.App;
import dev.paddock.core.Steps;
import dev.paddock.core.UserError;
import dev.paddock.daemons.SystemUser;
import dev.paddock.deploys.AppSetups;
import dev.paddock.deploys.Deployments;
import dev.paddock.deploys.Hosting;
import dev.paddock.deploys.PrebootOutcomes;
import dev.paddock.deploys.Promotions;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.Domains;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.domains.RouterReports;
import dev.paddock.domains.RouterSpools;
import dev.paddock.domains.Routers;
import dev.paddock.domains.SniEndpoints;
import dev.paddock.drains.Drains;
import dev.paddock.drains.LogDrains;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.engine.local.LocalEngine;
import dev.paddock.engine.local.LocalSettings;
import dev.paddock.formation.Admission;
import dev.paddock.formation.DynoJournal;
import dev.paddock.formation.Dynos;
import dev.paddock.formation.Formations;
import dev.paddock.formation.ReleaseDynos;
import dev.paddock.formation.RuntimeMetrics;
import dev.paddock.formation.Sleep;
import dev.paddock.git.GitEndpoint;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.DynoLogs;
import dev.paddock.logs.LogHub;
import dev.paddock.logs.LogSessions;
import dev.paddock.manifold.Manifold;
import dev.paddock.manifold.RestartPolicy;
import dev.paddock.metering.Activity;
import dev.paddock.metering.DynoRecord;
import dev.paddock.metering.Marks;
import dev.paddock.metering.Meter;
import dev.paddock.metering.Restarts;
import dev.paddock.outbound.OutboundHttp;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.pipelines.Couplings;
import dev.paddock.pipelines.Pipelines;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.store.PostgresServer;
import dev.paddock.webhooks.Deliverer;
import dev.paddock.webhooks.Deliveries;
import dev.paddock.webhooks.Webhooks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One platform: makes every part in dependency order, starts it, and ends it in reverse. The composition root.
///
/// Three endings: [#stop(Grace)] ends everything; [#close()] ends the platform alone and lets go of router, database
/// and dynos; being killed is the same as closing, only without notice.
public final class Paddock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Paddock.class);

    /// From the start of the router's java to its first table.
    private static final Duration ROUTER_LIMIT = Duration.ofSeconds(60);

    /// Routers may take their time to acknowledge, then dynos have their 30 s.
    private static final Duration DYNOS_LIMIT = Duration.ofSeconds(100);

    /// A receiver of events that is silent for longer has not got them.
    private static final Duration WEBHOOK_PATIENCE = Duration.ofSeconds(10);

    private static final Duration LEFTOVERS_LIMIT = Duration.ofSeconds(40);

    private final Settings settings;
    private final InstantSource clock = InstantSource.system();
    private final RuntimeDirectory runtime;
    private final DataDirectory data;
    private final Closing foundation;
    private final Closing parts = new Closing();
    private final Closing front = new Closing();
    private final RouterProcess router;
    private final PostgresServer postgres;
    private final LocalEngine engine;
    private final Apps apps;
    private final Manifold manifold;
    private final PlatformRecord record;
    private final OperatorFile operator;

    private Paddock(
            Settings settings,
            DataDirectory data,
            RuntimeDirectory runtime,
            Installation installation,
            Closing foundation) {
        this.settings = settings;
        this.data = data;
        this.runtime = runtime;
        this.foundation = foundation;
        foundation.add("the parts", parts);
        foundation.add("the front", front);

        // The two slow beginners, PostgreSQL and the router's java, get ready while the rest is
        // made.
        router = new RouterProcess(settings, data, runtime, installation);
        parts.add("the watch over the router", router);
        router.start();
        ExecutorService helpers = Executors.newVirtualThreadPerTaskExecutor();
        parts.add("helpers", helpers);
        Future<Store> starting = helpers.submit(() -> openStore(installation));
        Future<CertificateAuthority> opening =
                helpers.submit(() ->
                        CertificateAuthority.open(data.certificates(), settings.domain(), clock));

        SystemTimers timers = parts.add("timers", new SystemTimers());
        engine =
                parts.add(
                        "the engine",
                        new LocalEngine(
                                LocalSettings.of(
                                                runtime.path(),
                                                data.engine(),
                                                runtime.hash(),
                                                timers)
                                        .withSpares(settings.spares())
                                        .withDiskBytes(settings.dynoDiskBytes())));
        engine.weaknesses().forEach(weakness -> LOG.warn("Weaker here: {}", weakness));
        LogHub logs = parts.add("the logs", new LogHub(data.logs()));
        CertificateAuthority authority = await(opening);
        Store store = await(starting);
        postgres = store.server();
        Database database = parts.add("the database", store.database());
        Future<?> settling = helpers.submit(postgres::settle);

        Accounts accounts = new Accounts(database, clock);
        Authorizations authorizations = new Authorizations(database, clock, accounts);
        OAuthClients clients = new OAuthClients(database, clock, accounts);
        AuditLog audit = new AuditLog(data.audit());
        apps = new Apps(database, clock);
        logs.keepOnly(apps.all().stream().map(App::id).toList());
        Releases releases = new Releases(database, clock);
        releases.sealAll();
        SlugStore slugs = new SlugStore(database, data.slugs());
        DynoLogs dynoLogs = parts.add("dyno logs", new DynoLogs(engine, logs));
        DynoRecord dynoRecord = new DynoRecord(database);
        Meter meter = new Meter(database, timers, settings.freeHours());
        ManifoldFacts facts = new ManifoldFacts(dynoRecord, new DynoJournal(logs, dynoLogs, clock));
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
        Steps steps =
                CrashPoint.named(Optional.ofNullable(System.getProperty(CrashPoint.PROPERTY)));
        Admission admission = new Admission(database, engine, settings.memoryOvercommit());
        Formations formations =
                new Formations(
                        database, clock, apps, slugs, releases, manifold, logs, admission, steps);
        Dynos dynos = new Dynos(manifold, apps, releases, slugs, logs, admission);
        Sleep sleep = parts.add("sleep", new Sleep(formations, timers, helpers));
        RuntimeMetrics metrics =
                parts.add(
                        "runtime metrics",
                        new RuntimeMetrics(
                                engine,
                                () -> apps.numbersWithFeature(RuntimeMetrics.FEATURE),
                                timers,
                                helpers,
                                logs));
        Domains domains = new Domains(database, settings.domain(), clock);
        RoutePublisher routes =
                parts.add(
                        "routes",
                        new RoutePublisher(
                                apps, releases, domains, manifold, authority, settings.domain()));
        OutboundTargets targets = new OutboundTargets(settings.allowedTargets());
        ReleaseDynos releaseDynos = new ReleaseDynos(manifold, slugs, logs);
        facts.connect(
                routes,
                releaseDynos,
                new PrebootOutcomes(releases, formations, routes, logs, clock));
        CommandOutputs outputs = new CommandOutputs(data.outputs());
        Routers routers =
                parts.add(
                        "control links",
                        new Routers(
                                runtime.controlSocket(),
                                routes::served,
                                new RouterReports(
                                        routes::holder,
                                        manifold::suspect,
                                        sleep::wake,
                                        sleep::requested),
                                manifold::busy));
        routes.connect(routers);
        Builder builder = new Builder(engine, slugs, targets, data.builds(), data.buildCaches());
        Buildpacks buildpacks = new Buildpacks(database);
        Builds builds = new Builds(database, clock);
        Sources sources = new Sources(data.sources(), clock);
        Deployments deployments =
                new Deployments(
                        new Deployments.Parts(
                                apps,
                                slugs,
                                builder,
                                builds,
                                buildpacks,
                                targets,
                                releases,
                                formations,
                                releaseDynos,
                                manifold,
                                engine,
                                routes,
                                logs,
                                outputs,
                                data.repositories(),
                                settings.domain(),
                                publicUrl(),
                                steps));
        Drains drains =
                parts.add(
                        "log drains",
                        new Drains(new LogDrains(database, clock), logs, targets, timers, clock));
        AppSetups setups =
                new AppSetups(
                        new AppSetups.Parts(
                                deployments,
                                new Manifests(targets, sources),
                                builds,
                                buildpacks,
                                targets,
                                releases,
                                slugs,
                                formations,
                                releaseDynos,
                                publicUrl()),
                        database,
                        clock);
        Promotions promotions = new Promotions(database, releases, deployments, clock);
        promotions.failInterrupted();
        Deliveries deliveries = new Deliveries(database, clock);
        Webhooks webhooks = new Webhooks(database, targets, deliveries, clock);
        Deliverer deliverer =
                front.add(
                        "webhooks",
                        new Deliverer(
                                deliveries, new OutboundHttp(targets, WEBHOOK_PATIENCE), clock));
        Rendezvous rendezvous =
                front.add(
                        "rendezvous",
                        new Rendezvous(
                                settings.rendezvous().socketAddress(),
                                authority,
                                engine,
                                manifold,
                                timers));
        ApiServer api =
                front.add(
                        "the API",
                        new ApiServer(
                                new ApiServer.Parts(
                                        new ApiSettings(
                                                settings.api().socketAddress(),
                                                settings.domain(),
                                                settings.http().port(),
                                                Set.of(settings.api().host())),
                                        new ApiServer.Access(
                                                accounts,
                                                authorizations,
                                                clients,
                                                new OAuthGrants(
                                                        database,
                                                        clock,
                                                        accounts,
                                                        authorizations,
                                                        clients),
                                                new SshKeys(database, clock),
                                                new Collaborators(database, clock),
                                                new AppTransfers(database, clock),
                                                new RateLimits(),
                                                audit),
                                        apps,
                                        deployments,
                                        setups,
                                        new Hosting(
                                                domains,
                                                new SniEndpoints(database, clock),
                                                routes,
                                                logs,
                                                clock),
                                        releases,
                                        formations,
                                        dynos,
                                        meter,
                                        slugs,
                                        builds,
                                        sources,
                                        buildpacks,
                                        targets,
                                        logs,
                                        new LogSessions(clock),
                                        drains,
                                        outputs,
                                        rendezvous,
                                        new Activity(
                                                apps,
                                                dynos,
                                                engine,
                                                routers.loads(),
                                                new Restarts(database),
                                                timers),
                                        authority,
                                        new GitEndpoint(authorizations, audit, apps, deployments)
                                                .filter(),
                                        new ApiServer.PipelineParts(
                                                new Pipelines(database, clock),
                                                new Couplings(database, clock),
                                                promotions),
                                        new ApiServer.WebhookParts(webhooks, deliveries),
                                        clock)));

        // What is wanted, what exists, then who may ask.
        engine.listen(event -> {
            manifold.accept(event);
            builder.accept(event);
        });
        builder.clean();
        drains.start();
        sources.clean();
        followLogs(dynoLogs);
        settle(dynoRecord);
        formations.wantAll();
        manifold.start();
        formations.settle();
        metrics.start();
        sleep.start();
        parts.add("marks for the bill", new Marks(dynoRecord, timers)).start();
        SystemUser.ensure(RouterProcess.USER).ifPresent(routers::allow);
        router.pids().forEach(routers::expect);
        routers.start();
        routes.start();
        router.handOver(routers);
        awaitRouter(routers, routes);
        parts.add("request lines", new RouterSpools(data.router(), database, logs)).start();
        operator = writeOperatorFile(accounts, authorizations, copyOf(authority.file()));
        Object _ = await(settling);
        deployments.abandonUnfinished();
        setups.failInterrupted();
        rendezvous.start();
        api.start();
        facts.watch(api::changed);
        deliverer.start();
        var _ = helpers.submit(deployments::resume);
        record =
                new PlatformRecord(
                        ProcessMark.self(),
                        ProductVersion.text(),
                        clock.instant(),
                        data.path(),
                        settings.api().toString(),
                        settings.rendezvous().toString(),
                        settings.http().toString(),
                        settings.https().toString(),
                        settings.domain(),
                        operator.ca(),
                        ProcessMark.of(postgres.pid()).orElse(ProcessMark.self()));
        record.write(runtime);
        SmallFiles.writeReadable(data.settings(), String.join("\n", settings.flags()) + "\n");
    }

    /// Opens the database in the thread that waited for its server, beside the making of the engine.
    private Store openStore(Installation installation) {
        PostgresServer server =
                PostgresServer.start(
                        data.path().resolve("postgres"), runtime.path(), installation.postgres());
        return new Store(
                server,
                Database.open(
                        server.jdbcUrl(), server.user(), server.password(), data.secretsKey()));
    }

    /// Starts or adopts everything; returns when all serves. When it throws, what it started has been ended again and
    /// what it found running still runs.
    public static Paddock start(Settings settings, Installation installation) {
        HostPackages.ofThisMachine().require(settings.installs());
        if (!Files.exists(settings.data())) {
            // Before there is a directory that a start in vain would leave behind.
            Ports.requireFree("--api", settings.api());
            Ports.requireFree("--rendezvous", settings.rendezvous());
            Ports.requireFree("--http", settings.http());
            Ports.requireFree("--https", settings.https());
        }
        Closing foundation = new Closing();
        try {
            DataDirectory data =
                    foundation.add("the data directory", DataDirectory.open(settings.data()));
            data.requireWhole();
            RuntimeDirectory runtime = RuntimeDirectory.of(data.path());
            runtime.create();
            Ports.requireFree("--api", settings.api());
            Ports.requireFree("--rendezvous", settings.rendezvous());
            StartedInVain vain =
                    foundation.add("what was started in vain", new StartedInVain(runtime));
            Paddock paddock = new Paddock(settings, data, runtime, installation, foundation);
            vain.settle();
            return paddock;
        } catch (RuntimeException | Error e) {
            foundation.close();
            throw e;
        }
    }

    /// What runs, and where.
    public PlatformRecord record() {
        return record;
    }

    public OperatorFile operator() {
        return operator;
    }

    /// Ends everything: the API, then the dynos (each with its time to end by itself), router, platform, database.
    public void stop(Grace grace) {
        front.close();
        endDynos(grace);
        router.stop();
        parts.close();
        postgres.stop();
        PlatformRecord.remove(runtime);
        foundation.close();
    }

    /// Ends the platform alone; the next one on the same data adopts router, database and dynos.
    @Override
    public void close() {
        front.close();
        parts.close();
        foundation.close();
    }

    /// Through the manifold, so that each end is recorded as one that was asked for, and no dyno gets a signal before
    /// the router knows.
    private void endDynos(Grace grace) {
        Thread impatience = Thread.ofVirtual().name("impatience").start(() -> hurryDynos(grace));
        try (ExecutorService perApp = Executors.newVirtualThreadPerTaskExecutor()) {
            for (App app : apps.all()) {
                var _ = perApp.submit(() -> manifold.quiet(app.id(), DYNOS_LIMIT));
            }
        } catch (RuntimeException e) {
            LOG.warn("Ending the dynos without the database's help", e);
        }
        Dying.await(engine, grace, LEFTOVERS_LIMIT);
        impatience.interrupt();
    }

    private void hurryDynos(Grace grace) {
        try {
            if (grace.awaitHurry(DYNOS_LIMIT)) {
                Dying.retireAll(engine, Grace.HURRIED);
            }
        } catch (InterruptedException allEnded) {
            Thread.currentThread().interrupt();
        }
    }

    /// How apps are reached through the router, with `%s` for the app's name.
    private String publicUrl() {
        int port = settings.http().port();
        return "http://%s." + settings.domain() + (port == 80 ? "" : ":" + port) + "/";
    }

    private void followLogs(DynoLogs dynoLogs) {
        for (EngineDyno dyno : engine.list()) {
            boolean logged = !dyno.spec().stdio().attached();
            if (logged && dyno.spec().kind() != DynoKind.BUILD) {
                dynoLogs.follow(dyno.spec().app(), dyno.spec().id(), dyno.spec().name());
            }
        }
    }

    /// What an earlier platform recorded as running and no engine knows went with the machine.
    private void settle(DynoRecord dynoRecord) {
        int gone =
                dynoRecord.settle(
                        engine.list().stream()
                                .map(dyno -> dyno.spec().id())
                                .collect(Collectors.toSet()));
        if (gone > 0) {
            LOG.info("{} dynos ended unseen, as in a power cut; their record is closed", gone);
        }
    }

    private void awaitRouter(Routers routers, RoutePublisher routes) {
        try {
            if (!routers.await(1, ROUTER_LIMIT) || !routes.settle(ROUTER_LIMIT)) {
                throw new UserError(
                        "unavailable",
                        "The router did not serve the routes within %d s. Its last words: %s"
                                .formatted(ROUTER_LIMIT.toSeconds(), router.lastWords()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while waiting for the router.");
        }
    }

    /// The first start makes the first account; each start writes down what the operator's shell needs.
    private OperatorFile writeOperatorFile(
            Accounts accounts, Authorizations authorizations, Path ca) {
        int port = settings.api().port();
        Optional<OperatorFile> before =
                OperatorFile.find(data.path())
                        .filter(file -> authorizations.authenticate(file.key()).isPresent());
        OperatorFile file =
                before.map(known -> new OperatorFile(known.email(), known.key(), port, ca))
                        .orElseGet(() -> newKey(accounts, authorizations, port, ca));
        file.write(data.path());
        return file;
    }

    private OperatorFile newKey(
            Accounts accounts, Authorizations authorizations, int port, Path ca) {
        Account account =
                accounts.operator()
                        .orElseGet(
                                () -> accounts.create("operator@" + settings.domain(), "Operator"));
        String key = authorizations.issue(account, "Operator's shell", Optional.empty()).token();
        return new OperatorFile(account.email(), key, port, ca);
    }

    private Path copyOf(Path certificate) {
        Path copy = data.path().resolve("ca.pem");
        try {
            SmallFiles.writeReadable(copy, Files.readString(certificate));
        } catch (IOException e) {
            throw new UncheckedIOException("Copying the certificate " + certificate, e);
        }
        return copy;
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while starting.");
        }
    }

    private record Store(PostgresServer server, Database database) {}
}
