package dev.paddock.api;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.AuditLog;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.OAuthClients;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.accounts.RateLimits;
import dev.paddock.accounts.SshKeys;
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
import dev.paddock.core.AppId;
import dev.paddock.core.AppName;
import dev.paddock.core.ProcessType;
import dev.paddock.core.RealTimers;
import dev.paddock.core.Slug;
import dev.paddock.core.Steps;
import dev.paddock.deploys.AppSetups;
import dev.paddock.deploys.Deployments;
import dev.paddock.deploys.Hosting;
import dev.paddock.deploys.PrebootOutcomes;
import dev.paddock.deploys.Promotions;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.Domains;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.domains.Routers;
import dev.paddock.domains.SniEndpoints;
import dev.paddock.drains.Drains;
import dev.paddock.drains.LogDrains;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.FakeEngine;
import dev.paddock.formation.Admission;
import dev.paddock.formation.DynoJournal;
import dev.paddock.formation.Dynos;
import dev.paddock.formation.FormationRules;
import dev.paddock.formation.Formations;
import dev.paddock.formation.ReleaseDynos;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.DynoLogs;
import dev.paddock.logs.LogHub;
import dev.paddock.logs.LogSessions;
import dev.paddock.manifold.Manifold;
import dev.paddock.manifold.ManifoldListener;
import dev.paddock.manifold.RestartPolicy;
import dev.paddock.metering.Activity;
import dev.paddock.metering.FreeHours;
import dev.paddock.metering.Meter;
import dev.paddock.metering.Restarts;
import dev.paddock.outbound.AddressBlock;
import dev.paddock.outbound.OutboundHttp;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.pipelines.Couplings;
import dev.paddock.pipelines.Pipelines;
import dev.paddock.releases.Releases;
import dev.paddock.store.Database;
import dev.paddock.store.TestDatabase;
import dev.paddock.webhooks.Deliverer;
import dev.paddock.webhooks.Deliveries;
import dev.paddock.webhooks.Webhooks;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/// The real capabilities on a real PostgreSQL below a started API server.
final class TestPlatform implements AutoCloseable {
    static final String DOMAIN = "apps.test";
    static final int HTTP_PORT = 8080;

    final Database database = TestDatabase.fresh();
    final InstantSource clock = InstantSource.system();
    final Accounts accounts = new Accounts(database, clock);
    final Apps apps = new Apps(database, clock);
    final Releases releases = new Releases(database, clock);
    final Authorizations authorizations = new Authorizations(database, clock, accounts);
    final OAuthClients clients = new OAuthClients(database, clock, accounts);
    final RateLimits limits = new RateLimits();
    final Collaborators collaborators = new Collaborators(database, clock);
    final Account owner = accounts.create("owner@example.com", "Owner");
    final String key = authorizations.issue(owner, "first key", Optional.empty()).token();
    final RealTimers timers = new RealTimers();
    final FakeEngine engine = new FakeEngine(timers);
    final LogHub logs;
    final CertificateAuthority authority;
    final SlugStore slugs;
    final Manifold manifold;
    final Formations formations;
    final Dynos dynos;
    final ReleaseDynos releaseDynos;
    final CommandOutputs outputs;
    final Builds builds = new Builds(database, clock);
    final Sources sources;
    final Buildpacks buildpacks = new Buildpacks(database);
    final OutboundTargets targets = new OutboundTargets(List.of());
    final RoutePublisher routes;
    final Rendezvous rendezvous;
    final Drains drains;
    final ApiServer server;
    private final ExecutorService effects = Executors.newVirtualThreadPerTaskExecutor();
    private final DynoLogs dynoLogs;
    private final Routers routers;
    private final Path directory;
    private final Deliverer deliverer;

    TestPlatform(Path directory) {
        this.directory = directory;
        logs = new LogHub(folder("logs"));
        dynoLogs = new DynoLogs(engine, logs);
        authority = CertificateAuthority.open(folder("ca"), DOMAIN, clock);
        slugs = new SlugStore(database, folder("slugs"));
        manifold = new Manifold(engine, timers, effects, new Journal(), RestartPolicy.HEROKU);
        engine.listen(manifold::accept);
        sources = new Sources(folder("sources"), clock);
        outputs = new CommandOutputs(folder("outputs"));
        releaseDynos = new ReleaseDynos(manifold, slugs, logs);
        Admission admission = new Admission(database, engine, 1);
        formations =
                new Formations(
                        database,
                        clock,
                        apps,
                        slugs,
                        releases,
                        manifold,
                        logs,
                        admission,
                        FormationRules.USUAL,
                        Steps.UNWATCHED);
        dynos = new Dynos(manifold, apps, releases, slugs, logs, admission);
        Domains domains = new Domains(database, DOMAIN, clock);
        routes =
                new RoutePublisher(
                        apps, releases, domains, formations::isUsedUp, manifold, authority, DOMAIN);
        routers =
                new Routers(
                        folder("run").resolve("control"),
                        routes::served,
                        frame -> {},
                        (_, _) -> {});
        routes.connect(routers);
        routes.start();
        // No router is here: nobody has to confirm anything.
        routes.served(Long.MAX_VALUE);
        manifold.start();
        var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        rendezvous = new Rendezvous(anyPort, authority, engine, manifold, timers);
        rendezvous.start();
        drains =
                new Drains(
                        new LogDrains(database, clock),
                        logs,
                        new OutboundTargets(List.of(AddressBlock.parse("127.0.0.0/8"))),
                        timers,
                        clock);
        Filter git = (request, response, chain) -> chain.doFilter(request, response);
        Deployments deployments = deployments();
        OutboundTargets local = new OutboundTargets(List.of(AddressBlock.parse("127.0.0.0/8")));
        Deliveries deliveries = new Deliveries(database, clock);
        Webhooks webhooks = new Webhooks(database, local, deliveries, clock);
        deliverer =
                new Deliverer(deliveries, new OutboundHttp(local, Duration.ofSeconds(5)), clock);
        server =
                new ApiServer(
                        new ApiServer.Parts(
                                new ApiSettings(anyPort, DOMAIN, HTTP_PORT, Set.of("api.test")),
                                new ApiServer.Access(
                                        accounts,
                                        authorizations,
                                        clients,
                                        new OAuthGrants(
                                                database, clock, accounts, authorizations, clients),
                                        new SshKeys(database, clock),
                                        collaborators,
                                        new AppTransfers(database, clock),
                                        limits,
                                        new AuditLog(directory.resolve("audit"))),
                                apps,
                                deployments,
                                setups(deployments),
                                new Hosting(
                                        domains,
                                        new SniEndpoints(database, clock),
                                        routes,
                                        logs,
                                        clock),
                                releases,
                                formations,
                                dynos,
                                new Meter(database, timers, FreeHours.PER_APP),
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
                                git,
                                new ApiServer.PipelineParts(
                                        new Pipelines(database, clock),
                                        new Couplings(database, clock),
                                        new Promotions(database, releases, deployments, clock)),
                                new ApiServer.WebhookParts(webhooks, deliveries),
                                clock));
        server.start();
        deliverer.start();
    }

    private AppSetups setups(Deployments deployments) {
        return new AppSetups(
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
                        "http://%s." + DOMAIN + ":" + HTTP_PORT + "/"),
                database,
                clock);
    }

    private Deployments deployments() {
        return new Deployments(
                new Deployments.Parts(
                        apps,
                        slugs,
                        new Builder(engine, slugs, targets, folder("builds"), folder("caches")),
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
                        folder("repositories"),
                        DOMAIN,
                        "http://%s." + DOMAIN + ":" + HTTP_PORT + "/",
                        Steps.UNWATCHED));
    }

    /// Where routers connect from now on. Dynos go on without their acknowledgement.
    Path listenForRouters() {
        routers.start();
        return folder("run").resolve("control");
    }

    private Path folder(String name) {
        try {
            return Files.createDirectories(directory.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Another user of the platform.
    ApiClient clientOf(String email) {
        Account other = accounts.find(email).orElseGet(() -> accounts.create(email, "Other"));
        return new ApiClient(
                server.url(), authorizations.issue(other, "theirs", Optional.empty()).token());
    }

    ApiClient client() {
        return new ApiClient(server.url(), key);
    }

    App app(String name) {
        return apps.create(
                owner, Optional.of(new AppName(name)), Optional.empty(), Optional.empty());
    }

    /// An app with a slug of these process types, released as v2.
    App deployed(String name, Map<String, String> types) {
        App app = app(name);
        Slug slug = slug(app, types);
        releases.create(
                app.id(),
                owner.actor(),
                newest ->
                        new Releases.Next(
                                "Deploy 193d141", Optional.of(slug.id()), newest.config()));
        formations.released(app.id());
        return app;
    }

    /// A slug that is not released.
    Slug slug(App app, Map<String, String> types) {
        return slugs.add(made(app, types), packed());
    }

    private Slug made(App app, Map<String, String> types) {
        return new Slug(
                UUID.randomUUID(),
                app.id(),
                "ab".repeat(32),
                5,
                Optional.of("193d141"),
                "First version",
                app.stack(),
                types.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        type -> new ProcessType(type.getKey()),
                                        Map.Entry::getValue)),
                "Procfile",
                clock.instant());
    }

    private Path packed() {
        try {
            return Files.writeString(Files.createTempFile(directory, "slug", ".tgz"), "bytes");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.close();
        deliverer.close();
        rendezvous.close();
        drains.close();
        routes.close();
        routers.close();
        manifold.close();
        dynoLogs.close();
        logs.close();
        timers.close();
        effects.close();
    }

    private final class Journal implements ManifoldListener {
        private final DynoJournal journal = new DynoJournal(logs, dynoLogs, clock);

        @Override
        public void transition(DynoTransition transition) {
            journal.transition(transition, true);
            server.changed(transition);
            releaseDynos.transition(transition);
        }

        @Override
        public void prebooted(AppId app, Preboot outcome) {
            new PrebootOutcomes(releases, formations, routes, logs, clock).ended(app, outcome);
        }

        @Override
        public void changed(AppId app) {
            effects.execute(() -> manifold.routed(app, manifold.view(app).revision()));
        }

        @Override
        public void notice(AppId app, Notice notice) {
            journal.notice(app, notice);
        }
    }
}
