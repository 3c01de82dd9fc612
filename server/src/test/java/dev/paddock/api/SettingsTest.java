package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.AppRoute.Balance;
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

/// Settings that Heroku has no command for, from the API to the routers' table.
class SettingsTest {
    /// From the API's answer to the table.
    private static final Duration SOON = Duration.ofSeconds(20);

    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;
    private static TableReader router;

    @BeforeAll
    static void start() throws Exception {
        platform = new TestPlatform(directory);
        client = platform.client();
        router = new TableReader(platform.listenForRouters());
    }

    @AfterAll
    static void stop() throws Exception {
        router.close();
        platform.close();
    }

    @Test
    void settingsReachTheTableInOneReleaseAndRestartNoDyno() {
        platform.deployed("shop", Map.of("web", "serve"));
        List<DynoId> dynos = scaledToTwo("shop");
        String path = "/apps/shop/config-vars";

        var reply =
                client.patch(
                        path,
                        """
                        {"PADDOCK_BALANCE":"round-robin","PADDOCK_MAX_IN_FLIGHT":"7",
                         "PADDOCK_MAX_BACKLOG":"0","PADDOCK_FIRST_BYTE_SECONDS":"45"}
                        """);

        assertThat(reply.status()).isEqualTo(200);
        AppRoute route = router.await("shop", SOON, app -> app.maxBacklog().isPresent());
        assertThat(route.balance()).isEqualTo(Balance.ROUND_ROBIN);
        assertThat(route.maxInFlightPerDyno()).hasValue(7);
        assertThat(route.maxBacklog()).hasValue(0);
        assertThat(route.firstByteMs()).hasValue(45_000);
        assertThat(client.get("/apps/shop/releases").json()).hasSize(3);
        assertThat(client.get("/apps/shop/releases/3").text("description"))
                .startsWith("Set PADDOCK_BALANCE, PADDOCK_FIRST_BYTE_SECONDS,");

        // What restarts dynos comes after it, so that what did not would have been seen.
        client.patch(path, "{\"PADDOCK_BALANCE\":null,\"PADDOCK_MAX_BACKLOG\":null}");
        AppRoute back = router.await("shop", SOON, app -> app.maxBacklog().isEmpty());
        assertThat(back.balance()).isEqualTo(Balance.LEAST);
        assertThat(back.maxInFlightPerDyno()).hasValue(7);
        assertThat(ids("shop")).containsExactlyInAnyOrderElementsOf(dynos);

        client.patch(path, "{\"GREETING\":\"hello\"}");
        await().atMost(LONG)
                .untilAsserted(() ->
                        assertThat(ids("shop")).hasSize(2).doesNotContainAnyElementsOf(dynos));
        assertThat(running("shop"))
                .allSatisfy(dyno ->
                        assertThat(dyno.environment())
                                .containsEntry("GREETING", "hello")
                                .allSatisfy((name, _) ->
                                        assertThat(name).doesNotStartWith("PADDOCK_")));
    }

    @Test
    void settingsAreNotGivenToOneOffs() {
        platform.deployed("tools", Map.of("web", "serve"));
        client.patch(
                "/apps/tools/config-vars", "{\"PADDOCK_MAX_IN_FLIGHT\":\"1\",\"MODE\":\"fast\"}");

        assertThat(client.post("/apps/tools/dynos", "{\"command\":\"env\"}").status())
                .isEqualTo(201);

        await().atMost(LONG)
                .untilAsserted(() ->
                        assertThat(running("tools"))
                                .filteredOn(dyno -> dyno.command().equals("env"))
                                .singleElement()
                                .satisfies(dyno ->
                                        assertThat(dyno.environment())
                                                .containsEntry("MODE", "fast")
                                                .doesNotContainKey("PADDOCK_MAX_IN_FLIGHT")));
    }

    @Test
    void affinityIsAFeatureAndRestartsNoDyno() {
        platform.deployed("sticky", Map.of("web", "serve"));
        List<DynoId> dynos = scaledToTwo("sticky");
        String path = "/apps/sticky/features/http-session-affinity";

        assertThat(client.patch(path, "{\"enabled\":true}").status()).isEqualTo(200);
        router.await("sticky", SOON, AppRoute::affinity);
        assertThat(client.patch(path, "{\"enabled\":false}").status()).isEqualTo(200);
        router.await("sticky", SOON, app -> !app.affinity());

        assertThat(ids("sticky")).containsExactlyInAnyOrderElementsOf(dynos);
    }

    @Test
    void dynosThatStartAfterTheFeatureIsOnKnowTheirAppAndRelease() {
        platform.deployed("knowing", Map.of("web", "serve"));
        List<DynoId> before = scaledToTwo("knowing");

        client.patch("/apps/knowing/features/runtime-dyno-metadata", "{\"enabled\":true}");

        assertThat(ids("knowing")).containsExactlyInAnyOrderElementsOf(before);
        client.post("/apps/knowing/dynos", "{\"command\":\"env\"}");
        client.patch("/apps/knowing/formation/web", "{\"quantity\":3}");
        await().atMost(LONG)
                .untilAsserted(() ->
                        assertThat(running("knowing"))
                                .filteredOn(dyno -> !before.contains(dyno.id()))
                                .hasSize(2)
                                .allSatisfy(dyno ->
                                        assertThat(dyno.environment())
                                                .containsEntry("HEROKU_APP_NAME", "knowing")
                                                .containsEntry("HEROKU_RELEASE_VERSION", "v2")
                                                .containsEntry("HEROKU_SLUG_COMMIT", "193d141")));
        assertThat(running("knowing"))
                .filteredOn(dyno -> before.contains(dyno.id()))
                .hasSize(2)
                .allSatisfy(dyno ->
                        assertThat(dyno.environment()).doesNotContainKey("HEROKU_APP_NAME"));
    }

    @Test
    void maintenanceAndPagesReachTheTableAndRestartNoDyno() {
        platform.deployed("closed", Map.of("web", "serve"));
        List<DynoId> dynos = scaledToTwo("closed");

        assertThat(client.patch("/apps/closed", "{\"maintenance\":true}").status()).isEqualTo(200);
        router.await("closed", SOON, AppRoute::maintenance);
        assertThat(ids("closed")).containsExactlyInAnyOrderElementsOf(dynos);
        assertThat(client.patch("/apps/closed", "{\"maintenance\":false}").status()).isEqualTo(200);
        router.await("closed", SOON, app -> !app.maintenance());
        assertThat(ids("closed")).containsExactlyInAnyOrderElementsOf(dynos);

        client.patch(
                "/apps/closed/config-vars",
                """
                {"MAINTENANCE_PAGE_URL":"https://pages.test/m","ERROR_PAGE_URL":"https://pages.test/e"}
                """);
        AppRoute route = router.await("closed", SOON, app -> app.errorPage().isPresent());
        assertThat(route.errorPage()).contains("https://pages.test/e");
        assertThat(route.maintenancePage()).contains("https://pages.test/m");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PADDOCK_BALANCE | fair | one of least, p2c, random, round-robin",
                "PADDOCK_BALANCE | LEAST | one of least, p2c, random, round-robin",
                "PADDOCK_MAX_IN_FLIGHT | 0 | a whole number from 1 to 100000",
                "PADDOCK_MAX_IN_FLIGHT | ten | a whole number from 1 to 100000",
                "PADDOCK_MAX_BACKLOG | -1 | a whole number from 0 to 100000",
                "PADDOCK_MAX_BACKLOG | 1.5 | a whole number from 0 to 100000",
                "PADDOCK_FIRST_BYTE_SECONDS | 99999999999 | a whole number from 1 to 3600",
                "PADDOCK_FIRST_BYTE_SECONDS | ٣ | a whole number from 1 to 3600",
                "PADDOCK_BOOT_SECONDS | 181 | a whole number from 1 to 180",
                "PADDOCK_BALANCES | least | PADDOCK_BALANCE, PADDOCK_MAX_IN_FLIGHT,",
                "PADDOCK_ | 1 | There is no setting PADDOCK_;"
            })
    void unknownNamesAndBadValuesAreRefusedAndChangeNothing(
            String name, String value, String message) {
        String app = "refusing";
        if (client.get("/apps/" + app).status() == 404) {
            platform.deployed(app, Map.of("web", "serve"));
        }

        var reply =
                client.patch(
                        "/apps/" + app + "/config-vars",
                        "{\"GOOD\":\"1\",\"%s\":\"%s\"}".formatted(name, value));

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.errorId()).isEqualTo("invalid_params");
        assertThat(reply.message()).contains(name).contains(message);
        assertThat(client.get("/apps/" + app + "/config-vars").json()).isEmpty();
        assertThat(client.get("/apps/" + app + "/releases").json()).hasSize(2);
    }

    private static List<DynoId> scaledToTwo(String app) {
        client.patch("/apps/" + app + "/formation/web", "{\"quantity\":2}");
        await().atMost(LONG).until(() -> ids(app).size() == 2);
        return ids(app);
    }

    private static List<DynoId> ids(String app) {
        return running(app).stream().map(DynoSpec::id).toList();
    }

    private static List<DynoSpec> running(String app) {
        var id = platform.apps.get(platform.owner, app).id();
        return platform.engine.running().stream().filter(dyno -> dyno.app().equals(id)).toList();
    }
}
