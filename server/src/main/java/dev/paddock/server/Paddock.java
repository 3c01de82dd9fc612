package dev.paddock.server;

import dev.paddock.accounts.Account;
import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.Authorizations;
import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.daemons.SystemUser;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.domains.RouterSpools;
import dev.paddock.domains.Routers;
import dev.paddock.engine.local.LocalEngine;
import dev.paddock.engine.local.LocalSettings;
import dev.paddock.logs.LogHub;
import dev.paddock.metering.DynoRecord;
import dev.paddock.metering.Marks;
import dev.paddock.store.Database;
import dev.paddock.store.DatabaseAddress;
import dev.paddock.store.ExternalServer;
import dev.paddock.store.PostgresServer;
import dev.paddock.store.StateServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;
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

    private static final Duration LEFTOVERS_LIMIT = Duration.ofSeconds(40);

    private final Settings settings;
    private final InstantSource clock = InstantSource.system();
    private final RuntimeDirectory runtime;
    private final DataDirectory data;
    private final Closing foundation;
    private final Closing parts = new Closing();
    private final Closing front = new Closing();
    private final RouterProcess router;
    private final StateServer database;
    private final LocalEngine engine;
    private final Stored stored;
    private final Running running;
    private final PlatformRecord record;
    private final OperatorFile operator;

    private Paddock(
            Settings settings,
            DataDirectory data,
            RuntimeDirectory runtime,
            Installation installation,
            StatePlace place,
            Optional<ExternalServer> external,
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
        Future<Store> starting = helpers.submit(() -> openStore(installation, place, external));
        Future<CertificateAuthority> opening =
                helpers.submit(() ->
                        CertificateAuthority.open(data.certificates(), settings.domain(), clock));

        SystemTimers timers = parts.add("timers", new SystemTimers());
        engine = parts.add("the engine", openEngine(timers));
        engine.weaknesses().forEach(weakness -> LOG.warn("Weaker here: {}", weakness));
        LogHub logs = parts.add("the logs", new LogHub(data.logs()));
        CertificateAuthority authority = await(opening);
        Store store = await(starting);
        database = store.server();
        external.ifPresent(server -> server.keep(timers, helpers));
        Future<?> settling = helpers.submit(database::settle);

        stored =
                new Stored(
                        parts.add("the database", store.database()), data, settings, timers, clock);
        logs.keepOnly(stored.apps.all().stream().map(App::id).toList());
        stored.releases.sealAll();
        Running.Surroundings around =
                new Running.Surroundings(
                        settings, data, runtime, engine, logs, authority, timers, helpers);
        running = new Running(stored, around, parts, publicUrl());
        running.promotions.failInterrupted();
        Front offered = new Front(stored, running, around, front);

        // What is wanted, what exists, then who may ask.
        settle(stored.dynoRecord);
        running.begin();
        parts.add("marks for the bill", new Marks(stored.dynoRecord, timers)).start();
        serveRequests();
        parts.add("request lines", new RouterSpools(data.router(), stored.database, logs)).start();
        operator =
                writeOperatorFile(stored.accounts, stored.authorizations, copyOf(authority.file()));
        Object _ = await(settling);
        running.deployments.abandonUnfinished();
        running.setups.failInterrupted();
        offered.open();
        var _ = helpers.submit(running.deployments::resume);
        record = describe();
        record.write(runtime);
        SmallFiles.writeReadable(data.settings(), String.join("\n", settings.flags()) + "\n");
    }

    private LocalEngine openEngine(SystemTimers timers) {
        return new LocalEngine(
                LocalSettings.of(runtime.path(), data.engine(), runtime.hash(), timers)
                        .withSpares(settings.spares())
                        .withDiskBytes(settings.dynoDiskBytes())
                        .withBuildDiskBytes(settings.buildDiskBytes()));
    }

    /// Gives the routers their first table, and takes the listeners over from a router of another build.
    private void serveRequests() {
        SystemUser.ensure(RouterProcess.USER).ifPresent(running.routers::allow);
        router.pids().forEach(running.routers::expect);
        running.routers.start();
        running.routes.start();
        router.handOver(running.routers);
        awaitRouter(running.routers, running.routes);
    }

    private PlatformRecord describe() {
        return new PlatformRecord(
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
                engine.isolation(),
                databaseProcess(),
                settings.database().map(DatabaseAddress::toString));
    }

    private Optional<ProcessMark> databaseProcess() {
        OptionalLong pid = database.process();
        return pid.isPresent() ? ProcessMark.of(pid.getAsLong()) : Optional.empty();
    }

    /// Opens the database in the thread that waited for its server, beside the making of the engine.
    private Store openStore(
            Installation installation, StatePlace place, Optional<ExternalServer> external) {
        StateServer server =
                external.isPresent()
                        ? external.get()
                        : PostgresServer.start(
                                StatePlace.own(data.path()),
                                runtime.path(),
                                installation.postgres());
        Database opened = Database.open(server.address(), data.secretsKey());
        place.remember();
        return new Store(server, opened);
    }

    /// Starts or adopts everything; returns when all serves. When it throws, what it started has been ended again and
    /// what it found running still runs.
    public static Paddock start(Settings settings, Installation installation) {
        HostPackages.ofThisMachine().require(settings.installs());
        StatePlace place = StatePlace.of(settings.data(), settings.database());
        if (!Files.exists(settings.data())) {
            // Before there is a directory that a start in vain would leave behind.
            Ports.requireFree("--api", settings.api());
            Ports.requireFree("--rendezvous", settings.rendezvous());
            Ports.requireFree("--http", settings.http());
            Ports.requireFree("--https", settings.https());
            place.require();
        }
        Closing foundation = new Closing();
        try {
            DataDirectory data =
                    foundation.add("the data directory", DataDirectory.open(settings.data()));
            data.requireWhole();
            Optional<ExternalServer> external = place.claim();
            external.ifPresent(server -> foundation.add("the claim on the database", server));
            RuntimeDirectory runtime = RuntimeDirectory.of(data.path());
            runtime.create();
            Ports.requireFree("--api", settings.api());
            Ports.requireFree("--rendezvous", settings.rendezvous());
            StartedInVain vain =
                    foundation.add("what was started in vain", new StartedInVain(runtime));
            Paddock paddock =
                    new Paddock(settings, data, runtime, installation, place, external, foundation);
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
        database.stop();
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
            for (App app : stored.apps.all()) {
                var _ = perApp.submit(() -> running.manifold.quiet(app.id(), DYNOS_LIMIT));
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

    private record Store(StateServer server, Database database) {}
}
