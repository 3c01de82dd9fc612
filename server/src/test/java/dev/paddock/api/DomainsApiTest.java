package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.domains.CertificateAuthority;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Certificate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/// Domains and certificates, from the API to the routers' table.
class DomainsApiTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;
    private static TableReader router;
    private static CertificateAuthority issuer;

    @BeforeAll
    static void start() throws Exception {
        platform = new TestPlatform(directory);
        client = platform.client();
        router = new TableReader(platform.listenForRouters());
        issuer =
                CertificateAuthority.open(
                        directory.resolve("issuer"), "example.com", platform.clock);
    }

    @AfterAll
    static void stop() throws Exception {
        router.close();
        platform.close();
    }

    private static String body(Certificate certificate) {
        return JsonMapper.shared()
                .writeValueAsString(
                        Map.of(
                                "certificate_chain", certificate.chain(),
                                "private_key", certificate.key()));
    }

    private static ApiClient.Reply addDomain(String app, String hostname) {
        return client.post(
                "/apps/" + app + "/domains",
                "{\"hostname\":\"" + hostname + "\",\"sni_endpoint\":null}");
    }

    @Test
    void domainIsRoutedFromItsAddingToItsRemoval() {
        platform.deployed("shop", Map.of("web", "serve"));

        ApiClient.Reply added = addDomain("shop", "WWW.Shop.Example");

        assertThat(added.status()).isEqualTo(201);
        assertThat(added.text("hostname")).isEqualTo("www.shop.example");
        assertThat(added.text("kind")).isEqualTo("custom");
        assertThat(added.text("cname")).isEqualTo("shop.apps.test");
        assertThat(added.text("status")).isEqualTo("succeeded");
        assertThat(addDomain("shop", "*.shop.example").status()).isEqualTo(201);
        AppRoute route = router.await("shop", SOON, app -> app.hosts().size() == 3);
        assertThat(route.hosts())
                .containsExactlyInAnyOrder("shop.apps.test", "www.shop.example", "*.shop.example");
        assertThat(client.get("/apps/shop/domains").json()).hasSize(3);
        assertThat(client.get("/apps/shop/domains/*.shop.example").status()).isEqualTo(200);
        assertThat(client.get("/apps/shop/domains/" + added.text("id")).text("hostname"))
                .isEqualTo("www.shop.example");

        assertThat(client.delete("/apps/shop/domains/*.shop.example").status()).isEqualTo(200);
        ApiClient.Reply removed = client.delete("/apps/shop/domains/www.shop.example");
        assertThat(removed.text("id")).isEqualTo(added.text("id"));
        router.await("shop", SOON, app -> app.hosts().equals(List.of("shop.apps.test")));
        assertThat(client.get("/apps/shop/domains/www.shop.example").status()).isEqualTo(404);
    }

    @Test
    void certificateIsShownForTheDomainsThatUseIt() {
        platform.deployed("secure", Map.of("web", "serve"));
        Certificate first = issuer.leaf("www.example.com");
        Certificate second = issuer.leaf("www.example.com", "alt.example.com");

        ApiClient.Reply added = client.post("/apps/secure/sni-endpoints", body(first));

        assertThat(added.status()).isEqualTo(201);
        assertThat(added.http().body()).doesNotContain("PRIVATE KEY");
        assertThat(added.text("ssl_cert.cert_domains.0")).isEqualTo("www.example.com");
        String name = added.text("name");
        String path = "/apps/secure/sni-endpoints/" + name;
        client.post(
                "/apps/secure/domains",
                "{\"hostname\":\"www.example.com\",\"sni_endpoint\":\"" + name + "\"}");
        AppRoute route = router.await("secure", SOON, app -> !app.hostCertificates().isEmpty());
        assertThat(route.hostCertificates()).containsExactly(Map.entry("www.example.com", first));
        assertThat(client.get(path).json().get("domains")).hasSize(1);

        ApiClient.Reply updated = client.patch(path, body(second));
        assertThat(updated.json().at("/ssl_cert/cert_domains")).hasSize(2);
        router.await("secure", SOON, app -> app.hostCertificates().containsValue(second));

        client.patch("/apps/secure/domains/www.example.com", "{\"sni_endpoint\":null}");
        router.await("secure", SOON, app -> app.hostCertificates().isEmpty());
        client.patch("/apps/secure/domains/www.example.com", "{\"sni_endpoint\":\"" + name + "\"}");
        router.await("secure", SOON, app -> app.hostCertificates().containsValue(second));
        assertThat(client.delete(path).status()).isEqualTo(200);
        router.await("secure", SOON, app -> app.hostCertificates().isEmpty());
        assertThat(
                        client.get("/apps/secure/domains/www.example.com")
                                .json()
                                .get("sni_endpoint")
                                .isNull())
                .isTrue();
    }

    @Test
    void badDomainsAndCertificatesAreRefusedAndChangeNothing() {
        platform.app("careful");
        platform.app("other");
        addDomain("other", "www.other.example");

        assertRefused(addDomain("careful", "not a domain"), 422, "invalid_params");
        assertRefused(addDomain("careful", "www.other.example"), 422, "invalid_params");
        assertRefused(addDomain("careful", "x.apps.test"), 422, "invalid_params");
        assertRefused(client.post("/apps/careful/domains", "{}"), 422, "invalid_params");
        assertRefused(
                client.post("/apps/careful/domains", "{\"hostname\":5}"), 422, "invalid_params");
        ApiClient.Reply unknown =
                client.post(
                        "/apps/careful/domains",
                        "{\"hostname\":\"www.careful.example\",\"sni_endpoint\":\"none\"}");
        assertRefused(unknown, 404, "not_found");
        assertThat(unknown.text("resource")).isEqualTo("sni_endpoint");
        assertRefused(client.delete("/apps/careful/domains/careful.apps.test"), 403, "forbidden");
        assertRefused(client.delete("/apps/careful/domains/www.no.example"), 404, "not_found");
        assertThat(client.get("/apps/careful/domains").json()).hasSize(1);

        Certificate good = issuer.leaf("www.example.com");
        assertRefused(
                client.post(
                        "/apps/careful/sni-endpoints", body(new Certificate("junk", good.key()))),
                422,
                "invalid_params");
        assertRefused(client.post("/apps/careful/sni-endpoints", "{}"), 422, "invalid_params");
        assertThat(client.get("/apps/careful/sni-endpoints").json()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{} | is missing", "{\"sni_endpoint\":7} | must be a string"})
    void changeOfADomainMustNameAnEndpoint(String body, String message) {
        if (client.get("/apps/exact").status() == 404) {
            platform.app("exact");
            addDomain("exact", "www.exact.example");
        }

        ApiClient.Reply reply = client.patch("/apps/exact/domains/www.exact.example", body);

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.message()).contains(message);
    }

    private static void assertRefused(ApiClient.Reply reply, int status, String id) {
        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.errorId()).isEqualTo(id);
        assertThat(reply.message()).isNotBlank();
    }
}
