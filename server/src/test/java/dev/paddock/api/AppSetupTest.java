package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.EngineDyno;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Apps set up from an `app.json`, as a client of the API sees it; the test plays their dynos.
class AppSetupTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int BLOCK = 512;

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
    void whatTheManifestAsksForIsSetUp() throws Exception {
        var begun =
                setUp(
                        "whole",
                        """
                        {"name":"Sample","env":{"GREETING":"hello","SECRET":{"generator":"secret"},
                          "GIVEN":{"description":"from the user"},"EXTRA":{"required":false}},
                         "formation":{"web":{"quantity":2,"size":"standard-2x"}},
                         "buildpacks":[{"url":"heroku/nodejs"}],
                         "scripts":{"postdeploy":"bin/seed"},"success_url":"/welcome"}
                        """,
                        ",\"overrides\":{\"env\":{\"GIVEN\":\"x\"}}");
        assertThat(begun.status()).as(begun.http().body()).isEqualTo(202);
        assertThat(begun.text("status")).isEqualTo("pending");
        assertThat(begun.text("app.name")).isEqualTo("whole");

        finishBuild("whole");
        finishScript("whole", 0);

        var done = ended(begun);
        assertThat(done.text("status")).as(done.http().body()).isEqualTo("succeeded");
        assertThat(done.text("build.status")).isEqualTo("succeeded");
        assertThat(done.text("postdeploy.output")).isEqualTo("seeded\n");
        assertThat(done.json().at("/postdeploy/exit_code").intValue()).isZero();
        assertThat(done.text("resolved_success_url"))
                .isEqualTo("http://whole.apps.test:8080/welcome");
        var config = client.get("/apps/whole/config-vars");
        assertThat(config.text("GREETING")).isEqualTo("hello");
        assertThat(config.text("GIVEN")).isEqualTo("x");
        assertThat(config.text("SECRET")).matches("[0-9a-f]{64}");
        assertThat(config.json().has("EXTRA")).isFalse();
        assertThat(client.get("/apps/whole/formation/web").text("quantity")).isEqualTo("2");
        assertThat(client.get("/apps/whole/formation/web").text("size")).isEqualTo("Standard-2X");
        assertThat(client.get("/apps/whole/buildpack-installations").http().body())
                .contains("heroku/nodejs");
        assertThat(
                        platform.clientOf("other@example.com")
                                .get("/app-setups/" + begun.text("id"))
                                .text("resource"))
                .isEqualTo("app_setup");
    }

    @Test
    void aScriptThatFailsLeavesTheAppToLookAt() throws Exception {
        var begun = setUp("scripted", "{\"scripts\":{\"postdeploy\":\"bin/seed\"}}", "");
        finishBuild("scripted");
        finishScript("scripted", 3);

        var done = ended(begun);

        assertThat(done.text("status")).isEqualTo("failed");
        assertThat(done.text("failure_message")).contains("status 3");
        assertThat(done.json().at("/postdeploy/exit_code").intValue()).isEqualTo(3);
        assertThat(client.get("/apps/scripted").status()).isEqualTo(200);
    }

    @Test
    void whatCannotBeHadLeavesNothing() throws Exception {
        for (String manifest :
                new String[] {
                    "{\"addons\":[\"heroku-postgresql:mini\"]}",
                    "{\"env\":{\"NEEDED\":{\"description\":\"give it\"}}}",
                    "{\"stack\":\"heroku-24\"}",
                    "{\"formation\":{\"web\":{\"size\":\"colossal\"}}}",
                    "{\"env\":[]}",
                    "not JSON"
                }) {
            var done = ended(setUp("refused", manifest, ""));

            assertThat(done.text("status")).as(manifest).isEqualTo("failed");
            assertThat(done.text("failure_message")).isNotBlank();
            assertThat(done.json().get("build").isNull()).isTrue();
            assertThat(client.get("/apps/refused").status()).as(manifest).isEqualTo(404);
        }
        assertThat(
                        ended(setUp("refused", "{\"addons\":[{\"plan\":\"db:x\"}]}", ""))
                                .text("failure_message"))
                .contains("Couldn't find either the add-on service or the add-on plan of \"db:x\"");
        assertThat(ended(setUp("refused", "{\"env\":{\"A\":5}}", "")).json().get("manifest_errors"))
                .hasSize(1);
    }

    @Test
    void aNameThatIsTakenIsRefusedAtOnce() throws Exception {
        platform.app("taken");

        assertThat(setUp("taken", "{}", "").errorId()).isEqualTo("invalid_params");
        assertThat(client.post("/app-setups", "{}").errorId()).isEqualTo("invalid_params");
        assertThat(client.get("/app-setups/nosuch").text("resource")).isEqualTo("app_setup");
    }

    private static ApiClient.Reply setUp(String name, String manifest, String more)
            throws IOException {
        var source = client.post("/sources", "");
        String put = source.text("source_blob.put_url").replace(platform.server.url(), "");
        client.send("PUT", put, archive(manifest));
        return client.post(
                "/app-setups",
                "{\"app\":{\"name\":\"%s\"},\"source_blob\":{\"url\":\"%s\"}%s}"
                        .formatted(name, source.text("source_blob.get_url"), more));
    }

    private static ApiClient.Reply ended(ApiClient.Reply begun) {
        String path = "/app-setups/" + begun.text("id");
        return await().atMost(LIMIT)
                .until(() -> client.get(path), reply -> !reply.text("status").equals("pending"));
    }

    private static void finishBuild(String app) throws IOException {
        EngineDyno dyno = dyno(app, DynoKind.BUILD);
        Path out =
                dyno.spec().mounts().stream()
                        .filter(mount -> mount.target().endsWith("/out"))
                        .findFirst()
                        .orElseThrow()
                        .source();
        Files.writeString(out.resolve("slug.tgz"), "bytes");
        Files.writeString(out.resolve("procfile"), "web: serve\n");
        platform.engine.exit(dyno.spec().id(), 0);
    }

    private static void finishScript(String app, int status) {
        EngineDyno dyno = dyno(app, DynoKind.RELEASE);
        assertThat(dyno.spec().command()).isEqualTo("bin/seed");
        assertThat(dyno.spec().name().toString()).startsWith("postdeploy.");
        platform.engine.print(dyno.spec().id(), "seeded");
        platform.engine.exit(dyno.spec().id(), status);
    }

    private static EngineDyno dyno(String app, DynoKind kind) {
        String id = client.get("/apps/" + app).text("id");
        return await().atMost(LIMIT)
                .until(
                        () ->
                                platform.engine.list().stream()
                                        .filter(it -> it.spec().app().toString().equals(id))
                                        .filter(it -> it.spec().kind() == kind)
                                        .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    /// As archives of repositories are: all in one directory.
    private static byte[] archive(String manifest) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            entry(zip, "sample-abc/README", "read me");
            entry(zip, "sample-abc/lib/app.json", "nonsense");
            entry(zip, "sample-abc/app.json", manifest);
            zip.write(new byte[2 * BLOCK]);
        }
        return bytes.toByteArray();
    }

    private static void entry(GZIPOutputStream tar, String name, String text) throws IOException {
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 124, "%011o\0".formatted(content.length));
        put(header, 148, "        ");
        put(header, 156, "0");
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte one : header) {
            sum += one & 0xff;
        }
        put(header, 148, "%06o\0 ".formatted(sum));
        tar.write(header);
        tar.write(content);
        tar.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
