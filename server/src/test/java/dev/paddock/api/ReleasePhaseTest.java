package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import dev.paddock.core.Slug;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.EngineDyno;
import dev.paddock.logs.LogFilter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The release phase as a client of the API sees it.
class ReleasePhaseTest {
    private static final Map<String, String> TYPES = Map.of("web", "serve", "release", "migrate");

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
    void configChangeCountsWhenItsReleaseCommandSucceeded() {
        App app = platform.deployed("shop", TYPES);

        var answer = client.patch("/apps/shop/config-vars", "{\"MODE\":\"new\"}");

        assertThat(answer.text("MODE")).isEqualTo("new");
        assertThat(client.get("/apps/shop/config-vars").text("MODE")).isEqualTo("new");
        EngineDyno dyno = releaseDyno(app);
        assertThat(dyno.spec().command()).isEqualTo("migrate");
        assertThat(dyno.spec().environment()).containsEntry("MODE", "new");
        assertThat(client.get("/apps/shop/dynos/" + dyno.spec().name()).text("type"))
                .isEqualTo("release");
        var pending = client.get("/apps/shop/releases/v3");
        assertThat(pending.text("status")).isEqualTo("pending");
        assertThat(pending.json().get("current").booleanValue()).isFalse();
        assertThat(pending.text("output_stream_url")).isNotEmpty();

        platform.engine.print(dyno.spec().id(), "migrated 7 tables");
        platform.engine.exit(dyno.spec().id(), 0);

        await().until(() ->
                client.get("/apps/shop/releases/v3").json().get("current").booleanValue());
        assertThat(output("shop", "v3")).isEqualTo("migrated 7 tables\n");
        assertThat(log(app))
                .contains("migrated 7 tables", "Release v3 created by user owner@example.com");
    }

    @Test
    void failedReleaseCommandMarksTheReleaseAndCanBeRetried() {
        App app = platform.deployed("store", TYPES);
        client.patch("/apps/store/config-vars", "{\"MODE\":\"bad\"}");

        platform.engine.exit(releaseDyno(app).spec().id(), 3);

        await().until(() -> client.get("/apps/store/releases/v3").text("status").equals("failed"));
        assertThat(client.get("/apps/store/releases/v2").json().get("current").booleanValue())
                .isTrue();
        assertThat(client.get("/apps/store/config-vars").text("MODE")).isEmpty();
        String slug = client.get("/apps/store/releases/v3").text("slug.id");
        var again =
                client.post(
                        "/apps/store/releases",
                        "{\"slug\":\"%s\",\"description\":\"Retry of v3\"}".formatted(slug));
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.text("description")).isEqualTo("Retry of v3");
        platform.engine.exit(releaseDyno(app).spec().id(), 0);
        await().until(() ->
                client.get("/apps/store/releases/v4").text("status").equals("succeeded"));
    }

    @Test
    void aFirstReleaseCommandThatFailedCanBeSeenAndRetried() {
        App app = platform.app("fresh");
        Slug slug = platform.slug(app, TYPES);
        client.post("/apps/fresh/releases", "{\"slug\":\"" + slug.id() + "\"}");

        platform.engine.exit(releaseDyno(app).spec().id(), 1);

        await().until(() -> client.get("/apps/fresh/releases/v2").text("status").equals("failed"));
        var formation = client.get("/apps/fresh/formation").json();
        assertThat(formation).hasSize(1);
        assertThat(formation.get(0).get("type").asString()).isEqualTo("release");
    }

    @Test
    void slugsOfStrangersCannotBeReleased() {
        platform.deployed("mine", Map.of("web", "serve"));
        ApiClient theirs = platform.clientOf("stranger@example.com");
        theirs.post("/apps", "{\"name\":\"theirs\"}");
        String slug = client.get("/apps/mine/releases/v2").text("slug.id");

        var answer = theirs.post("/apps/theirs/releases", "{\"slug\":\"" + slug + "\"}");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text("resource")).isEqualTo("slug");
    }

    @Test
    void whoMayOnlyViewAnAppGetsNoneOfItsCode() {
        platform.deployed("seen", Map.of("web", "serve"));
        ApiClient viewer = platform.clientOf("viewer@example.com");
        client.post("/apps/seen/collaborators", "{\"user\":\"viewer@example.com\"}");
        viewer.post("/apps", "{\"name\":\"viewers\"}");
        String slug = viewer.get("/apps/seen/releases/v2").text("slug.id");
        assertThat(viewer.get("/apps/seen/slugs/" + slug).text("blob.url")).isNotEmpty();

        client.patch(
                "/teams/apps/seen/collaborators/viewer@example.com",
                "{\"permissions\":[\"view\"]}");

        String body = "{\"slug\":\"" + slug + "\"}";
        assertThat(viewer.get("/apps/seen/slugs/" + slug).status()).isEqualTo(403);
        assertThat(viewer.post("/apps/viewers/releases", body).status()).isEqualTo(404);
        assertThat(viewer.post("/apps/seen/releases", body).status()).isEqualTo(403);
        assertThat(
                        viewer.send("PUT", "/apps/seen/buildpack-installations", "{\"updates\":[]}")
                                .status())
                .isEqualTo(403);
        assertThat(viewer.get("/apps/seen/builds").status()).isLessThan(300);
    }

    @Test
    void promotionEndsWithTheReleaseCommandOfItsTarget() {
        App source = platform.deployed("tested", TYPES);
        App target = platform.app("live");
        String pipeline = client.post("/pipelines", "{\"name\":\"phases\"}").text("id");
        couple(pipeline, "tested", "staging");
        couple(pipeline, "live", "production");

        for (int status : new int[] {1, 0}) {
            var promotion =
                    client.post(
                            "/pipeline-promotions",
                            """
                            {"pipeline":{"id":"%s"},"source":{"app":{"id":"%s"}},
                             "targets":[{"app":{"id":"%s"}}]}
                            """
                                    .formatted(pipeline, source.id(), target.id()));
            String path = "/pipeline-promotions/" + promotion.text("id") + "/promotion-targets";
            EngineDyno command = releaseDyno(target);
            var pending = client.get(path);
            assertThat(pending.text("0.status")).isEqualTo("pending");
            assertThat(
                            client.get("/apps/live/releases/" + pending.text("0.release.id"))
                                    .text("output_stream_url"))
                    .isNotEmpty();

            platform.engine.exit(command.spec().id(), status);

            String expected = status == 0 ? "succeeded" : "failed";
            await().until(() -> client.get(path).text("0.status").equals(expected));
        }
        assertThat(client.get("/apps/live/releases/v2").text("status")).isEqualTo("failed");
        assertThat(client.get("/apps/live/releases/v3").text("status")).isEqualTo("succeeded");
    }

    private static void couple(String pipeline, String app, String stage) {
        client.post(
                "/pipeline-couplings",
                "{\"pipeline\":\"%s\",\"app\":\"%s\",\"stage\":\"%s\"}"
                        .formatted(pipeline, app, stage));
    }

    private static String output(String app, String release) {
        String url = client.get("/apps/" + app + "/releases/" + release).text("output_stream_url");
        return client.without("Authorization")
                .get(url.replace(platform.server.url(), ""))
                .http()
                .body();
    }

    private static EngineDyno releaseDyno(App app) {
        return await().until(
                        () ->
                                platform.engine.list().stream()
                                        .filter(dyno -> dyno.spec().app().equals(app.id()))
                                        .filter(dyno -> dyno.spec().kind() == DynoKind.RELEASE)
                                        .filter(dyno -> dyno.exit().isEmpty())
                                        .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    private static Iterable<String> log(App app) {
        return platform.logs.last(app.id(), LogFilter.ALL, 100).stream()
                .map(entry -> entry.line().text())
                .toList();
    }
}
