package dev.paddock.api;

import static dev.paddock.api.Representations.appIdentity;
import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.nameUuid;
import static dev.paddock.api.Representations.object;

import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.domains.CertificateDetails;
import dev.paddock.domains.Domain;
import dev.paddock.domains.Hostname;
import dev.paddock.domains.SniEndpoint;
import dev.paddock.domains.SubmittedCertificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of domains and SNI endpoints. Immutable.
final class DomainRepresentations {
    static final List<Page.Key<ObjectNode>> DOMAIN_KEYS = keys("hostname");
    static final List<Page.Key<ObjectNode>> ENDPOINT_KEYS = keys("name");

    private final ApiSettings settings;

    DomainRepresentations(ApiSettings settings) {
        this.settings = settings;
    }

    private static List<Page.Key<ObjectNode>> keys(String name) {
        return Stream.of(name, "id")
                .map(field -> Page.Key.<ObjectNode>text(field, json -> json.get(field).asString()))
                .toList();
    }

    /// Whether the domain that every app has is meant.
    boolean isBuiltIn(App app, String hostnameOrId) {
        return settings.hostname(app.name().value()).equalsIgnoreCase(hostnameOrId)
                || builtInId(app).equals(hostnameOrId);
    }

    private static String builtInId(App app) {
        return nameUuid("domain", app.id().toString()).toString();
    }

    /// The domain that every app has.
    ObjectNode builtIn(App app) {
        ObjectNode json =
                object().put("id", builtInId(app))
                        .put("hostname", settings.hostname(app.name().value()))
                        .put("kind", "heroku")
                        .put("status", "none")
                        .put("cname", (String) null)
                        .put("acm_status", (String) null)
                        .put("acm_status_reason", (String) null)
                        .put("created_at", date(app.createdAt()))
                        .put("updated_at", date(app.updatedAt()))
                        .putNull("sni_endpoint");
        json.set("app", appIdentity(app));
        return json;
    }

    /// Its DNS target is the app's own name, which leads to the routers.
    ObjectNode domain(App app, Domain domain) {
        ObjectNode json =
                object().put("id", domain.id().toString())
                        .put("hostname", domain.hostname().value())
                        .put("kind", "custom")
                        .put("status", "succeeded")
                        .put("cname", settings.hostname(app.name().value()))
                        .put("acm_status", (String) null)
                        .put("acm_status_reason", (String) null)
                        .put("created_at", date(domain.createdAt()))
                        .put("updated_at", date(domain.updatedAt()));
        json.set("app", appIdentity(app));
        domain.endpoint()
                .ifPresentOrElse(
                        endpoint ->
                                json.putObject("sni_endpoint")
                                        .put("id", endpoint.id().toString())
                                        .put("name", endpoint.name()),
                        () -> json.putNull("sni_endpoint"));
        return json;
    }

    record NewDomain(Hostname hostname, Optional<String> endpoint) {}

    static NewDomain newDomain(Fields fields) {
        return new NewDomain(
                Hostname.parse(fields.requiredText("hostname")), fields.identity("sni_endpoint"));
    }

    /// The endpoint that a change of a domain names; empty for null, which takes the domain's away.
    static Optional<String> assignedEndpoint(Fields fields) {
        if (!fields.mentions("sni_endpoint")) {
            throw UserError.invalid("The field `sni_endpoint` is missing: give a name or null.");
        }
        return fields.identity("sni_endpoint");
    }

    static SubmittedCertificate certificate(Fields fields, Instant now) {
        return SubmittedCertificate.parse(
                fields.requiredText("certificate_chain"), fields.requiredText("private_key"), now);
    }

    ObjectNode endpoint(App app, SniEndpoint endpoint) {
        ObjectNode json =
                object().put("id", endpoint.id().toString())
                        .put("name", endpoint.name())
                        .put("display_name", (String) null)
                        .put("certificate_chain", endpoint.chain())
                        .put("created_at", date(endpoint.createdAt()))
                        .put("updated_at", date(endpoint.updatedAt()));
        json.set("app", appIdentity(app));
        ArrayNode domains = json.putArray("domains");
        endpoint.domains().forEach(domain -> domains.add(domain.toString()));
        json.set("ssl_cert", certificate(endpoint));
        return json;
    }

    private static ObjectNode certificate(SniEndpoint endpoint) {
        CertificateDetails details = CertificateDetails.of(endpoint.chain());
        ObjectNode json =
                object().put("id", nameUuid("certificate", endpoint.chain()).toString())
                        .put("acm", false)
                        .put("ca_signed?", endpoint.trusted())
                        .put("self_signed?", details.selfSigned())
                        .put("issuer", details.issuer())
                        .put("subject", details.subject())
                        .put("starts_at", date(details.startsAt()))
                        .put("expires_at", date(details.expiresAt()));
        ArrayNode names = json.putArray("cert_domains");
        details.names().forEach(names::add);
        return json;
    }
}
