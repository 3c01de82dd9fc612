package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.FakeEngine.Script;
import dev.paddock.logs.LogFilter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Releases whose web dynos come up beside the old ones, as a client of the API sees them.
class PrebootApiTest {
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
    void releaseThatDoesNotComeUpFailsAndTheOneBeforeServes() {
        App app = platform.deployed("shop", Map.of("web", "serve"));
        client.patch("/apps/shop/formation/web", "{\"quantity\":2}");
        assertThat(enabled("shop")).isTrue();
        await().until(() -> releases("shop").equals(List.of("v2 up", "v2 up")));

        client.patch("/apps/shop/config-vars", "{\"MODE\":\"good\"}");
        await().until(() -> releases("shop").equals(List.of("v3 up", "v3 up")));
        await().untilAsserted(() ->
                assertThat(log(app)).contains("Release v3 took over: all its web dynos are up"));

        platform.engine.script(_ -> Script.RUNS.neverUp().exits(Duration.ofMillis(50), 1));
        client.patch("/apps/shop/config-vars", "{\"MODE\":\"bad\"}");
        await().until(() -> client.get("/apps/shop/releases/v4").text("status").equals("failed"));
        platform.engine.script(_ -> Script.RUNS);

        assertThat(client.get("/apps/shop/releases/v3").json().get("current").booleanValue())
                .isTrue();
        assertThat(client.get("/apps/shop/config-vars").text("MODE")).isEqualTo("good");
        await().until(() -> releases("shop").equals(List.of("v3 up", "v3 up")));
        assertThat(log(app)).containsPattern("Release v4 failed: web.[12] crashed; the web dynos");

        client.patch("/apps/shop/formation/web", "{\"quantity\":3}");
        await().until(() -> releases("shop").equals(List.of("v3 up", "v3 up", "v3 up")));
        assertThat(platform.engine.running())
                .filteredOn(dyno -> dyno.app().equals(app.id()))
                .extracting(DynoSpec::release)
                .allMatch(release -> release.number() == 3);
    }

    private static boolean enabled(String app) {
        return client.get("/apps/" + app + "/features/preboot")
                .json()
                .get("enabled")
                .booleanValue();
    }

    private static String log(App app) {
        return platform.logs.last(app.id(), LogFilter.ALL, 200).stream()
                .map(entry -> entry.line().text())
                .collect(Collectors.joining("\n"));
    }

    private static List<String> releases(String app) {
        return client.get("/apps/" + app + "/dynos")
                .json()
                .valueStream()
                .map(dyno ->
                        "v"
                                + dyno.get("release").get("version").asInt()
                                + " "
                                + dyno.get("state").asString())
                .toList();
    }
}
