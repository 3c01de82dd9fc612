package dev.paddock.deploys;

import dev.paddock.core.Actor;
import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.core.UserError;
import dev.paddock.domains.Domain;
import dev.paddock.domains.Domains;
import dev.paddock.domains.Hostname;
import dev.paddock.domains.RoutePublisher;
import dev.paddock.domains.SniEndpoint;
import dev.paddock.domains.SniEndpoints;
import dev.paddock.domains.SubmittedCertificate;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSink;
import dev.paddock.log.LogSource;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/// The changes to what an app is called and which certificates it shows: written, told in the app's log, then routed.
/// Safe for any thread.
public final class Hosting {
    private final Domains domains;
    private final SniEndpoints endpoints;
    private final Consumer<AppId> routes;
    private final LogSink logs;
    private final InstantSource clock;

    public Hosting(
            Domains domains,
            SniEndpoints endpoints,
            RoutePublisher routes,
            LogSink logs,
            InstantSource clock) {
        this.domains = domains;
        this.endpoints = endpoints;
        this.routes = routes::changed;
        this.logs = logs;
        this.clock = clock;
    }

    public List<Domain> domains(AppId app) {
        return domains.list(app);
    }

    /// By host name or id.
    public Optional<Domain> domain(AppId app, String hostnameOrId) {
        return domains.find(app, hostnameOrId);
    }

    /// Throws UserError when the name is not free.
    ///
    /// @param endpoint by name or id, if the domain is to show a certificate of its own
    public Domain addDomain(App app, Hostname hostname, Optional<String> endpoint, Actor user) {
        Domain added = domains.add(app, hostname, endpoint.map(name -> endpointId(app, name)));
        changed(app, "Add domain " + hostname, user);
        return added;
    }

    public Domain assign(App app, Domain domain, Optional<String> endpoint, Actor user) {
        Domain assigned = domains.assign(domain, endpoint.map(name -> endpointId(app, name)));
        changed(
                app,
                assigned.endpoint()
                                .map(now -> "Use certificate " + now.name() + " for ")
                                .orElse("Use no certificate for ")
                        + domain.hostname(),
                user);
        return assigned;
    }

    public void removeDomain(App app, Domain domain, Actor user) {
        domains.remove(domain);
        changed(app, "Remove domain " + domain.hostname(), user);
    }

    public List<SniEndpoint> endpoints(AppId app) {
        return endpoints.list(app);
    }

    /// By name or id; throws UserError when there is none.
    public SniEndpoint endpoint(AppId app, String nameOrId) {
        return endpoints.find(app, nameOrId).orElseThrow(() -> UserError.notFound("sni_endpoint"));
    }

    private UUID endpointId(App app, String nameOrId) {
        return endpoint(app.id(), nameOrId).id();
    }

    public SniEndpoint addEndpoint(App app, SubmittedCertificate certificate, Actor user) {
        SniEndpoint added = endpoints.add(app.id(), certificate);
        changed(app, "Add certificate " + added.name(), user);
        return added;
    }

    public SniEndpoint updateEndpoint(
            App app, SniEndpoint endpoint, SubmittedCertificate certificate, Actor user) {
        SniEndpoint updated = endpoints.update(endpoint, certificate);
        changed(app, "Update certificate " + updated.name(), user);
        return updated;
    }

    public void removeEndpoint(App app, SniEndpoint endpoint, Actor user) {
        endpoints.remove(endpoint);
        changed(app, "Remove certificate " + endpoint.name(), user);
    }

    private void changed(App app, String what, Actor user) {
        logs.write(
                LogLine.of(
                        app.id(),
                        clock.instant(),
                        LogSource.APP,
                        "api",
                        what + " by user " + user.email()));
        routes.accept(app.id());
    }
}
