package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Webhooks over HTTP, up to a receiver that is really posted to.
class WebhookTest {
    @TempDir static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;
    private static HttpServer receiver;
    private static final List<Got> GOT = new CopyOnWriteArrayList<>();
    private static final AtomicInteger ANSWER = new AtomicInteger(200);

    private record Got(String path, String signature, String authorization, String body) {}

    @BeforeAll
    static void start() throws IOException {
        platform = new TestPlatform(directory);
        client = platform.client();
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext(
                "/",
                exchange -> {
                    var headers = exchange.getRequestHeaders();
                    GOT.add(
                            new Got(
                                    exchange.getRequestURI().getPath(),
                                    headers.getFirst("Heroku-Webhook-Hmac-SHA256"),
                                    String.valueOf(headers.getFirst("Authorization")),
                                    new String(
                                            exchange.getRequestBody().readAllBytes(),
                                            StandardCharsets.UTF_8)));
                    exchange.sendResponseHeaders(ANSWER.get(), -1);
                    exchange.close();
                });
        receiver.start();
    }

    @AfterAll
    static void stop() {
        receiver.stop(0);
        platform.close();
    }

    private static ApiClient.Reply add(String app, String include, String level) {
        return client.post(
                "/apps/" + app + "/webhooks",
                "{\"url\":\"http://127.0.0.1:%d/%s\",\"include\":[\"%s\"],\"level\":\"%s\",\"secret\":\"shhh\",\"authorization\":\"Bearer x\"}"
                        .formatted(receiver.getAddress().getPort(), app, include, level));
    }

    private static List<Got> got(String app) {
        return GOT.stream().filter(got -> got.path().equals("/" + app)).toList();
    }

    private static JsonNode body(Got got) {
        return JsonMapper.shared().readTree(got.body());
    }

    @Test
    void releaseIsPostedSigned() throws Exception {
        platform.app("signed");
        var added = add("signed", "api:release", "notify");

        client.patch("/apps/signed/config-vars", "{\"A\":\"1\"}");

        assertThat(added.status()).isEqualTo(201);
        assertThat(added.header("Heroku-Webhook-Secret")).isEqualTo("shhh");
        assertThat(added.http().body()).doesNotContain("shhh");
        await().until(() -> !got("signed").isEmpty());
        Got first = got("signed").getFirst();
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("shhh".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertThat(first.signature())
                .isEqualTo(
                        Base64.getEncoder()
                                .encodeToString(
                                        mac.doFinal(
                                                first.body().getBytes(StandardCharsets.UTF_8))));
        assertThat(first.authorization()).isEqualTo("Bearer x");
        assertThat(body(first).at("/resource").asString()).isEqualTo("release");
        assertThat(body(first).at("/action").asString()).isEqualTo("create");
        assertThat(body(first).at("/data/version").asInt()).isEqualTo(2);
        assertThat(body(first).at("/actor/email").asString()).isEqualTo("owner@example.com");
    }

    @Test
    void deliveryAndItsEventAreListed() {
        platform.app("listed");
        add("listed", "api:collaborator", "sync");

        client.post("/apps/listed/collaborators", "{\"user\":\"guest@example.com\"}");
        await().until(() ->
                client.get(
                                        "/apps/listed/webhook-deliveries?eq[status]=succeeded"
                                                .replace("[", "%5B")
                                                .replace("]", "%5D"))
                                .json()
                                .size()
                        == 1);

        var delivery = client.get("/apps/listed/webhook-deliveries").json().get(0);
        assertThat(delivery.at("/last_attempt/code").asInt()).isEqualTo(200);
        assertThat(delivery.at("/num_attempts").asInt()).isEqualTo(1);
        String event = delivery.at("/event/id").asString();
        var shown = client.get("/apps/listed/webhook-events/" + event);
        assertThat(shown.text("payload.data.user.email")).isEqualTo("guest@example.com");
        assertThat(shown.text("payload.resource")).isEqualTo("collaborator");
    }

    @Test
    void dynosTellOfTheirStates() {
        platform.deployed("moving", Map.of("web", "serve"));
        add("moving", "api:dyno", "notify");

        client.patch("/apps/moving/formation", "{\"updates\":[{\"type\":\"web\",\"quantity\":2}]}");

        await().until(() ->
                got("moving").stream()
                        .anyMatch(got -> body(got).at("/data/name").asString("").equals("web.2")));
    }

    @Test
    void receiverThatAnswersAnErrorIsToldAgain() {
        platform.app("again");
        add("again", "api:app", "sync");
        ANSWER.set(500);
        try {
            client.patch("/apps/again", "{\"maintenance\":true}");
            await().until(() ->
                    client.get("/apps/again/webhook-deliveries")
                            .text("0.status")
                            .equals("retrying"));
        } finally {
            ANSWER.set(200);
        }

        assertThat(client.get("/apps/again/webhook-deliveries").text("0.next_attempt_at"))
                .isNotEmpty();
    }

    @Test
    void webhookIsChangedAndRemoved() {
        platform.app("changed");
        String path = "/apps/changed/webhooks/" + add("changed", "api:app", "sync").text("id");

        var changed =
                client.patch(path, "{\"include\":[\"api:build\",\"dyno\"],\"level\":\"notify\"}");

        assertThat(changed.text("include.0")).isEqualTo("api:build");
        assertThat(changed.text("include.1")).isEqualTo("api:dyno");
        assertThat(changed.header("Heroku-Webhook-Secret")).isEmpty();
        assertThat(client.delete(path).status()).isEqualTo(200);
        assertThat(client.get("/apps/changed/webhooks").http().body()).isEqualTo("[]");
        assertThat(client.get(path).text("resource")).isEqualTo("app_webhook");
    }

    @Test
    void nonsenseIsRefused() {
        platform.app("refused");
        for (String body :
                new String[] {
                    "{}",
                    "{\"url\":\"http://10.0.0.1/\",\"include\":[\"api:app\"],\"level\":\"sync\"}",
                    "{\"url\":\"http://127.0.0.1/\",\"include\":[],\"level\":\"sync\"}",
                    "{\"url\":\"http://127.0.0.1/\",\"include\":[\"api:x\"],\"level\":\"sync\"}",
                    "{\"url\":\"http://127.0.0.1/\",\"include\":[\"api:app\"],\"level\":\"loud\"}",
                }) {
            assertThat(client.post("/apps/refused/webhooks", body).errorId())
                    .as(body)
                    .isIn("invalid_params", "forbidden");
        }
        assertThat(client.get("/apps/refused/webhooks").http().body()).isEqualTo("[]");
    }
}
