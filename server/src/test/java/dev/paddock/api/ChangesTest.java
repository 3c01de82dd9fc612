package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.core.App;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Apps, config vars and releases made and changed over HTTP.
class ChangesTest {
    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void appsAreMadeWithAndWithoutAName() {
        var named =
                client.post(
                        "/apps",
                        "{\"name\":\"made\",\"region\":\"local\",\"stack\":{\"name\":\"host\"},\"unheard_of\":[1]}");
        assertThat(named.status()).isEqualTo(201);
        assertThat(named.text("name")).isEqualTo("made");
        assertThat(named.json()).isEqualTo(client.get("/apps/made").json());

        var invented = client.post("/apps", "");
        assertThat(invented.status()).isEqualTo(201);
        assertThat(invented.text("name")).matches("[a-z][a-z0-9-]{1,28}[a-z0-9]");
    }

    @Test
    void nameInUseIsRefused() {
        client.post("/apps", "{\"name\":\"taken\"}");

        var reply = client.post("/apps", "{\"name\":\"taken\"}");

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.message()).contains("already taken");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\":\"Bad_Name\"}",
                "{\"name\":\"1abc\"}",
                "{\"name\":\"ab\"}",
                "{\"name\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
                "{\"name\":\"\"}",
                "{\"name\":\"a\\u0000bc\"}",
                "{\"name\":5}",
                "{\"name\":\"good-one\",\"stack\":\"heroku-99\"}",
                "{\"name\":\"good-one\",\"region\":\"mars\"}",
                "{\"name\":\"good-one\",\"team\":\"us\"}",
                "{\"name\":\"good-one\",\"space\":\"ours\"}"
            })
    void appsThatMakeNoSenseAreRefusedAndNotMade(String body) {
        var reply = client.post("/apps", body);

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.errorId()).isEqualTo("invalid_params");
        assertThat(reply.message()).isNotBlank();
        assertThat(client.get("/apps/good-one").status()).isEqualTo(404);
    }

    @Test
    void appsAreRenamedAndPutIntoMaintenance() {
        client.post("/apps", "{\"name\":\"before\"}");

        var reply =
                client.patch(
                        "/apps/before",
                        "{\"name\":\"after\",\"maintenance\":true,\"build_stack\":\"host\"}");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text("name")).isEqualTo("after");
        assertThat(reply.json().get("maintenance").booleanValue()).isTrue();
        assertThat(client.get("/apps/before").status()).isEqualTo(404);
        assertThat(client.patch("/apps/after", "{\"build_stack\":\"x\"}").status()).isEqualTo(422);
        assertThat(client.patch("/apps/after", "{\"name\":\"B\"}").status()).isEqualTo(422);
    }

    @Test
    void configVarsAreSetAndUnsetInOneReleaseEach() {
        client.post("/apps", "{\"name\":\"configured\"}");
        String path = "/apps/configured/config-vars";

        var set = client.patch(path, "{\"A\":\"1\",\"B\":\"zwei\\n\\\"🦕\",\"C\":\"\"}");
        assertThat(set.status()).isEqualTo(200);
        assertThat(set.text("B")).isEqualTo("zwei\n\"🦕");
        assertThat(client.patch(path, "{\"A\":null,\"NEVER_SET\":null}").http().body())
                .doesNotContain("\"A\"");
        assertThat(client.get(path).json()).isEqualTo(client.patch(path, "{}").json());

        var releases = client.get("/apps/configured/releases").json();
        assertThat(releases).hasSize(3);
        assertThat(releases.get(1).get("description").stringValue()).contains("A, B, C");
        assertThat(client.get("/apps/configured/releases/2/config-vars").text("A")).isEqualTo("1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"A\":1}",
                "{\"A\":true}",
                "{\"A\":{}}",
                "{\"A\":[]}",
                "{\"1A\":\"x\"}",
                "{\"A B\":\"x\"}",
                "{\"\":\"x\"}",
                "{\"A\":\"\\u0000\"}",
                "{\"GOOD\":\"x\",\"ž\":\"x\"}",
                "{\"PADDOCK_NO_SUCH\":\"1\"}"
            })
    void configVarsThatMakeNoSenseAreRefusedAltogether(String body) {
        App app = platform.apps.list(platform.owner).getFirst();
        String path = "/apps/" + app.name() + "/config-vars";
        String before = client.get(path).http().body();

        assertThat(client.patch(path, body).status()).isEqualTo(422);
        assertThat(client.get(path).http().body()).isEqualTo(before);
    }

    @Test
    void configVarsAreLimitedTo64Kilobytes() {
        client.post("/apps", "{\"name\":\"full\"}");
        String path = "/apps/full/config-vars";

        assertThat(client.patch(path, "{\"A\":\"" + "x".repeat(60_000) + "\"}").status())
                .isEqualTo(200);
        var over = client.patch(path, "{\"B\":\"" + "x".repeat(6_000) + "\"}");
        assertThat(over.status()).isEqualTo(422);
        assertThat(over.message()).contains("64 KB");
    }

    @Test
    void rollbackMakesANewRelease() {
        App app = platform.deployed("rolled", Map.of("web", "serve"));
        client.patch("/apps/rolled/config-vars", "{\"MODE\":\"new\"}");

        for (String target : new String[] {"\"v2\"", "2", "\"2\""}) {
            var reply = client.post("/apps/rolled/releases", "{\"release\":" + target + "}");
            assertThat(reply.status()).isEqualTo(201);
            assertThat(reply.text("description")).isEqualTo("Rollback to v2");
        }
        String id = client.get("/apps/rolled/releases/3").text("id");
        assertThat(client.post("/apps/rolled/releases", "{\"release\":\"" + id + "\"}").status())
                .isEqualTo(201);
        assertThat(client.get("/apps/" + app.id() + "/config-vars").text("MODE")).isEqualTo("new");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"release\":\"v1\"} | 422",
                "{\"release\":\"v99\"} | 404",
                "{\"release\":\"\"} | 422",
                "{\"release\":[]} | 422",
                "{} | 422",
                "{\"slug\":\"x\"} | 404",
                "{\"slug\":\"\"} | 422",
                "{\"slug\":7} | 422",
                "{\"slug\":\"00000000-0000-0000-0000-000000000000\"} | 404",
                "{\"slug\":\"x\",\"release\":\"v2\"} | 422"
            })
    void rollbackToWhatCannotRunIsRefused(String body, int status) {
        App app =
                platform.apps.list(platform.owner).stream()
                        .filter(known -> known.name().value().equals("stays"))
                        .findFirst()
                        .orElseGet(() -> platform.deployed("stays", Map.of("web", "serve")));

        assertThat(client.post("/apps/" + app.name() + "/releases", body).status())
                .isEqualTo(status);
        assertThat(client.get("/apps/stays/releases").json()).hasSize(2);
    }

    @Test
    void destroyedAppsAreGone() {
        platform.deployed("doomed", Map.of("web", "serve"));

        var reply = client.delete("/apps/doomed");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.text("name")).isEqualTo("doomed");
        assertThat(client.get("/apps/doomed").status()).isEqualTo(404);
        assertThat(client.get("/apps/doomed/dynos").status()).isEqualTo(404);
        assertThat(client.post("/apps", "{\"name\":\"doomed\"}").status()).isEqualTo(201);
    }
}
