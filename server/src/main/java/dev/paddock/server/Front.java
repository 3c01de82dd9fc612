package dev.paddock.server;

import dev.paddock.accounts.OAuthGrants;
import dev.paddock.accounts.RateLimits;
import dev.paddock.accounts.SshKeys;
import dev.paddock.api.ApiServer;
import dev.paddock.api.ApiSettings;
import dev.paddock.apps.AppTransfers;
import dev.paddock.apps.Collaborators;
import dev.paddock.attach.Rendezvous;
import dev.paddock.deploys.Hosting;
import dev.paddock.domains.SniEndpoints;
import dev.paddock.git.GitEndpoint;
import dev.paddock.logs.LogSessions;
import dev.paddock.metering.Activity;
import dev.paddock.metering.Restarts;
import dev.paddock.outbound.OutboundHttp;
import dev.paddock.pipelines.Couplings;
import dev.paddock.pipelines.Pipelines;
import dev.paddock.webhooks.Deliverer;
import dev.paddock.webhooks.Webhooks;
import java.time.Duration;
import java.util.Set;

/// What users talk to, and what talks to them: the API with git, the rendezvous of one-off dynos, webhooks.
final class Front {
    /// A receiver of events that is silent for longer has not got them.
    private static final Duration WEBHOOK_PATIENCE = Duration.ofSeconds(10);

    private final Running running;
    private final Deliverer deliverer;
    private final Rendezvous rendezvous;
    private final ApiServer api;

    /// @param front gets what has to be closed, in the order of its making
    Front(Stored stored, Running running, Running.Surroundings around, Closing front) {
        this.running = running;
        deliverer =
                front.add(
                        "webhooks",
                        new Deliverer(
                                stored.deliveries,
                                new OutboundHttp(running.targets, WEBHOOK_PATIENCE),
                                stored.clock));
        rendezvous =
                front.add(
                        "rendezvous",
                        new Rendezvous(
                                around.settings().rendezvous().socketAddress(),
                                around.authority(),
                                around.engine(),
                                running.manifold,
                                around.timers()));
        api = front.add("the API", api(stored, running, around, rendezvous));
    }

    private static ApiServer api(
            Stored stored, Running running, Running.Surroundings around, Rendezvous rendezvous) {
        return new ApiServer(
                new ApiServer.Parts(
                        settings(around.settings()),
                        access(stored),
                        stored.apps,
                        running.deployments,
                        running.setups,
                        new Hosting(
                                stored.domains,
                                new SniEndpoints(stored.database, stored.clock),
                                running.routes,
                                running.logs,
                                stored.clock),
                        stored.releases,
                        running.formations,
                        running.dynos,
                        stored.meter,
                        stored.slugs,
                        stored.builds,
                        stored.sources,
                        stored.buildpacks,
                        running.targets,
                        running.logs,
                        new LogSessions(stored.clock),
                        running.drains,
                        stored.outputs,
                        rendezvous,
                        new Activity(
                                stored.apps,
                                running.dynos,
                                around.engine(),
                                running.routers.loads(),
                                new Restarts(stored.database),
                                around.timers()),
                        around.authority(),
                        new GitEndpoint(
                                        stored.authorizations,
                                        stored.audit,
                                        stored.apps,
                                        running.deployments)
                                .filter(),
                        new ApiServer.PipelineParts(
                                new Pipelines(stored.database, stored.clock),
                                new Couplings(stored.database, stored.clock),
                                running.promotions),
                        new ApiServer.WebhookParts(
                                new Webhooks(
                                        stored.database,
                                        running.targets,
                                        stored.deliveries,
                                        stored.clock),
                                stored.deliveries),
                        stored.clock));
    }

    private static ApiSettings settings(Settings settings) {
        return new ApiSettings(
                settings.api().socketAddress(),
                settings.domain(),
                settings.http().port(),
                Set.of(settings.api().host()));
    }

    private static ApiServer.Access access(Stored stored) {
        return new ApiServer.Access(
                stored.accounts,
                stored.authorizations,
                stored.clients,
                new OAuthGrants(
                        stored.database,
                        stored.clock,
                        stored.accounts,
                        stored.authorizations,
                        stored.clients),
                new SshKeys(stored.database, stored.clock),
                new Collaborators(stored.database, stored.clock),
                new AppTransfers(stored.database, stored.clock),
                new RateLimits(),
                stored.audit);
    }

    /// From now on who may ask is answered.
    void open() {
        rendezvous.start();
        api.start();
        running.facts.watch(api::changed);
        deliverer.start();
    }
}
