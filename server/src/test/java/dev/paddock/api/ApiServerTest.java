package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What holds for every request: the port, the headers, the key, the errors.
class ApiServerTest {
    private static final int LIMIT_MILLIS = 10_000;

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
    void onePortSpeaksPlainHttpAndTls() throws Exception {
        assertThat(client.get("/account").status()).isEqualTo(200);

        for (String host : new String[] {"localhost", "127.0.0.1"}) {
            URI uri = URI.create("https://" + host + ":" + platform.server.port() + "/account");
            try (HttpClient secure =
                    HttpClient.newBuilder()
                            .sslContext(TrustedClient.context(platform.authority))
                            .build()) {
                HttpResponse<String> response =
                        secure.send(
                                HttpRequest.newBuilder(uri)
                                        .header("Authorization", "Bearer " + platform.key)
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(response.statusCode()).isEqualTo(200);
            }
        }
    }

    @Test
    void portInUseIsToldAtStart() {
        var settings =
                new ApiSettings(
                        new InetSocketAddress(
                                InetAddress.getLoopbackAddress(), platform.server.port()),
                        TestPlatform.DOMAIN,
                        TestPlatform.HTTP_PORT,
                        Set.of());

        assertThatThrownBy(() -> HttpPort.bind(settings.bind()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("Cannot listen for the API on")
                .hasMessageContaining("in use");
    }

    @Test
    void keyComesAsBearerOrAsPassword() {
        String pair = "whoever:" + platform.key;
        String basic = Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));

        assertThat(client.with("Authorization", "Basic " + basic).get("/account").status())
                .isEqualTo(200);
        assertThat(client.with("Authorization", "bearer " + platform.key).get("/account").status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Bearer 00000000-dead-beef-0000-000000000000",
                "Bearer",
                "Bearer ",
                "Basic !!!",
                "Basic bm9jb2xvbg==",
                "Digest x",
                "x"
            })
    void withoutAGoodKeyNothingIsTold(String authorization) {
        var reply = client.with("Authorization", authorization).get("/account");

        assertThat(reply.status()).isEqualTo(401);
        assertThat(reply.errorId()).isEqualTo("unauthorized");
        assertThat(reply.message()).isNotBlank();
        assertThat(client.without("Authorization").get("/apps").status()).isEqualTo(401);
    }

    @Test
    void otherVersionsOfTheApiAreNotAcceptable() {
        var reply = client.with("Accept", "application/vnd.heroku+json; version=2").get("/account");

        assertThat(reply.status()).isEqualTo(406);
        assertThat(reply.errorId()).isEqualTo("not_acceptable");
        assertThat(client.without("Accept").get("/account").status()).isEqualTo(200);
    }

    @Test
    void everyAnswerCarriesARequestId() {
        assertThat(
                        client.with("Request-Id", "my-request-4711")
                                .get("/account")
                                .header("Request-Id"))
                .isEqualTo("my-request-4711");
        assertThat(client.with("Request-Id", "x y<script>").get("/nowhere").header("Request-Id"))
                .hasSize(36);
        assertThat(client.get("/account").header("RateLimit-Remaining")).matches("4[0-9]{3}");
        assertThat(client.get("/account").header("Content-Type")).startsWith("application/json");
    }

    @Test
    void unknownPathsAndWrongVerbsAreNotFound() {
        var unknown = client.get("/no/such/thing");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.errorId()).isEqualTo("not_found");
        assertThat(unknown.message()).contains("/no/such/thing");

        var wrong = client.send("PUT", "/account", "{}");
        assertThat(wrong.status()).isEqualTo(404);
        assertThat(wrong.errorId()).isEqualTo("not_found");
        assertThat(wrong.message()).contains("PUT /account", "right verb");
    }

    @Test
    void headHasTheHeadersOfGetAndNoBody() {
        var get = client.get("/account");
        var head = client.send("HEAD", "/account", "");

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.http().body()).isEmpty();
        assertThat(head.header("Content-Length"))
                .isEqualTo(String.valueOf(get.http().body().length()));
        assertThat(client.send("HEAD", "/nowhere", "").status()).isEqualTo(404);
    }

    @Test
    void bodiesOverOneMegabyteAreRefused() {
        var reply = client.patch("/account", "{\"name\":\"" + "x".repeat(1024 * 1024) + "\"}");

        assertThat(reply.status()).isEqualTo(413);
        assertThat(reply.errorId()).isEqualTo("request_entity_too_large");
        assertThat(client.get("/account").text("name")).isEqualTo("Owner");
    }

    @Test
    void chunkedBodiesOverOneMegabyteAreRefusedToo() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream()
                    .write(
                            ascii(
                                    "PATCH /account HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                            + platform.key
                                            + "\r\nTransfer-Encoding: chunked\r\n\r\n"));
            byte[] chunk = ascii("10000\r\n" + " ".repeat(0x10000) + "\r\n");
            for (int i = 0; i < 17; i++) {
                socket.getOutputStream().write(chunk);
            }
            assertThat(statusLine(socket)).contains(" 413 ");
        }
    }

    @Test
    void brokenJsonAndWrongTypesAreTold() {
        var broken = client.patch("/account", "{\"name\": }");
        assertThat(broken.status()).isEqualTo(400);
        assertThat(broken.errorId()).isEqualTo("bad_request");
        assertThat(broken.message()).contains("line 1, column");

        var wrong = client.patch("/account", "{\"name\": 5}");
        assertThat(wrong.status()).isEqualTo(422);
        assertThat(wrong.errorId()).isEqualTo("invalid_params");
        assertThat(wrong.message()).contains("`name`");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"localhost", "localhost:1234", "127.0.0.1:5000", "[::1]:5000", "api.test"})
    void ourHostNamesAreServed(String host) throws IOException {
        assertThat(statusOf("GET /account HTTP/1.1\r\nHost: " + host)).contains(" 401 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"evil.example", "localhost.evil.example", "evil.example:5000", "10.0.0.1"})
    void otherHostNamesAreRefused(String host) throws IOException {
        assertThat(statusOf("GET /account HTTP/1.1\r\nHost: " + host)).contains(" 403 ");
        assertThat(statusOf("GET /shop.git/info/refs HTTP/1.1\r\nHost: " + host)).contains(" 403 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /account HTTP/1.1",
                "GET /account HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
                "NONSENSE",
                "GET /%zz HTTP/1.1\r\nHost: localhost",
                "POST /apps HTTP/1.1\r\nHost: localhost\r\nContent-Length: x"
            })
    void bytesThatAreNoGoodHttpAreBadRequests(String head) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(ascii(head + "\r\nConnection: close\r\n\r\n"));
            String answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith("HTTP/1.1 400 ").doesNotContain("Exception", "\tat ");
            assertThat(answer).contains("\"message\":", "\"id\":\"bad_request\"");
        }
    }

    private static String statusOf(String head) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(ascii(head + "\r\nConnection: close\r\n\r\n"));
            return statusLine(socket);
        }
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), platform.server.port());
        socket.setSoTimeout(LIMIT_MILLIS);
        return socket;
    }

    private static String statusLine(Socket socket) throws IOException {
        byte[] start = socket.getInputStream().readNBytes(30);
        return new String(start, StandardCharsets.US_ASCII);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
