package dev.paddock.api;

import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.deploys.Hosting;
import dev.paddock.domains.Domain;
import dev.paddock.domains.SniEndpoint;
import dev.paddock.domains.SubmittedCertificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// Domains of apps and the certificates that are shown for them.
final class DomainEndpoints {
    private final AppEndpoints apps;
    private final Hosting hosting;
    private final DomainRepresentations representations;
    private final InstantSource clock;

    DomainEndpoints(
            AppEndpoints apps,
            Hosting hosting,
            DomainRepresentations representations,
            InstantSource clock) {
        this.clock = clock;
        this.apps = apps;
        this.hosting = hosting;
        this.representations = representations;
    }

    Answer list(Call call) {
        App app = apps.find(call);
        List<ObjectNode> all =
                Stream.concat(
                                Stream.of(representations.builtIn(app)),
                                hosting.domains(app.id()).stream()
                                        .map(domain -> representations.domain(app, domain)))
                        .toList();
        return Answer.page(Page.of(all, call.range(), DomainRepresentations.DOMAIN_KEYS));
    }

    Answer info(Call call) {
        App app = apps.find(call);
        return Answer.ok(
                isBuiltIn(call, app)
                        ? representations.builtIn(app)
                        : representations.domain(app, find(call, app)));
    }

    Answer add(Call call) {
        App app = apps.find(call);
        DomainRepresentations.NewDomain wanted = DomainRepresentations.newDomain(call.fields());
        Domain added =
                hosting.addDomain(
                        app, wanted.hostname(), wanted.endpoint(), call.account().actor());
        return Answer.created(representations.domain(app, added));
    }

    Answer update(Call call) {
        App app = apps.find(call);
        Domain domain = findCustom(call, app);
        Optional<String> endpoint = DomainRepresentations.assignedEndpoint(call.fields());
        return Answer.ok(
                representations.domain(
                        app, hosting.assign(app, domain, endpoint, call.account().actor())));
    }

    Answer remove(Call call) {
        App app = apps.find(call);
        Domain domain = findCustom(call, app);
        hosting.removeDomain(app, domain, call.account().actor());
        return Answer.ok(representations.domain(app, domain));
    }

    private boolean isBuiltIn(Call call, App app) {
        return representations.isBuiltIn(app, call.path("domain"));
    }

    private Domain find(Call call, App app) {
        return hosting.domain(app.id(), call.path("domain"))
                .orElseThrow(() -> UserError.notFound("domain"));
    }

    private Domain findCustom(Call call, App app) {
        if (isBuiltIn(call, app)) {
            throw new UserError(
                    "forbidden",
                    "The domain "
                            + call.path("domain")
                            + " belongs to the app itself and stays as it is.");
        }
        return find(call, app);
    }

    Answer endpoints(Call call) {
        App app = apps.find(call);
        List<ObjectNode> all =
                hosting.endpoints(app.id()).stream()
                        .map(endpoint -> representations.endpoint(app, endpoint))
                        .toList();
        return Answer.page(Page.of(all, call.range(), DomainRepresentations.ENDPOINT_KEYS));
    }

    Answer endpoint(Call call) {
        App app = apps.find(call);
        return Answer.ok(representations.endpoint(app, findEndpoint(call, app)));
    }

    Answer addEndpoint(Call call) {
        App app = apps.find(call);
        SniEndpoint added = hosting.addEndpoint(app, certificate(call), call.account().actor());
        return Answer.created(representations.endpoint(app, added));
    }

    Answer updateEndpoint(Call call) {
        App app = apps.find(call);
        SniEndpoint endpoint = findEndpoint(call, app);
        SniEndpoint updated =
                hosting.updateEndpoint(app, endpoint, certificate(call), call.account().actor());
        return Answer.ok(representations.endpoint(app, updated));
    }

    Answer removeEndpoint(Call call) {
        App app = apps.find(call);
        SniEndpoint endpoint = findEndpoint(call, app);
        hosting.removeEndpoint(app, endpoint, call.account().actor());
        return Answer.ok(representations.endpoint(app, endpoint));
    }

    private SubmittedCertificate certificate(Call call) {
        return DomainRepresentations.certificate(call.fields(), clock.instant());
    }

    private SniEndpoint findEndpoint(Call call, App app) {
        return hosting.endpoint(app.id(), call.path("endpoint"));
    }
}
