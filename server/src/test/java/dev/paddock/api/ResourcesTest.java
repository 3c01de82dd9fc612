package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import dev.paddock.core.Release;
import dev.paddock.releases.Releases;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What the resources answer, over HTTP, from the real capabilities.
class ResourcesTest {
    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;
    private static App shop;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
        shop =
                platform.deployed(
                        "shop", Map.of("web", "serve $PORT", "worker", "work", "task", "echo it"));
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void accountsAreOnlyOnesOwn() {
        platform.accounts.create("other@example.com", "Other");

        for (String self : List.of("~", "owner@example.com", platform.owner.id().toString())) {
            assertThat(client.get("/users/" + self).text("email")).isEqualTo("owner@example.com");
        }
        assertThat(client.get("/users/other@example.com").status()).isEqualTo(404);
        assertThat(client.patch("/account", "{\"name\":\"New name\"}").text("name"))
                .isEqualTo("New name");
        assertThat(client.get("/account").text("name")).isEqualTo("New name");
    }

    @Test
    void freeHoursAreToldAsHerokuTellsThem() {
        var quota = client.get("/accounts/" + platform.owner.id() + "/actions/get-quota");

        assertThat(quota.status()).isEqualTo(200);
        assertThat(quota.json().get("account_quota").longValue()).isEqualTo(2_700_000);
        assertThat(quota.json().get("quota_used").longValue()).isZero();
        assertThat(quota.json().get("apps").isArray()).isTrue();
        assertThat(client.get("/accounts/other@example.com/actions/get-quota").status())
                .isEqualTo(404);
        assertThat(client.get("/apps/shop").text("process_tier")).isEqualTo("eco");
    }

    @Test
    void listOfKeysShowsTheSecretOfTheOneInUseAlone() {
        var issued =
                client.post("/oauth/authorizations", "{\"description\":\"ci\",\"expires_in\":60}");
        assertThat(issued.status()).isEqualTo(201);
        String token = issued.text("access_token.token");
        String id = issued.text("id");

        assertThat(client.get("/oauth/authorizations/~").text("access_token.token"))
                .isEqualTo(platform.key);
        assertThat(client.get("/oauth/authorizations").http().body())
                .contains(platform.key)
                .doesNotContain(token);
        var other = client.with("Authorization", "Bearer " + token);
        assertThat(other.get("/oauth/authorizations/" + id).text("access_token.token"))
                .isEqualTo(token);
        assertThat(other.get("/oauth/authorizations/~").json().get("access_token").isNull())
                .isTrue();

        assertThat(client.delete("/oauth/authorizations/" + id).status()).isEqualTo(200);
        assertThat(other.get("/account").status()).isEqualTo(401);
        assertThat(client.delete("/oauth/authorizations/" + id).text("resource"))
                .isEqualTo("authorization");
        assertThat(client.delete("/oauth/sessions/~").text("resource")).isEqualTo("session");
    }

    @Test
    void appsAreFoundByNameAndId() {
        var byName = client.get("/apps/shop");

        assertThat(byName.text("web_url")).isEqualTo("http://shop.apps.test:8080/");
        assertThat(byName.text("git_url"))
                .isEqualTo("https://localhost:" + platform.server.port() + "/shop.git");
        assertThat(client.get("/apps/" + shop.id()).json()).isEqualTo(byName.json());
        assertThat(client.get("/users/~/apps").http().body()).contains("\"shop\"");
    }

    @ParameterizedTest
    @CsvSource({
        "GET,/apps/nosuch,app",
        "GET,/apps/nosuch/config-vars,app",
        "DELETE,/apps/nosuch,app",
        "POST,/apps/nosuch/log-sessions,app",
        "GET,/apps/shop/dynos/web.99,dyno",
        "GET,/apps/shop/formation/nosuch,formation",
        "GET,/apps/shop/releases/v999,release",
        "GET,/apps/shop/releases/x,release",
        "GET,/apps/shop/slugs/x,slug",
        "GET,/apps/shop/slugs/00000000-0000-0000-0000-000000000000,slug",
        "GET,/apps/shop/features/nosuch,feature",
        "GET,/apps/shop/domains/nosuch,domain",
        "GET,/apps/shop/collaborators/nosuch,collaborator",
        "GET,/apps/shop/pipeline-couplings,pipeline_coupling",
        "GET,/stacks/nosuch,stack",
        "GET,/regions/nosuch,region",
        "GET,/dyno-sizes/nosuch,dyno_size",
        "POST,/apps/shop/dynos/web.99/actions/stop,dyno",
        "DELETE,/apps/shop/formations/nosuch,formation"
    })
    void whatIsNotThereIsNamed(String method, String path, String resource) {
        var reply = client.send(method, path, method.equals("POST") ? "{}" : "");

        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.errorId()).isEqualTo("not_found");
        assertThat(reply.message()).isNotBlank();
        assertThat(reply.text("resource")).isEqualTo(resource);
    }

    @Test
    void anAddOnIsLookedForInTheAppThatIsNamed() {
        var unknown =
                client.post("/actions/addons/resolve", "{\"addon\":\"db\",\"app\":\"nosuch\"}");
        assertThat(unknown.text("resource")).isEqualTo("app");
        var known = client.post("/actions/addons/resolve", "{\"addon\":\"db\",\"app\":\"shop\"}");
        assertThat(known.text("resource")).isEqualTo("add_on");

        assertThat(client.post("/apps/nosuch/addons", "{\"plan\":\"db\"}").text("resource"))
                .isEqualTo("app");
        assertThat(client.post("/apps/shop/addons", "{}").message()).contains("`plan` is missing");
        assertThat(client.post("/apps/shop/addons", "{\"plan\":{\"name\":\"db:mini\"}}").message())
                .isEqualTo(
                        "Couldn't find either the add-on service or the add-on plan of \"db:mini\".");
    }

    @Test
    void appsOfOthersAreNotThere() {
        var stranger = platform.accounts.create("stranger@example.com", "Stranger");
        String key = platform.authorizations.issue(stranger, "theirs", Optional.empty()).token();
        var theirs = client.with("Authorization", "Bearer " + key);

        assertThat(theirs.get("/apps").http().body()).isEqualTo("[]");
        assertThat(theirs.get("/apps/shop").status()).isEqualTo(404);
        assertThat(theirs.get("/apps/" + shop.id() + "/config-vars").status()).isEqualTo(404);
        assertThat(theirs.delete("/apps/shop/dynos").status()).isEqualTo(404);
    }

    @Test
    void releasesComePageByPage() {
        App app = platform.app("paged");
        for (int i = 2; i <= 25; i++) {
            String description = "Change " + i;
            platform.releases.create(
                    app.id(),
                    platform.owner.actor(),
                    newest -> new Releases.Next(description, newest.slug(), newest.config()));
        }

        var newest =
                client.with("Range", "version ..; max=15, order=desc").get("/apps/paged/releases");
        assertThat(newest.status()).isEqualTo(206);
        assertThat(versions(newest)).startsWith(25, 24).endsWith(11).hasSize(15);
        var rest = client.with("Range", newest.header("Next-Range")).get("/apps/paged/releases");
        assertThat(versions(rest)).startsWith(10).endsWith(1).hasSize(10);
        assertThat(rest.header("Next-Range")).isEmpty();

        var all = client.get("/apps/paged/releases");
        assertThat(all.status()).isEqualTo(200);
        assertThat(versions(all)).startsWith(1, 2).endsWith(25).hasSize(25);
        assertThat(versions(client.with("Range", "version ]5..8").get("/apps/paged/releases")))
                .containsExactly(6, 7, 8);
        assertThat(versions(client.with("Range", "version ..; max=7").get("/apps/paged/releases")))
                .containsExactly(1, 2, 3, 4, 5, 6, 7);
        assertThat(client.with("Range", "id ..; max=3").get("/apps/paged/releases").json())
                .hasSize(3);
        assertThat(client.with("Range", "nonsense ..").get("/apps/paged/releases").status())
                .isEqualTo(416);
    }

    private static List<Integer> versions(ApiClient.Reply reply) {
        List<Integer> versions = new ArrayList<>();
        reply.json().forEach(release -> versions.add(release.get("version").intValue()));
        return versions;
    }

    @Test
    void releasesAreFoundByVersionAndId() {
        Release v2 = platform.releases.find(shop.id(), "v2").orElseThrow();

        for (String name : List.of("v2", "2", v2.id().toString())) {
            assertThat(client.get("/apps/shop/releases/" + name).json().get("version").intValue())
                    .isEqualTo(2);
        }
        var first = client.get("/apps/shop/releases/v1").json();
        assertThat(first.get("eligible_for_rollback").booleanValue()).isFalse();
        assertThat(first.get("current").booleanValue()).isFalse();
        assertThat(client.get("/apps/shop/releases/v2/config-vars").http().body()).isEqualTo("{}");
    }

    @Test
    void slugsCanBeFetched() {
        String slug = client.get("/apps/shop/releases/v2").text("slug.id");
        var reply = client.get("/apps/shop/slugs/" + slug);

        assertThat(reply.text("process_types.web")).isEqualTo("serve $PORT");
        assertThat(reply.text("checksum")).isEqualTo("SHA256:" + "ab".repeat(32));
        String path = reply.text("blob.url").replace(platform.server.url(), "");
        assertThat(client.get(path).http().body()).isEqualTo("bytes");
        assertThat(client.without("Authorization").get(path).status()).isEqualTo(200);
        assertThat(client.get(path.replace("signature=", "signature=0")).status()).isEqualTo(404);
        assertThat(client.get(path.substring(0, path.indexOf('?'))).status()).isEqualTo(404);
    }

    @Test
    void scalingAnswersTheChangedEntries() {
        App app = platform.deployed("scaled", Map.of("web", "serve", "worker", "work"));
        String path = "/apps/" + app.name() + "/formation";

        var reply =
                client.patch(
                        path,
                        """
                        {"updates":[{"type":"web","quantity":"3"},
                                    {"type":"worker","quantity":2,"size":"standard-2x"}]}\
                        """);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.json()).hasSize(2);
        assertThat(
                        client.patch(path, "{\"updates\":[{\"type\":\"web\",\"quantity\":\"-1\"}]}")
                                .http()
                                .body())
                .contains("\"quantity\":2")
                .doesNotContain("worker");
        assertThat(
                        client.patch(path + "/worker", "{\"dyno_size\":{\"name\":\"Eco\"}}")
                                .text("size"))
                .isEqualTo("Eco");
        await().untilAsserted(() ->
                assertThat(client.get("/apps/scaled/dynos").json().valueStream())
                        .extracting(dyno -> dyno.get("name").stringValue())
                        .containsExactly("web.1", "web.2", "worker.1", "worker.2"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{} | 422",
                "{\"updates\":[]} | 422",
                "{\"updates\":{}} | 422",
                "{\"updates\":[{\"quantity\":1}]} | 422",
                "{\"updates\":[{\"type\":\"web\"}]} | 422",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":\"many\"}]} | 422",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":101}]} | 422",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":-1000000}]} | 422",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":1.5}]} | 422",
                "{\"updates\":[{\"type\":\"web\",\"size\":\"colossal-9x\"}]} | 422",
                "{\"updates\":[{\"type\":\"w b\",\"quantity\":1}]} | 422",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":2},{\"type\":\"nosuch\",\"quantity\":1}]} | 404",
                "{\"updates\":[{\"type\":\"web\",\"quantity\":2},{\"type\":\"web\",\"quantity\":1}]} | 422"
            })
    void scalingIsAllOrNothing(String body, int status) {
        String before = client.get("/apps/shop/formation").http().body();

        var reply = client.patch("/apps/shop/formation", body);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.message()).isNotBlank();
        assertThat(client.get("/apps/shop/formation").http().body()).isEqualTo(before);
    }

    @Test
    void dynosAreRestartedAndStopped() {
        App app = platform.deployed("restarted", Map.of("web", "serve"));
        String before = upDyno(app, "web.1");

        assertThat(client.delete("/apps/restarted/dynos").status()).isEqualTo(202);
        await().untilAsserted(() -> assertThat(upDyno(app, "web.1")).isNotEqualTo(before));
        String second = upDyno(app, "web.1");
        assertThat(client.post("/apps/restarted/dynos/web.1/actions/stop", "").status())
                .isEqualTo(202);
        await().untilAsserted(() -> assertThat(upDyno(app, "web.1")).isNotEqualTo(second));
        String third = upDyno(app, "web.1");
        assertThat(client.delete("/apps/restarted/formations/web").status()).isEqualTo(202);
        await().untilAsserted(() -> assertThat(upDyno(app, "web.1")).isNotEqualTo(third));
    }

    private static String upDyno(App app, String name) {
        return await().until(
                        () -> client.get("/apps/" + app.name() + "/dynos/" + name),
                        reply -> reply.text("state").equals("up"))
                .text("id");
    }

    @Test
    void detachedOneOffsRunInTheBackground() {
        var reply =
                client.post(
                        "/apps/shop/dynos",
                        "{\"command\":\"task --now\",\"env\":{\"A\":\"b\",\"COLUMNS\":80}}");

        assertThat(reply.status()).isEqualTo(201);
        assertThat(reply.text("name")).matches("run\\.\\d{4}");
        assertThat(reply.text("command")).isEqualTo("echo it --now");
        assertThat(reply.json().get("attach_url").isNull()).isTrue();
        await().untilAsserted(() ->
                assertThat(client.get("/apps/shop/dynos/" + reply.text("name")).text("state"))
                        .isEqualTo("up"));
        assertThat(
                        client.post("/apps/shop/dynos/" + reply.text("name") + "/actions/stop", "")
                                .status())
                .isEqualTo(202);
        await().untilAsserted(() ->
                assertThat(client.get("/apps/shop/dynos/" + reply.text("name")).status())
                        .isEqualTo(404));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"command\":\"\"}",
                "{\"command\":5}",
                "{\"command\":\"x\",\"size\":\"huge\"}",
                "{\"command\":\"x\",\"env\":{\"A B\":\"x\"}}",
                "{\"command\":\"x\",\"env\":[]}",
                "{\"command\":\"x\",\"attach\":\"yes\"}",
                "{\"command\":\"x\",\"type\":\"a.b\"}"
            })
    void oneOffsThatMakeNoSenseAreRefused(String body) {
        var reply = client.post("/apps/shop/dynos", body);

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.errorId()).isEqualTo("invalid_params");
    }

    @Test
    void featuresAreSwitched() {
        App app = platform.app("switched");
        String path = "/apps/" + app.name() + "/features/preboot";

        assertThat(client.patch(path, "{\"enabled\":true}").json().get("enabled").booleanValue())
                .isTrue();
        assertThat(client.get(path).json().get("enabled").booleanValue()).isTrue();
        assertThat(client.patch(path, "{}").status()).isEqualTo(422);
        assertThat(client.patch(path, "{\"enabled\":\"x\"}").status()).isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/account/features",
                "/account/keys",
                "/oauth/sessions",
                "/addons",
                "/addon-attachments",
                "/apps/shop/addons",
                "/apps/shop/addon-attachments",
                "/apps/shop/buildpack-installations",
                "/apps/shop/log-drains",
                "/apps/shop/sni-endpoints"
            })
    void listsOfWhatIsNotHereYetAreEmpty(String path) {
        assertThat(client.get(path).http().body()).isEqualTo("[]");
    }

    @Test
    void catalogueIsFoundByNameAndId() {
        for (String list : List.of("/stacks", "/regions", "/dyno-sizes")) {
            JsonNode first = client.get(list).json().get(0);
            for (String key : List.of("name", "id")) {
                assertThat(client.get(list + "/" + first.get(key).stringValue()).json())
                        .isEqualTo(first);
            }
        }
        assertThat(client.get("/dyno-sizes").json()).hasSize(6);
    }
}
