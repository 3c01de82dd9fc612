package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.core.App;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.routes.Certificate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every resource we answer looks as the published schema of the Platform API says, field for field.
class SchemaTest {
    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
        App app = platform.deployed("shop", Map.of("web", "serve", "worker", "work"));
        assertThat(app.name().value()).isEqualTo("shop");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @TestFactory
    Stream<DynamicTest> answersFollowThePublishedSchema() throws IOException {
        Optional<PublishedSchema> schema = PublishedSchema.find();
        assumeTrue(
                schema.isPresent(),
                "no shared/platform-api/schema.json beside the repository: answers not compared");
        String slug = client.get("/apps/shop/releases/2").text("slug.id");
        prepareHosting();
        return Map.ofEntries(
                        Map.entry("/account", "account"),
                        Map.entry("/users/~", "account"),
                        Map.entry("/account/rate-limits", "rate-limit"),
                        Map.entry("/oauth/authorizations", "oauth-authorization"),
                        Map.entry("/oauth/authorizations/~", "oauth-authorization"),
                        Map.entry("/apps", "app"),
                        Map.entry("/apps/shop", "app"),
                        Map.entry("/apps/shop/collaborators", "collaborator"),
                        Map.entry("/apps/shop/collaborators/owner@example.com", "collaborator"),
                        Map.entry("/apps/shop/domains", "domain"),
                        Map.entry("/apps/shop/domains/shop.apps.test", "domain"),
                        Map.entry("/apps/shop/domains/www.example.com", "domain"),
                        Map.entry("/apps/shop/sni-endpoints", "sni-endpoint"),
                        Map.entry("/apps/shop/log-drains", "log-drain"),
                        Map.entry("/apps/shop/features", "app-feature"),
                        Map.entry("/apps/shop/features/preboot", "app-feature"),
                        Map.entry("/apps/shop/releases", "release"),
                        Map.entry("/apps/shop/releases/1", "release"),
                        Map.entry("/apps/shop/slugs/" + slug, "slug"),
                        Map.entry("/apps/shop/formation", "formation"),
                        Map.entry("/apps/shop/formation/web", "formation"),
                        Map.entry("/apps/shop/dynos", "dyno"),
                        Map.entry("/apps/shop/dynos/web.1", "dyno"),
                        Map.entry("/apps/shop/available-dyno-sizes", "dyno-size"),
                        Map.entry("/apps/shop/available-stacks", "stack"),
                        Map.entry("/dyno-sizes", "dyno-size"),
                        Map.entry("/dyno-sizes/eco", "dyno-size"),
                        Map.entry("/stacks", "stack"),
                        Map.entry("/stacks/host", "stack"),
                        Map.entry("/regions", "region"),
                        Map.entry("/regions/local", "region"))
                .entrySet()
                .stream()
                .map(link ->
                        DynamicTest.dynamicTest(
                                link.getKey(),
                                () ->
                                        check(
                                                schema.get(),
                                                link.getValue(),
                                                client.get(link.getKey()).json())));
    }

    private static void prepareHosting() {
        client.post("/apps/shop/log-drains", "{\"url\":\"http://127.0.0.1:9/in\"}");
        Certificate certificate =
                CertificateAuthority.open(
                                directory.resolve("issuer"), "example.com", platform.clock)
                        .leaf("www.example.com");
        String endpoint =
                client.post(
                                "/apps/shop/sni-endpoints",
                                JsonMapper.shared()
                                        .writeValueAsString(
                                                Map.of(
                                                        "certificate_chain", certificate.chain(),
                                                        "private_key", certificate.key())))
                        .text("name");
        client.post(
                "/apps/shop/domains",
                "{\"hostname\":\"www.example.com\",\"sni_endpoint\":\"" + endpoint + "\"}");
    }

    @TestFactory
    Stream<DynamicTest> answersToChangesFollowThePublishedSchema() throws IOException {
        Optional<PublishedSchema> schema = PublishedSchema.find();
        assumeTrue(
                schema.isPresent(),
                "no shared/platform-api/schema.json beside the repository: answers not compared");
        return Map.of(
                        "oauth-authorization", client.post("/oauth/authorizations", "{}"),
                        "log-session", client.post("/apps/shop/log-sessions", "{\"lines\":5}"),
                        "dyno",
                                client.post(
                                        "/apps/shop/dynos", "{\"attach\":true,\"command\":\"x\"}"))
                .entrySet()
                .stream()
                .map(answer ->
                        DynamicTest.dynamicTest(
                                answer.getKey(),
                                () -> {
                                    assertThat(answer.getValue().status()).isEqualTo(201);
                                    check(schema.get(), answer.getKey(), answer.getValue().json());
                                }));
    }

    private static void check(PublishedSchema schema, String resource, JsonNode answer) {
        if (answer.isArray()) {
            assertThat(answer).isNotEmpty();
            answer.forEach(item -> assertThat(schema.problems(resource, item)).isEmpty());
        } else {
            assertThat(schema.problems(resource, answer)).isEmpty();
        }
    }
}
