package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pipelines, couplings and promotions over HTTP.
class PipelineTest {
    @TempDir static Path directory;
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

    private static String pipeline(String name) {
        return client.post("/pipelines", "{\"name\":\"" + name + "\"}").text("id");
    }

    private static ApiClient.Reply couple(
            ApiClient who, String pipeline, String app, String stage) {
        return who.post(
                "/pipeline-couplings",
                "{\"app\":\"%s\",\"pipeline\":\"%s\",\"stage\":\"%s\"}"
                        .formatted(app, pipeline, stage));
    }

    private static ApiClient.Reply promote(String pipeline, App from, String... to) {
        String targets =
                Arrays.stream(to)
                        .map("{\"app\":{\"id\":\"%s\"}}"::formatted)
                        .collect(Collectors.joining(","));
        return client.post(
                "/pipeline-promotions",
                "{\"pipeline\":{\"id\":\"%s\"},\"source\":{\"app\":{\"id\":\"%s\"}},\"targets\":[%s]}"
                        .formatted(pipeline, from.id(), targets));
    }

    @Test
    void pipelineIsFoundByNameRenamedAndRemoved() {
        String id = pipeline("first-pipe");

        assertThat(client.get("/pipelines?eq%5Bname%5D=first-pipe").text("0.id")).isEqualTo(id);
        assertThat(client.get("/pipelines?eq%5Bname%5D=first").http().body()).isEqualTo("[]");
        assertThat(client.post("/pipelines", "{\"name\":\"first-pipe\"}").status()).isEqualTo(422);
        assertThat(client.post("/pipelines", "{\"name\":\"No Good\"}").status()).isEqualTo(422);
        assertThat(client.patch("/pipelines/" + id, "{\"name\":\"renamed-pipe\"}").text("name"))
                .isEqualTo("renamed-pipe");
        assertThat(client.delete("/pipelines/" + id).status()).isEqualTo(200);
        assertThat(client.get("/pipelines/" + id).text("resource")).isEqualTo("pipeline");
    }

    @Test
    void appIsInOnePipelineAtOneStage() {
        String one = pipeline("one-pipe");
        String other = pipeline("other-pipe");
        App app = platform.app("coupled");

        var coupled = couple(client, one, "coupled", "development");
        String path = "/pipeline-couplings/" + coupled.text("id");

        assertThat(client.get("/apps/coupled/pipeline-couplings").text("pipeline.name"))
                .isEqualTo("one-pipe");
        assertThat(couple(client, other, "coupled", "staging").status()).isEqualTo(422);
        assertThat(couple(client, other, "coupled", "space").status()).isEqualTo(422);
        assertThat(client.patch(path, "{\"stage\":\"staging\"}").text("stage"))
                .isEqualTo("staging");
        assertThat(client.get("/pipelines/" + one + "/pipeline-couplings").text("0.app.id"))
                .isEqualTo(app.id().toString());
        var filtered =
                client.with("Range", "id ..; max=1000;")
                        .post("/filters/apps", "{\"in\":{\"id\":[\"" + app.id() + "\"]}}");
        assertThat(filtered.text("0.name")).isEqualTo("coupled");
        assertThat(client.delete(path).status()).isEqualTo(200);
        assertThat(client.get("/apps/coupled/pipeline-couplings").text("resource"))
                .isEqualTo("pipeline_coupling");
    }

    @Test
    void promotionReleasesTheSameSlugWithTheTargetsOwnConfig() {
        App staging = platform.deployed("up-staging", Map.of("web", "serve", "worker", "work"));
        platform.app("up-production");
        client.patch("/apps/up-production/config-vars", "{\"WHO\":\"production\"}");
        String pipeline = pipeline("up-pipe");
        couple(client, pipeline, "up-staging", "staging");
        couple(client, pipeline, "up-production", "production");

        var promotion = promote(pipeline, staging, "up-production");
        String targets = "/pipeline-promotions/" + promotion.text("id") + "/promotion-targets";
        await().until(() -> client.get(targets).text("0.status").equals("succeeded"));

        var release =
                client.with("Range", "version ..; max=1, order=desc")
                        .get("/apps/up-production/releases");
        assertThat(release.text("0.description")).startsWith("Promote up-staging v2");
        String sha = slug("up-production", release.text("0.slug.id")).text("checksum");
        assertThat(sha).isEqualTo(slug("up-staging", newestSlug("up-staging")).text("checksum"));
        assertThat(client.get("/apps/up-production/config-vars").text("WHO"))
                .isEqualTo("production");
        assertThat(client.get("/apps/up-production/formation").http().body()).contains("worker");
        assertThat(client.get("/pipeline-promotions/" + promotion.text("id")).text("status"))
                .isEqualTo("completed");

        client.delete("/apps/up-staging");

        String blob = slug("up-production", release.text("0.slug.id")).text("blob.url");
        var bytes =
                client.get(URI.create(blob).getRawPath() + "?" + URI.create(blob).getRawQuery());
        assertThat(bytes.status()).isEqualTo(200);
        assertThat(bytes.http().body()).isEqualTo("bytes");
    }

    private static ApiClient.Reply slug(String app, String id) {
        return client.get("/apps/" + app + "/slugs/" + id);
    }

    private static String newestSlug(String app) {
        return client.with("Range", "version ..; max=1, order=desc")
                .get("/apps/" + app + "/releases")
                .text("0.slug.id");
    }

    @Test
    void onlyCodeThatIsThereGoesToOtherAppsOfThePipeline() {
        App empty = platform.app("empty");
        App full = platform.deployed("full", Map.of("web", "serve"));
        platform.app("outside");
        String pipeline = pipeline("strict-pipe");
        couple(client, pipeline, "empty", "staging");
        couple(client, pipeline, "full", "production");

        assertThat(promote(pipeline, empty, "full").message()).contains("nothing was deployed");
        assertThat(promote(pipeline, full, "outside").message()).contains("not in the pipeline");
        assertThat(promote(pipeline, full, "full").status()).isEqualTo(422);
        assertThat(promote(pipeline, full).status()).isEqualTo(422);
        assertThat(promote(pipeline, full, "nowhere").status()).isEqualTo(404);
    }

    @Test
    void othersSeeOnlyWhatTheyHaveAccessTo() {
        String pipeline = pipeline("shared-pipe");
        platform.app("shared-one");
        platform.app("private-one");
        couple(client, pipeline, "shared-one", "staging");
        couple(client, pipeline, "private-one", "production");
        ApiClient bob = platform.clientOf("pipe-bob@example.com");
        assertThat(bob.get("/pipelines/" + pipeline).status()).isEqualTo(404);

        client.post("/apps/shared-one/collaborators", "{\"user\":\"pipe-bob@example.com\"}");

        assertThat(bob.get("/pipelines/" + pipeline).status()).isEqualTo(200);
        assertThat(bob.get("/pipelines/" + pipeline + "/pipeline-couplings").json()).hasSize(1);
        assertThat(bob.delete("/pipelines/" + pipeline).status()).isEqualTo(403);
        assertThat(couple(bob, pipeline, "private-one", "staging").status()).isEqualTo(404);
    }

    @Test
    void configOfAStageIsKeptForItsOwner() {
        String path = "/pipelines/" + pipeline("config-pipe") + "/stage/review/config-vars";

        assertThat(client.patch(path, "{\"A\":\"1\",\"B\":\"2\"}").text("B")).isEqualTo("2");
        assertThat(client.patch(path, "{\"A\":null}").http().body()).isEqualTo("{\"B\":\"2\"}");
        assertThat(client.get(path).http().body()).isEqualTo("{\"B\":\"2\"}");
        assertThat(client.get(path.replace("review", "nowhere")).status()).isEqualTo(422);
    }

    @Test
    void pipelineGoesToAnotherUserWithItsApps() {
        String pipeline = pipeline("given-pipe");
        platform.app("given-app");
        couple(client, pipeline, "given-app", "staging");
        ApiClient heir = platform.clientOf("pipe-heir@example.com");
        String id = heir.get("/account").text("id");
        String body =
                "{\"pipeline\":{\"id\":\"%s\"},\"new_owner\":{\"id\":\"%s\",\"type\":\"user\"}}"
                        .formatted(pipeline, id);
        assertThat(client.post("/pipeline-transfers", body).status()).isEqualTo(404);
        client.post("/apps/given-app/collaborators", "{\"user\":\"pipe-heir@example.com\"}");

        assertThat(client.get("/users/pipe-heir@example.com").text("id")).isEqualTo(id);
        assertThat(client.post("/pipeline-transfers", body).text("new_owner.id")).isEqualTo(id);

        assertThat(heir.get("/pipelines/" + pipeline).text("owner.id")).isEqualTo(id);
        assertThat(heir.get("/apps/given-app").text("owner.id")).isEqualTo(id);
    }
}
