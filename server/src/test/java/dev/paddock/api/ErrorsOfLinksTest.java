package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.routes.Certificate;
import io.javalin.http.HandlerType;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/// Every link that is answered, called in the ways in which it must fail: without a key, by somebody else, for what does
/// not exist, with a body that it cannot take.
class ErrorsOfLinksTest {
    private static final Pattern PARAMETER = Pattern.compile("\\{([a-z]+)}");
    private static final String NOWHERE = "00000000-0000-4000-8000-000000000000";

    /// What an answer says that is not there, by the parameter that named it.
    private static final Map<String, String> RESOURCES =
            Map.ofEntries(
                    Map.entry("addon", "add_on"),
                    Map.entry("app", "app"),
                    Map.entry("attachment", "add_on attachment"),
                    Map.entry("authorization", "authorization"),
                    Map.entry("build", "build"),
                    Map.entry("client", "client"),
                    Map.entry("collaborator", "collaborator"),
                    Map.entry("coupling", "pipeline_coupling"),
                    Map.entry("delivery", "app_webhook_delivery"),
                    Map.entry("domain", "domain"),
                    Map.entry("drain", "log_drain"),
                    Map.entry("dyno", "dyno"),
                    Map.entry("endpoint", "sni_endpoint"),
                    Map.entry("event", "app_webhook_event"),
                    Map.entry("feature", "feature"),
                    Map.entry("generation", "generation"),
                    Map.entry("key", "key"),
                    Map.entry("pipeline", "pipeline"),
                    Map.entry("plan", "plan"),
                    Map.entry("promotion", "pipeline_promotion"),
                    Map.entry("region", "region"),
                    Map.entry("release", "release"),
                    Map.entry("service", "addon_service"),
                    Map.entry("session", "session"),
                    Map.entry("setup", "app_setup"),
                    Map.entry("size", "dyno_size"),
                    Map.entry("slug", "slug"),
                    Map.entry("stack", "stack"),
                    Map.entry("team", "team"),
                    Map.entry("token", "token"),
                    Map.entry("transfer", "app_transfer"),
                    Map.entry("type", "formation"),
                    Map.entry("user", "user"),
                    Map.entry("webhook", "app_webhook"));

    /// What everybody may see, and what concerns the caller alone whoever that is.
    private static final Set<String> FOR_ALL =
            Set.of("generation", "region", "service", "plan", "size", "stack", "feature", "user");

    /// A body that each link which takes one refuses.
    private static final String UNUSABLE =
            """
            POST /apps {"name":5}
            PATCH /apps/{app} {"maintenance":"x"}
            POST /apps/{app}/domains {}
            PATCH /apps/{app}/domains/{domain} {"sni_endpoint":5}
            PATCH /apps/{app}/features/{feature} {"enabled":"x"}
            PUT /apps/{app}/buildpack-installations {"updates":5}
            POST /apps/{app}/log-drains {}
            POST /apps/{app}/sni-endpoints {}
            PATCH /apps/{app}/sni-endpoints/{endpoint} {"certificate_chain":5}
            PATCH /apps/{app}/config-vars {"A":[]}
            POST /apps/{app}/releases {}
            POST /apps/{app}/slugs {}
            POST /apps/{app}/builds {}
            PATCH /apps/{app}/formation {"updates":5}
            PATCH /apps/{app}/formation/{type} {"quantity":"x"}
            POST /apps/{app}/dynos {}
            POST /apps/{app}/log-sessions {"lines":"x"}
            POST /apps/{app}/collaborators {}
            PATCH /apps/{app}/collaborators/{collaborator} {"permissions":5}
            POST /teams/apps/{app}/collaborators {}
            PATCH /teams/apps/{app}/collaborators/{collaborator} {"permissions":5}
            POST /apps/{app}/webhooks {}
            PATCH /apps/{app}/webhooks/{webhook} {"level":5}
            POST /apps/{app}/addons {}
            PATCH /account {"name":5}
            PATCH /users/{user} {"name":5}
            POST /account/keys {}
            POST /account/app-transfers {}
            PATCH /account/app-transfers/{transfer} {"state":5}
            POST /oauth/authorizations {"scope":5}
            PATCH /oauth/authorizations/{authorization} {"description":5}
            POST /oauth/clients {}
            PATCH /oauth/clients/{client} {"name":5}
            POST /paddock/users {}
            POST /app-setups {}
            POST /pipelines {}
            PATCH /pipelines/{pipeline} {"name":5}
            PATCH /pipelines/{pipeline}/stage/{stage}/config-vars {"A":[]}
            POST /pipeline-transfers {}
            POST /pipeline-couplings {}
            PATCH /pipeline-couplings/{coupling} {"stage":5}
            POST /pipeline-promotions {}
            POST /filters/apps {"in":5}
            POST /actions/addons/resolve {}
            POST /actions/addon-attachments/resolve {}
            POST /addon-attachments {}
            """;

    /// They find nothing, whatever is sent.
    private static final List<String> FRUITLESS =
            List.of("/account/features/{feature}", "/apps/{app}/addons/{addon}");

    /// Ends of the paths of those that change something and ask for nothing.
    private static final List<String> BODILESS =
            List.of(
                    "/sources",
                    "/actions/stop",
                    "/actions/regenerate-tokens",
                    "/actions/rotate-credentials",
                    "/actions/reset-key");

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient owner;
    private static List<Route> routes;
    private static final Map<String, String> THERE = new HashMap<>();

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        owner = platform.client();
        ApiSettings settings =
                new ApiSettings(
                        new InetSocketAddress(0),
                        TestPlatform.DOMAIN,
                        TestPlatform.HTTP_PORT,
                        Set.of());
        SecretUrls urls = new SecretUrls(platform.server.url(), platform.clock);
        routes =
                platform.server.routes(
                        new Representations(
                                settings, platform.server.url(), urls, platform.outputs),
                        urls);
        platform.deployed("shop", Map.of("web", "serve", "worker", "work"));
        THERE.put("app", "shop");
        THERE.put("type", "web");
        THERE.put("dyno", "web.1");
        THERE.put("release", "2");
        THERE.put("stage", "production");
        THERE.put("feature", "preboot");
        THERE.put("user", "owner@example.com");
        THERE.put("collaborator", "owner@example.com");
        THERE.put("generation", "cedar");
        THERE.put("region", "local");
        THERE.put("stack", "host");
        THERE.put("size", "eco");
        make(
                "key",
                "/account/keys",
                "{\"public_key\":\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6 me@x\"}");
        make(
                "authorization",
                "/oauth/authorizations",
                "{\"description\":\"x\",\"scope\":[\"read\"]}");
        make(
                "client",
                "/oauth/clients",
                "{\"name\":\"robot\",\"redirect_uri\":\"https://example.com/\"}");
        make(
                "domain",
                "/apps/shop/domains",
                "{\"hostname\":\"www.example.com\",\"sni_endpoint\":null}");
        make("drain", "/apps/shop/log-drains", "{\"url\":\"http://127.0.0.1:9/\"}");
        make("slug", "/apps/shop/slugs", "{\"process_types\":{\"web\":\"serve\"}}");
        make(
                "webhook",
                "/apps/shop/webhooks",
                "{\"include\":[\"api:release\"],\"level\":\"notify\",\"url\":\"http://127.0.0.1:9/\"}");
        make("pipeline", "/pipelines", "{\"name\":\"line\"}");
        make(
                "coupling",
                "/pipeline-couplings",
                "{\"app\":\"shop\",\"pipeline\":\"line\",\"stage\":\"production\"}");
        Certificate own = platform.authority.leaf("own.apps.test");
        make(
                "endpoint",
                "/apps/shop/sni-endpoints",
                JsonMapper.shared()
                        .writeValueAsString(
                                Map.of(
                                        "certificate_chain", own.chain(),
                                        "private_key", own.key())));
        platform.clientOf("heir@example.com");
        make(
                "transfer",
                "/account/app-transfers",
                "{\"app\":\"shop\",\"recipient\":\"heir@example.com\"}");
    }

    private static void make(String parameter, String path, String body) {
        ApiClient.Reply made = owner.post(path, body);
        assertThat(made.status()).as(path + ": " + made.http().body()).isLessThan(300);
        THERE.put(parameter, made.text("id"));
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void withoutAGoodKeyEachIsUnauthorized() {
        List<String> problems = new ArrayList<>();
        for (Route route : routes) {
            for (ApiClient caller :
                    List.of(
                            owner.without("Authorization"),
                            owner.with("Authorization", "Bearer " + NOWHERE))) {
                ApiClient.Reply reply = call(caller, route, filled(route, NOWHERE), "{}");
                expect(route, reply, 401, "unauthorized", Optional.empty(), problems);
            }
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void whatIsNotThereIsNamed() {
        List<String> problems = new ArrayList<>();
        for (Route route : routes) {
            for (String missing : parameters(route)) {
                String path = filled(route, missing);
                ApiClient.Reply reply = call(owner, route, path, body(route));
                // A stage is a word out of five, and no thing.
                boolean word = missing.equals("stage");
                expect(
                        route,
                        reply,
                        word ? 422 : 404,
                        word ? "invalid_params" : "not_found",
                        resource(route, missing),
                        problems);
            }
        }
        assertThat(problems).isEmpty();
    }

    /// What is looked for first of what is not there.
    private static Optional<String> resource(Route route, String missing) {
        return parameters(route).stream()
                .filter(parameter -> parameter.equals(missing) || !THERE.containsKey(parameter))
                .findFirst()
                .map(RESOURCES::get);
    }

    @Test
    void strangersFindNothing() {
        ApiClient stranger = platform.clientOf("stranger@example.com");
        List<String> problems = new ArrayList<>();
        for (Route route : routes) {
            Set<String> owned = new TreeSet<>(parameters(route));
            owned.removeAll(FOR_ALL);
            owned.retainAll(THERE.keySet());
            if (!owned.isEmpty()) {
                ApiClient.Reply reply = call(stranger, route, filled(route, ""), body(route));
                String first = parameters(route).getFirst();
                expect(
                        route,
                        reply,
                        404,
                        "not_found",
                        Optional.ofNullable(RESOURCES.get(first)),
                        problems);
            }
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void bodyThatIsNoObjectIsABadRequest() {
        List<String> problems = new ArrayList<>();
        for (Route route : routes) {
            if (takesBody(route)) {
                for (String body : List.of("{", "[]", "\"text\"")) {
                    ApiClient.Reply reply = call(owner, route, filled(route, ""), body);
                    expect(route, reply, 400, "bad_request", Optional.empty(), problems);
                }
            }
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void bodyThatCannotBeUsedIsInvalid() {
        Map<String, String> bodies =
                UNUSABLE.lines()
                        .map(line -> line.split(" ", 3))
                        .collect(Collectors.toMap(row -> row[0] + " " + row[1], row -> row[2]));
        List<String> problems = new ArrayList<>();
        for (Route route : routes) {
            String link = route.method() + " " + route.path();
            if (takesBody(route)) {
                Optional<String> body = Optional.ofNullable(bodies.remove(link));
                assertThat(body).as("a body for " + link).isPresent();
                ApiClient.Reply reply = call(owner, route, filled(route, ""), body.orElseThrow());
                expect(route, reply, 422, "invalid_params", Optional.empty(), problems);
            }
        }
        assertThat(problems).isEmpty();
        assertThat(bodies).isEmpty();
    }

    private static boolean takesBody(Route route) {
        return (route.method().equals(HandlerType.POST)
                        || route.method().equals(HandlerType.PATCH)
                        || route.method().equals(HandlerType.PUT))
                && BODILESS.stream().noneMatch(route.path()::endsWith)
                && !FRUITLESS.contains(route.path());
    }

    private static String body(Route route) {
        return takesBody(route) ? "{}" : "";
    }

    private static ApiClient.Reply call(ApiClient caller, Route route, String path, String body) {
        return caller.send(route.method().toString(), path, body);
    }

    private static List<String> parameters(Route route) {
        return PARAMETER.matcher(route.path()).results().map(found -> found.group(1)).toList();
    }

    /// With what is there for each parameter but one.
    private static String filled(Route route, String missing) {
        return PARAMETER
                .matcher(route.path())
                .replaceAll(found ->
                        Matcher.quoteReplacement(
                                found.group(1).equals(missing)
                                        ? NOWHERE
                                        : THERE.getOrDefault(found.group(1), NOWHERE)));
    }

    private static void expect(
            Route route,
            ApiClient.Reply reply,
            int status,
            String id,
            Optional<String> resource,
            List<String> problems) {
        boolean right =
                reply.status() == status
                        && reply.errorId().equals(id)
                        && !reply.message().isBlank()
                        && resource.filter(wanted -> !wanted.equals(reply.text("resource")))
                                .isEmpty();
        if (!right) {
            problems.add(
                    "%s %s: %d %s, not %d %s %s"
                            .formatted(
                                    route.method(),
                                    route.path(),
                                    reply.status(),
                                    reply.http().body(),
                                    status,
                                    id,
                                    resource.orElse("")));
        }
    }
}
