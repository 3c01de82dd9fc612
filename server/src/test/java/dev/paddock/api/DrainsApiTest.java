package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.paddock.core.App;
import dev.paddock.log.LogLine;
import dev.paddock.log.LogSource;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Log drains through the API, to a real server.
class DrainsApiTest {
    private static final BlockingQueue<String> BODIES = new LinkedBlockingQueue<>();

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;
    private static HttpServer sink;

    @BeforeAll
    static void start() throws Exception {
        platform = new TestPlatform(directory);
        client = platform.client();
        sink = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        sink.createContext(
                "/",
                exchange -> {
                    BODIES.add(
                            new String(
                                    exchange.getRequestBody().readAllBytes(),
                                    StandardCharsets.UTF_8));
                    exchange.sendResponseHeaders(200, -1);
                    exchange.close();
                });
        sink.start();
    }

    @AfterAll
    static void stop() {
        platform.close();
        sink.stop(0);
    }

    private static ApiClient.Reply add(String app, String url) {
        return client.post("/apps/" + app + "/log-drains", "{\"url\":\"" + url + "\"}");
    }

    private static String encoded(String url) {
        return URLEncoder.encode(url, StandardCharsets.UTF_8);
    }

    @Test
    void drainWorksFromItsAddingToItsRemovalByUrl() throws Exception {
        App app = platform.app("shop");
        String url = "http://127.0.0.1:" + sink.getAddress().getPort() + "/in?a=b/c";

        ApiClient.Reply added = add("shop", url);

        assertThat(added.status()).isEqualTo(201);
        assertThat(added.text("url")).isEqualTo(url);
        assertThat(added.text("token")).matches("d\\.[0-9a-f-]{36}");
        assertThat(added.text("app.name")).isEqualTo("shop");
        platform.logs.write(
                LogLine.of(app.id(), platform.clock.instant(), LogSource.APP, "web.1", "hello"));
        assertThat(BODIES.poll(20, TimeUnit.SECONDS)).contains(" host app web.1 - hello\n");
        for (String key : new String[] {encoded(url), added.text("token"), added.text("id")}) {
            assertThat(client.get("/apps/shop/log-drains/" + key).json()).isEqualTo(added.json());
        }
        assertThat(client.get("/apps/shop/log-drains").json()).hasSize(1);

        ApiClient.Reply removed = client.delete("/apps/shop/log-drains/" + encoded(url));
        assertThat(removed.status()).isEqualTo(200);
        assertThat(removed.text("url")).isEqualTo(url);
        assertThat(client.get("/apps/shop/log-drains").json()).isEmpty();
        assertThat(client.delete("/apps/shop/log-drains/" + encoded(url)).text("resource"))
                .isEqualTo("log_drain");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"url\":5}",
                "{\"url\":\"\"}",
                "{\"url\":\"nonsense\"}",
                "{\"url\":\"ftp://logs.test\"}",
                "{\"url\":\"https://10.1.2.3/in\"}"
            })
    void whatIsNoDrainIsRefused(String body) {
        if (client.get("/apps/careful").status() == 404) {
            platform.app("careful");
        }

        ApiClient.Reply reply = client.post("/apps/careful/log-drains", body);

        assertThat(reply.status()).isEqualTo(422);
        assertThat(reply.errorId()).isEqualTo("invalid_params");
        assertThat(client.get("/apps/careful/log-drains").json()).isEmpty();
    }
}
