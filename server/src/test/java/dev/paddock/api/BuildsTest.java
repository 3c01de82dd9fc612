package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.EngineDyno;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sources, builds, slugs and buildpacks as a client of the API sees them; the build dyno is played by the test.
class BuildsTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

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
    void anUploadedSourceIsBuiltAndReleased() throws Exception {
        App app = platform.app("shop");
        var source = client.post("/apps/shop/sources", "");
        byte[] archive = archive();
        assertThat(put(source.text("source_blob.put_url"), archive)).isEqualTo(200);
        String url = source.text("source_blob.get_url");

        var begun =
                client.post(
                        "/apps/shop/builds",
                        """
                        {"source_blob":{"url":"%s","version":"abc123def","checksum":"SHA256:%s"}}
                        """
                                .formatted(url, sha256(archive)));

        assertThat(begun.status()).as(begun.http().body()).isEqualTo(201);
        assertThat(begun.text("status")).isEqualTo("pending");
        finishBuild(app, "web: serve\n");
        String build = "/apps/shop/builds/" + begun.text("id");
        assertThat(body(begun.text("output_stream_url")))
                .contains("-----> Building", "the dyno speaks", "Released v2");
        await().atMost(LIMIT).until(() -> client.get(build).text("status").equals("succeeded"));
        String release = client.get(build).text("release.id");
        assertThat(client.get("/apps/shop/releases/" + release).text("description"))
                .isEqualTo("Deploy abc123de");
        assertThat(client.get(build).text("slug.id"))
                .isEqualTo(client.get("/apps/shop/releases/v2").text("slug.id"));
        assertThat(client.get("/apps/shop/builds").json()).hasSize(1);
        assertThat(body(url)).isNotEmpty();
    }

    @Test
    void aSourceWithAnotherChecksumFailsItsBuild() throws Exception {
        platform.app("checked");
        var source = client.post("/sources", "");
        put(source.text("source_blob.put_url"), archive());

        var begun =
                client.post(
                        "/apps/checked/builds",
                        """
                        {"source_blob":{"url":"%s","checksum":"SHA256:%s"}}
                        """
                                .formatted(source.text("source_blob.get_url"), "0".repeat(64)));

        String build = "/apps/checked/builds/" + begun.text("id");
        await().atMost(LIMIT).until(() -> client.get(build).text("status").equals("failed"));
        assertThat(body(begun.text("output_stream_url"))).contains("its checksum is SHA256:");
        assertThat(client.get("/apps/checked/releases").json()).hasSize(1);
    }

    @Test
    void aBuildCanBeCancelledOnce() throws Exception {
        App app = platform.app("cut");
        var source = client.post("/sources", "");
        put(source.text("source_blob.put_url"), archive());
        var begun =
                client.post(
                        "/apps/cut/builds",
                        "{\"source_blob\":{\"url\":\"%s\"}}"
                                .formatted(source.text("source_blob.get_url")));
        EngineDyno dyno = buildDyno(app);
        assertThat(client.delete("/apps/cut/build-cache").errorId()).isEqualTo("conflict");

        String build = "/apps/cut/builds/" + begun.text("id");
        assertThat(client.delete(build).status()).isEqualTo(200);

        await().atMost(LIMIT)
                .until(() ->
                        platform.engine.list().stream()
                                .noneMatch(it -> it.spec().id().equals(dyno.spec().id())));
        await().atMost(LIMIT).until(() -> client.get(build).text("status").equals("failed"));
        assertThat(body(begun.text("output_stream_url"))).contains("it was cancelled");
        assertThat(client.delete(build).errorId()).isEqualTo("conflict");
        await().atMost(LIMIT).until(() -> client.delete("/apps/cut/build-cache").status() == 202);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{}",
                "{\"source_blob\":{}}",
                "{\"source_blob\":[]}",
                "{\"source_blob\":{\"url\":\"nonsense\"}}",
                "{\"source_blob\":{\"url\":\"file:///etc/passwd\"}}",
                "{\"source_blob\":{\"url\":\"http://127.0.0.1:1/x.tgz\"}}",
                "{\"source_blob\":{\"url\":\"http://[::1]/x.tgz\"}}",
                "{\"source_blob\":{\"url\":\"http://169.254.169.254/\"}}",
                "{\"source_blob\":{\"url\":\"http://1.1.1.1/x\",\"checksum\":\"MD5:x\"}}",
                "{\"source_blob\":{\"url\":\"http://1.1.1.1/x\"},\"buildpacks\":[{}]}",
                "{\"source_blob\":{\"url\":\"http://1.1.1.1/x\"},\"buildpacks\":[{\"url\":\"http://10.0.0.1/b\"}]}"
            })
    void whatCannotBeBuiltIsRefused(String body) {
        if (client.get("/apps/refused").status() == 404) {
            platform.app("refused");
        }

        assertThat(client.post("/apps/refused/builds", body).status()).isEqualTo(422);
        assertThat(client.get("/apps/refused/builds").json()).isEmpty();
    }

    @Test
    void aSourceWithNothingUploadedIsRefused() {
        platform.app("empty");
        String url = client.post("/sources", "").text("source_blob.get_url");

        var answer =
                client.post("/apps/empty/builds", "{\"source_blob\":{\"url\":\"" + url + "\"}}");

        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.message()).contains("Nothing was uploaded");
    }

    @Test
    void uploadsNeedTheSecret() throws Exception {
        String url = client.post("/sources", "").text("source_blob.put_url");

        assertThat(put(url.replaceAll("signature=.", "signature=x"), archive())).isEqualTo(404);
        assertThat(put(url.substring(0, url.indexOf('?')), archive())).isEqualTo(404);
        assertThat(client.get(path(url)).status()).isEqualTo(404);
    }

    @Test
    void aSlugOfOnesOwnIsUploadedAndReleased() throws Exception {
        platform.app("own");
        var slug =
                client.post(
                        "/apps/own/slugs",
                        "{\"process_types\":{\"web\":\"serve\"},\"commit\":\"c0ffee\"}");
        assertThat(slug.status()).as(slug.http().body()).isEqualTo(201);
        assertThat(slug.text("blob.method")).isEqualTo("put");
        String release = "{\"slug\":\"" + slug.text("id") + "\"}";
        assertThat(client.post("/apps/own/releases", release).status()).isEqualTo(422);

        byte[] archive = archive();
        assertThat(put(slug.text("blob.url"), archive)).isEqualTo(200);

        var stored = client.get("/apps/own/slugs/" + slug.text("id"));
        assertThat(stored.text("checksum")).isEqualTo("SHA256:" + sha256(archive));
        assertThat(stored.text("blob.method")).isEqualTo("get");
        assertThat(put(slug.text("blob.url"), archive)).isEqualTo(409);
        var released = client.post("/apps/own/releases", release);
        assertThat(released.status()).isEqualTo(201);
        assertThat(released.text("description")).isEqualTo("Deploy c0ffee");
        assertThat(client.get("/apps/own/formation/web").text("command")).isEqualTo("serve");
    }

    @Test
    void buildpacksKeepTheirOrder() {
        platform.app("packed");
        String path = "/apps/packed/buildpack-installations";
        String both =
                """
                {"updates":[{"buildpack":"https://example.com/b.git"},{"buildpack":"heroku/nodejs"}]}
                """;

        assertThat(client.send("PUT", path, both).status()).isEqualTo(200);

        var listed = client.get(path).json();
        assertThat(listed.get(0).at("/buildpack/url").asString(""))
                .isEqualTo("https://example.com/b.git");
        assertThat(listed.get(1).at("/buildpack/name").asString("")).isEqualTo("heroku/nodejs");
        assertThat(listed.get(1).get("ordinal").intValue()).isEqualTo(1);
        for (String bad :
                new String[] {
                    "{}",
                    "{\"updates\":{}}",
                    "{\"updates\":[{}]}",
                    "{\"updates\":[{\"buildpack\":\"http://10.0.0.1/x.tgz\"}]}",
                    "{\"updates\":[{\"buildpack\":\"heroku/nothing\"}]}",
                    both.replace("heroku/nodejs", "https://example.com/b.git")
                }) {
            assertThat(client.send("PUT", path, bad).status()).as(bad).isEqualTo(422);
        }
        assertThat(client.get(path).json()).hasSize(2);
        assertThat(client.send("PUT", path, "{\"updates\":[]}").json()).isEmpty();
    }

    /// Plays the build dyno: leaves a slug and a Procfile, says something and ends well.
    private static void finishBuild(App app, String procfile) throws IOException {
        EngineDyno dyno = buildDyno(app);
        Path out =
                dyno.spec().mounts().stream()
                        .filter(mount -> mount.target().endsWith("/out"))
                        .findFirst()
                        .orElseThrow()
                        .source();
        Files.writeString(out.resolve("slug.tgz"), "bytes");
        Files.writeString(out.resolve("procfile"), procfile);
        platform.engine.print(dyno.spec().id(), "the dyno speaks");
        platform.engine.exit(dyno.spec().id(), 0);
    }

    private static EngineDyno buildDyno(App app) {
        return await().atMost(LIMIT)
                .until(
                        () ->
                                platform.engine.list().stream()
                                        .filter(it -> it.spec().app().equals(app.id()))
                                        .filter(it -> it.spec().kind() == DynoKind.BUILD)
                                        .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    private static byte[] archive() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            zip.write(new byte[1024]);
        }
        return bytes.toByteArray();
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static String path(String url) {
        return url.replace(platform.server.url(), "");
    }

    private static String body(String url) {
        return client.without("Authorization").get(path(url)).http().body();
    }

    /// As clients upload: without a key and without a content type.
    private static int put(String url, byte[] bytes) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(url))
                            .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes))
                            .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8))
                    .statusCode();
        }
    }
}
