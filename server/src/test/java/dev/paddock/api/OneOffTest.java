package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.DynoSpec;
import dev.paddock.dyno.Stdio;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `heroku run`: from the API's answer through the rendezvous port to the dyno and back.
class OneOffTest {
    private static final int LIMIT_MILLIS = 20_000;

    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
        App app = platform.deployed("shop", Map.of("web", "serve"));
        assertThat(app.name().value()).isEqualTo("shop");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void clientIsConnectedToItsDynoUntilThatEnds() throws Exception {
        var reply = client.post("/apps/shop/dynos", "{\"attach\":true,\"command\":\"bash\"}");
        DynoId dyno = DynoId.parse(reply.text("id"));

        try (SSLSocket socket = dial(reply.text("attach_url"))) {
            assertThat(read(socket, "rendezvous\r\n".length())).isEqualTo("rendezvous\r\n");
            socket.getOutputStream().write("ls\n".getBytes(StandardCharsets.US_ASCII));
            await().untilAsserted(() ->
                    assertThat(platform.engine.typed(dyno)).asString().isEqualTo("ls\n"));
            platform.engine.print(dyno, "Procfile");
            assertThat(read(socket, "Procfile".length())).isEqualTo("Procfile");

            platform.engine.exit(dyno, 0);
            assertThat(
                            new String(
                                            socket.getInputStream().readAllBytes(),
                                            StandardCharsets.US_ASCII)
                                    .strip())
                    .isEmpty();
        }
        await().untilAsserted(() ->
                assertThat(client.get("/apps/shop/dynos/" + reply.text("name")).status())
                        .isEqualTo(404));
    }

    @Test
    void dynoOfAClientThatLeavesIsHungUp() throws Exception {
        var reply = client.post("/apps/shop/dynos", "{\"attach\":true,\"command\":\"bash\"}");
        SSLSocket socket = dial(reply.text("attach_url"));
        read(socket, "rendezvous\r\n".length());

        socket.close();

        await().untilAsserted(() ->
                assertThat(client.get("/apps/shop/dynos/" + reply.text("name")).status())
                        .isEqualTo(404));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"COLUMNS\":101,\"LINES\":33} | 33 | 101",
                "{\"COLUMNS\":\"101\",\"LINES\":\"33\"} | 33 | 101",
                "{} | 24 | 80",
                "{\"COLUMNS\":\"x\",\"LINES\":-5} | 24 | 80",
                "{\"COLUMNS\":0,\"LINES\":99999999999} | 24 | 80",
                "{\"COLUMNS\":99999,\"LINES\":1} | 1 | 2000"
            })
    void terminalHasTheSizeOfTheClients(String env, int rows, int columns) {
        var reply =
                client.post(
                        "/apps/shop/dynos",
                        "{\"attach\":true,\"command\":\"top\",\"env\":" + env + "}");

        assertThat(started(reply.text("id")).stdio()).isEqualTo(new Stdio.Terminal(rows, columns));
    }

    @Test
    void pipesAreForThoseWhoWantNoTerminal() {
        var reply =
                client.post(
                        "/apps/shop/dynos",
                        """
                        {"attach":true,"command":"cat","force_no_tty":true,"size":"standard-2x",
                         "env":{"EXTRA":"from flag"}}\
                        """);

        DynoSpec dyno = started(reply.text("id"));
        assertThat(dyno.stdio()).isEqualTo(new Stdio.Pipes());
        assertThat(dyno.size().name()).isEqualTo("Standard-2X");
        assertThat(dyno.environment()).containsEntry("EXTRA", "from flag");
    }

    private static DynoSpec started(String id) {
        return await().until(
                        () ->
                                platform.engine.running().stream()
                                        .filter(spec -> spec.id().toString().equals(id))
                                        .findFirst(),
                        found -> found.isPresent())
                .orElseThrow();
    }

    private static SSLSocket dial(String url) throws Exception {
        URI uri = URI.create(url);
        assertThat(uri.getScheme()).isEqualTo("rendezvous");
        SSLSocket socket =
                (SSLSocket)
                        TrustedClient.context(platform.authority)
                                .getSocketFactory()
                                .createSocket(uri.getHost(), uri.getPort());
        socket.setSoTimeout(LIMIT_MILLIS);
        socket.getOutputStream()
                .write((uri.getPath().substring(1) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String read(SSLSocket socket, int length) throws Exception {
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
    }
}
