package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;
import static dev.paddock.api.Route.put;

import dev.paddock.accounts.Accounts;
import dev.paddock.accounts.AuditLog;
import dev.paddock.accounts.Authorization;
import dev.paddock.accounts.Authorizations;
import dev.paddock.accounts.BrowserLogins;
import dev.paddock.accounts.OAuthClients;
import dev.paddock.accounts.OAuthGrants;
import dev.paddock.accounts.RateLimits;
import dev.paddock.accounts.SshKeys;
import dev.paddock.apps.AppTransfers;
import dev.paddock.apps.Apps;
import dev.paddock.apps.Collaborators;
import dev.paddock.attach.Rendezvous;
import dev.paddock.build.Buildpacks;
import dev.paddock.build.Builds;
import dev.paddock.build.SlugStore;
import dev.paddock.build.Sources;
import dev.paddock.core.FullDisk;
import dev.paddock.core.UserError;
import dev.paddock.deploys.AppSetups;
import dev.paddock.deploys.Deployments;
import dev.paddock.deploys.Hosting;
import dev.paddock.deploys.Promotions;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.ServerTls;
import dev.paddock.drains.Drains;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.formation.Dynos;
import dev.paddock.formation.Formations;
import dev.paddock.logs.CommandOutputs;
import dev.paddock.logs.LogHub;
import dev.paddock.logs.LogSessions;
import dev.paddock.metering.Activity;
import dev.paddock.metering.Meter;
import dev.paddock.outbound.OutboundTargets;
import dev.paddock.pipelines.Couplings;
import dev.paddock.pipelines.Pipelines;
import dev.paddock.releases.Releases;
import dev.paddock.webhooks.Deliveries;
import dev.paddock.webhooks.Webhooks;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.http.NotFoundResponse;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.server.Server;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/// The Platform API on its port, TLS and plain HTTP, with git beside it. Safe for any thread.
public final class ApiServer implements AutoCloseable {
    static final String JSON = "application/json;charset=utf-8";

    private static final Logger log = LoggerFactory.getLogger(ApiServer.class);

    private final Parts parts;
    private final Access access;
    private final TokenExchange tokens;
    private volatile @Nullable Javalin running;
    private volatile int port;
    private volatile boolean stopping;
    private volatile @Nullable WebhookEvents webhookEvents;

    public ApiServer(Parts parts) {
        this.parts = parts;
        this.access = parts.access();
        this.tokens = new TokenExchange(access, parts.clock());
        this.port = parts.settings().bind().getPort();
    }

    /// All that the API answers from.
    ///
    /// @param git answers what is below `/APP.git` and passes everything else on
    public record Parts(
            ApiSettings settings,
            Access access,
            Apps apps,
            Deployments deployments,
            AppSetups setups,
            Hosting hosting,
            Releases releases,
            Formations formations,
            Dynos dynos,
            Meter meter,
            SlugStore slugs,
            Builds builds,
            Sources sources,
            Buildpacks buildpacks,
            OutboundTargets targets,
            LogHub logs,
            LogSessions logSessions,
            Drains drains,
            CommandOutputs outputs,
            Rendezvous rendezvous,
            Activity activity,
            CertificateAuthority authority,
            Filter git,
            PipelineParts pipelines,
            WebhookParts webhooks,
            InstantSource clock) {}

    /// Pipelines and what happens in them.
    public record PipelineParts(Pipelines pipelines, Couplings couplings, Promotions promotions) {}

    /// Webhooks and how their events are delivered.
    public record WebhookParts(Webhooks webhooks, Deliveries deliveries) {}

    /// Who may ask for what, and what is kept of it.
    public record Access(
            Accounts accounts,
            Authorizations authorizations,
            OAuthClients clients,
            OAuthGrants grants,
            SshKeys sshKeys,
            Collaborators collaborators,
            AppTransfers transfers,
            RateLimits limits,
            AuditLog audit) {}

    /// Every route of the Platform API.
    List<Route> routes(Representations json, SecretUrls urls) {
        return Stream.of(
                        ownRoutes(json, urls),
                        accessRoutes(),
                        setupRoutes(json, urls),
                        pipelineRoutes(json, urls),
                        webhookRoutes(json),
                        catalogueRoutes(json))
                .flatMap(List::stream)
                .toList();
    }

    private List<Route> setupRoutes(Representations json, SecretUrls urls) {
        return new AppSetupEndpoints(
                        parts.setups(),
                        parts.builds(),
                        builds(json, urls),
                        parts.targets(),
                        new BuildRepresentations(json, urls))
                .routes();
    }

    private BuildEndpoints builds(Representations json, SecretUrls urls) {
        return new BuildEndpoints(
                new AppEndpoints(parts.apps(), parts.deployments(), json),
                parts.builds(),
                parts.sources(),
                parts.deployments(),
                parts.targets(),
                urls,
                new BuildRepresentations(json, urls));
    }

    private List<Route> accessRoutes() {
        var json = new AccessRepresentations();
        return Stream.of(
                        new AccountEndpoints(
                                        access.accounts(),
                                        access.collaborators(),
                                        access.limits(),
                                        parts.clock())
                                .routes(),
                        new KeyEndpoints(
                                        access.authorizations(),
                                        access.grants(),
                                        access.sshKeys(),
                                        json,
                                        parts.clock())
                                .routes(),
                        new CollaboratorEndpoints(
                                        access.accounts(),
                                        parts.apps(),
                                        access.collaborators(),
                                        access.transfers(),
                                        json)
                                .routes(),
                        new OAuthEndpoints(access.clients(), access.grants()).routes(),
                        new UserEndpoints(access.accounts(), access.authorizations(), json)
                                .routes())
                .flatMap(List::stream)
                .toList();
    }

    private List<Route> pipelineRoutes(Representations json, SecretUrls urls) {
        PipelineParts pipelines = parts.pipelines();
        return Stream.of(
                        new PipelineEndpoints(
                                        access,
                                        parts.apps(),
                                        pipelines.pipelines(),
                                        pipelines.couplings(),
                                        json)
                                .routes(),
                        new PromotionEndpoints(
                                        parts.apps(),
                                        pipelines.pipelines(),
                                        pipelines.couplings(),
                                        pipelines.promotions(),
                                        parts.releases(),
                                        parts.builds(),
                                        json,
                                        new BuildRepresentations(json, urls))
                                .routes())
                .flatMap(List::stream)
                .toList();
    }

    private List<Route> webhookRoutes(Representations json) {
        return new WebhookEndpoints(
                        new AppEndpoints(parts.apps(), parts.deployments(), json),
                        parts.webhooks().webhooks(),
                        parts.webhooks().deliveries())
                .routes();
    }

    private List<Route> catalogueRoutes(Representations json) {
        var apps = new AppEndpoints(parts.apps(), parts.deployments(), json);
        return Stream.of(
                        new CatalogueEndpoints(apps).routes(),
                        new AddOnEndpoints(apps, parts.apps()).routes())
                .flatMap(List::stream)
                .toList();
    }

    private List<Route> ownRoutes(Representations json, SecretUrls urls) {
        var apps = new AppEndpoints(parts.apps(), parts.deployments(), json);
        var domains =
                new DomainEndpoints(
                        apps,
                        parts.hosting(),
                        new DomainRepresentations(parts.settings()),
                        parts.clock());
        var bills = bills();
        var releases =
                new ReleaseEndpoints(
                        apps,
                        parts.releases(),
                        parts.slugs(),
                        parts.deployments(),
                        json,
                        parts.clock());
        var builds = builds(json, urls);
        var buildpacks = new BuildpackEndpoints(apps, parts.buildpacks(), parts.targets());
        var dynos =
                new DynoEndpoints(
                        apps,
                        parts.formations(),
                        parts.dynos(),
                        parts.releases(),
                        parts.rendezvous(),
                        json);
        var logs = new LogEndpoints(apps, parts.logSessions(), json, parts.clock());
        var drains = new DrainEndpoints(apps, parts.drains());
        var operator = new OperatorEndpoints(access.accounts(), parts.activity());
        return List.of(
                get("/operator/activity", operator::activity),
                get("/accounts/{user}/actions/get-quota", bills::quota),
                get("/users/{user}/apps", apps::list),
                post("/apps", apps::create),
                get("/apps", apps::list),
                get("/apps/{app}", apps::info),
                patch("/apps/{app}", apps::update),
                delete("/apps/{app}", apps::destroy),
                get("/apps/{app}/domains", domains::list),
                post("/apps/{app}/domains", apps.alone(domains::add)),
                get("/apps/{app}/domains/{domain}", domains::info),
                patch("/apps/{app}/domains/{domain}", apps.alone(domains::update)),
                delete("/apps/{app}/domains/{domain}", apps.alone(domains::remove)),
                get("/apps/{app}/features", apps::features),
                get("/apps/{app}/features/{feature}", apps::feature),
                patch("/apps/{app}/features/{feature}", apps::setFeature),
                get("/apps/{app}/buildpack-installations", buildpacks::list),
                put("/apps/{app}/buildpack-installations", apps.alone(buildpacks::set)),
                get("/apps/{app}/log-drains", drains::list),
                post("/apps/{app}/log-drains", apps.alone(drains::add)),
                get("/apps/{app}/log-drains/{drain}", drains::info),
                delete("/apps/{app}/log-drains/{drain}", apps.alone(drains::remove)),
                get("/apps/{app}/sni-endpoints", domains::endpoints),
                post("/apps/{app}/sni-endpoints", apps.alone(domains::addEndpoint)),
                get("/apps/{app}/sni-endpoints/{endpoint}", domains::endpoint),
                patch("/apps/{app}/sni-endpoints/{endpoint}", apps.alone(domains::updateEndpoint)),
                delete("/apps/{app}/sni-endpoints/{endpoint}", apps.alone(domains::removeEndpoint)),
                get("/apps/{app}/config-vars", releases::config),
                patch("/apps/{app}/config-vars", releases::configure),
                get("/apps/{app}/releases", releases::list),
                post("/apps/{app}/releases", releases::create),
                get("/apps/{app}/releases/{release}", releases::info),
                get("/apps/{app}/releases/{release}/config-vars", releases::releaseConfig),
                post("/apps/{app}/slugs", releases::createSlug),
                get("/apps/{app}/slugs/{slug}", releases::slug),
                post("/sources", builds::newSource),
                post("/apps/{app}/sources", builds::newSourceOfApp),
                get("/apps/{app}/builds", builds::list),
                post("/apps/{app}/builds", builds::create),
                get("/apps/{app}/builds/{build}", builds::info),
                delete("/apps/{app}/builds/{build}", builds::cancel),
                delete("/apps/{app}/build-cache", builds::purgeCache),
                get("/apps/{app}/formation", dynos::formation),
                patch("/apps/{app}/formation", dynos::scale),
                get("/apps/{app}/formation/{type}", dynos::formationEntry),
                patch("/apps/{app}/formation/{type}", dynos::scaleOne),
                get("/apps/{app}/dynos", dynos::list),
                post("/apps/{app}/dynos", dynos::run),
                delete("/apps/{app}/dynos", dynos::restart),
                get("/apps/{app}/dynos/{dyno}", dynos::info),
                delete("/apps/{app}/dynos/{dyno}", dynos::restart),
                post("/apps/{app}/dynos/{dyno}/actions/stop", dynos::stop),
                delete("/apps/{app}/formations/{type}", dynos::restart),
                post("/apps/{app}/formations/{type}/actions/stop", dynos::stop),
                post("/apps/{app}/log-sessions", logs::open));
    }

    /// Binds the port and begins to answer; throws UncheckedIOException when the port is in use.
    public void start() {
        var channel = HttpPort.bind(parts.settings().bind());
        port = channel.socket().getLocalPort();
        var tls = ServerTls.context(parts.authority(), "localhost", "127.0.0.1");
        SecretUrls urls = new SecretUrls(url(), parts.clock());
        Representations json = new Representations(parts.settings(), url(), urls, parts.outputs());
        var events = new WebhookEvents(parts.webhooks().webhooks(), parts.apps(), json);
        webhookEvents = events;
        parts.releases().listen(events::released);
        Javalin javalin =
                Javalin.create(config -> {
                    config.startup.showJavalinBanner = false;
                    config.startup.showOldJavalinVersionWarning = false;
                    config.startup.startupWatcherEnabled = false;
                    config.http.compressionStrategy = CompressionStrategy.NONE;
                    config.jetty.threadPool = HttpPort.threads();
                    config.jetty.addConnector(
                            (server, http) -> HttpPort.connector(server, http, tls, channel));
                    config.jetty.modifyServer(this::guard);
                    config.jetty.modifyServletContextHandler(context -> {
                        context.getServletHandler().setDecodeAmbiguousURIs(true);
                        context.addFilter(
                                new FilterHolder(parts.git()),
                                "/*",
                                EnumSet.of(DispatcherType.REQUEST));
                    });
                    serve(config, json, urls);
                });
        running = javalin.start();
    }

    private void guard(Server server) {
        server.setStopTimeout(0);
        server.setHandler(new HttpPort.HostGuard(parts.settings()));
    }

    private void serve(JavalinConfig config, Representations json, SecretUrls urls) {
        for (Route route : routes(json, urls)) {
            config.routes.addHttpHandler(route.method(), route.path(), http -> answer(http, route));
            if (route.method().equals(HandlerType.GET)) {
                config.routes.addHttpHandler(
                        HandlerType.HEAD, route.path(), http -> answer(http, route));
            }
        }
        new LoginEndpoints(new BrowserLogins(parts.clock()), access.authorizations()).serve(config);
        config.routes.post(TokenExchange.PATH, this::exchange);
        config.routes.get(BillEndpoints.PATH, this::bill);
        config.routes.get(LogEndpoints.STREAM_PATH + "{secret}", this::streamLog);
        SecretRoutes secret =
                new SecretRoutes(
                        urls, parts.outputs(), parts.slugs(), parts.sources(), () -> stopping);
        config.routes.get(SecretRoutes.SOURCE_PATH, secret::sendSource);
        config.routes.put(SecretRoutes.SOURCE_PATH, secret::uploadSource);
        config.routes.put(Representations.SLUG_BLOB_PATH, secret::uploadSlug);
        config.routes.get(SecretRoutes.OUTPUT_PATH, secret::sendOutput);
        config.routes.get(Representations.SLUG_BLOB_PATH, secret::sendSlug);
        // Javalin answers its own exceptions by itself unless they are named.
        config.routes.exception(HttpResponseException.class, (e, http) -> refuse(http, e));
        config.routes.exception(Exception.class, (e, http) -> refuse(http, e));
    }

    /// A dyno changed its state.
    public void changed(DynoTransition transition) {
        hear(events -> events.changed(transition));
    }

    private void hear(Consumer<WebhookEvents> what) {
        WebhookEvents hearing = webhookEvents;
        if (hearing != null) {
            what.accept(hearing);
        }
    }

    /// Under which users reach the API.
    public String url() {
        return "http://localhost:" + port;
    }

    public int port() {
        return port;
    }

    private void answer(Context http, Route route) {
        Call call = call(http, route.method(), route.path());
        Answer answer = route.endpoint().answer(call);
        if (!route.method().equals(HandlerType.GET)) {
            access.audit().record(change(http, call, route, answer.status()));
            if (answer.body() instanceof Answer.Tree(JsonNode json)) {
                hear(events -> events.answered(route, call.account().actor(), json));
            }
        }
        answer.headers().forEach(http::header);
        send(http, answer.status(), answer.body().bytes());
    }

    private Call call(Context http, HandlerType method, String path) {
        AcceptHeader.check(http.header("Accept"));
        Credentials given =
                Credentials.parse(http.header("Authorization"))
                        .orElseThrow(ApiErrors::unauthorized);
        Authorizations.Authenticated known =
                access.authorizations()
                        .authenticate(given.key())
                        .filter(found -> given.mayBe(found.account()))
                        .orElseThrow(ApiErrors::unauthorized);
        limit(http, known.authorization(), path);
        if (!AccessRules.allows(known.authorization().scope(), method, path)) {
            throw new UserError(
                    "forbidden",
                    "This key is for "
                            + known.authorization().scope()
                            + " only, which is not enough for this request.");
        }
        return new Call(http, known, given.key(), AccessRules.permissions(method, path));
    }

    /// Asking how much is left costs nothing.
    private void limit(Context http, Authorization key, String path) {
        Instant now = parts.clock().instant();
        OptionalInt left =
                path.equals(AccountEndpoints.RATE_LIMITS)
                        ? OptionalInt.of(access.limits().remaining(key.id(), now))
                        : access.limits().take(key.id(), now);
        http.header("RateLimit-Remaining", String.valueOf(left.orElse(0)));
        if (left.isEmpty()) {
            throw new UserError(
                    "rate_limit",
                    "This key has made "
                            + RateLimits.PER_HOUR
                            + " requests within an hour, which is the limit. Go on a few minutes later, and more slowly.");
        }
    }

    private AuditLog.Entry change(Context http, Call call, Route route, int status) {
        return new AuditLog.Entry(
                parts.clock().instant(),
                call.account().actor(),
                call.authenticated().authorization().id().toString(),
                String.valueOf(http.res().getHeader(HttpPort.REQUEST_ID)),
                route.method() + " " + route.shown(http.pathParamMap()) + " " + status);
    }

    private void exchange(Context http) {
        Answer answer = tokens.answer(http);
        send(http, answer.status(), answer.body().bytes());
    }

    private BillEndpoints bills() {
        return new BillEndpoints(parts.apps(), parts.meter());
    }

    private void bill(Context http) {
        Call call = call(http, HandlerType.GET, BillEndpoints.PATH);
        if (call.query("format").filter(format -> format.equals("text")).isPresent()) {
            http.contentType("text/plain;charset=utf-8");
            http.result(bills().text(call));
        } else {
            send(http, 200, bills().bill(call).body().bytes());
        }
    }

    /// The secret in the path is the authorization here: event-stream clients send no header.
    private void streamLog(Context http) throws IOException, InterruptedException {
        LogSessions.Session session =
                parts.logSessions()
                        .find(http.pathParam("secret"))
                        .filter(found -> parts.apps().find(found.app()).isPresent())
                        .orElseThrow(LogEndpoints::unknownSession);
        http.contentType("text/event-stream");
        http.header("Cache-Control", "no-store");
        try {
            new LogStream(parts.logs(), session, () -> stopping)
                    .write(http.res().getOutputStream(), http.header("Last-Event-ID"));
        } catch (IOException e) {
            log.debug("The reader of a log stream went away: {}", e.toString());
        }
    }

    private void refuse(Context http, Exception failure) {
        String requestId = String.valueOf(http.res().getHeader(HttpPort.REQUEST_ID));
        UserError error =
                switch (failure) {
                    case NotFoundResponse unknown -> unknownRoute(http);
                    case HttpResponseException other ->
                            new UserError("bad_request", String.valueOf(other.getMessage()));
                    case Exception other -> ApiErrors.of(other, requestId);
                };
        if (!(failure instanceof HttpResponseException) && ApiErrors.isBug(failure)) {
            log.error("{} {} failed, request {}", http.method(), http.path(), requestId, failure);
        } else if (FullDisk.isBehind(failure)) {
            log.warn("{} {} was refused: the disk is full", http.method(), http.path());
        }
        if (!http.res().isCommitted()) {
            byte[] json = Representations.error(error).toString().getBytes(StandardCharsets.UTF_8);
            send(http, ApiErrors.status(error.id()), json);
        }
    }

    /// Also for a path that is known with another verb, as at Heroku.
    private static UserError unknownRoute(Context http) {
        return new UserError(
                "not_found",
                "There is nothing at %s %s on this platform. Is it the right verb (GET, POST, PATCH, PUT, DELETE)?"
                        .formatted(http.method(), shorten(http.path())));
    }

    private static String shorten(String path) {
        return path.length() > 200 ? path.substring(0, 200) + "..." : path;
    }

    private static void send(Context http, int status, byte[] json) {
        if (!Call.discardRest(http)) {
            http.header("Connection", "close");
        }
        http.status(status);
        http.contentType(JSON);
        http.header("Cache-Control", "no-store");
        http.header("X-Content-Type-Options", "nosniff");
        http.result(json);
    }

    @Override
    public void close() {
        stopping = true;
        Javalin javalin = running;
        if (javalin != null) {
            javalin.stop();
        }
        hear(WebhookEvents::close);
    }
}
