package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A program of one user that acts for another, over HTTP.
class OAuthTest {
    @TempDir static Path directory;
    private static TestPlatform platform;
    private static ApiClient maker;
    private static ApiClient user;
    private static ApiClient nobody;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        maker = platform.client();
        user = platform.clientOf("user@example.com");
        nobody = maker.without("Authorization");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    private static ApiClient.Reply newClient() {
        return maker.post(
                "/oauth/clients",
                "{\"name\":\"robot\",\"redirect_uri\":\"https://example.com/back\"}");
    }

    private static ApiClient.Reply granted(ApiClient.Reply client, String scope) {
        return user.post(
                "/oauth/authorizations",
                "{\"client\":\"%s\",\"scope\":[\"%s\"]}".formatted(client.text("id"), scope));
    }

    private static ApiClient.Reply exchange(String code, String secret) {
        return nobody.post(
                "/oauth/tokens",
                "{\"grant\":{\"type\":\"authorization_code\",\"code\":\"%s\"},\"client\":{\"secret\":\"%s\"}}"
                        .formatted(code, secret));
    }

    private static ApiClient.Reply refresh(String token, String secret) {
        return nobody.post(
                "/oauth/tokens",
                "{\"grant\":{\"type\":\"refresh_token\"},\"refresh_token\":{\"token\":\"%s\"},\"client\":{\"secret\":\"%s\"}}"
                        .formatted(token, secret));
    }

    private static ApiClient with(String token) {
        return nobody.with("Authorization", "Bearer " + token);
    }

    @Test
    void aClientActsForItsUserWithinTheScope() {
        ApiClient.Reply client = newClient();

        ApiClient.Reply granted = granted(client, "read");
        assertThat(granted.status()).isEqualTo(201);
        assertThat(granted.json().get("access_token").isNull()).isTrue();
        assertThat(granted.text("client.name")).isEqualTo("robot");
        ApiClient.Reply tokens = exchange(granted.text("grant.code"), client.text("secret"));

        assertThat(tokens.status()).isEqualTo(201);
        ApiClient robot = with(tokens.text("access_token.token"));
        assertThat(robot.get("/account").text("email")).isEqualTo("user@example.com");
        assertThat(robot.post("/apps", "{}").errorId()).isEqualTo("forbidden");
        assertThat(robot.get("/oauth/authorizations").errorId()).isEqualTo("forbidden");
    }

    @Test
    void aCodeIsWorthATokenOnce() {
        ApiClient.Reply client = newClient();
        String code = granted(client, "read").text("grant.code");
        String secret = client.text("secret");
        assertThat(exchange(code, newClient().text("secret")).errorId()).isEqualTo("unauthorized");
        assertThat(with(code).get("/account").status()).isEqualTo(401);

        assertThat(exchange(code, secret).status()).isEqualTo(201);

        assertThat(exchange(code, secret).errorId()).isEqualTo("unauthorized");
    }

    @Test
    void aRefreshTokenMakesAnotherToken() {
        ApiClient.Reply client = newClient();
        ApiClient.Reply first =
                exchange(granted(client, "read").text("grant.code"), client.text("secret"));
        String refresh = first.text("refresh_token.token");
        ApiClient before = with(first.text("access_token.token"));
        assertThat(before.get("/account").status()).isEqualTo(200);
        assertThat(with(refresh).get("/account").status()).isEqualTo(401);

        ApiClient.Reply second = refresh(refresh, client.text("secret"));

        assertThat(with(second.text("access_token.token")).get("/account").status()).isEqualTo(200);
        assertThat(before.get("/account").status()).isEqualTo(401);
        assertThat(refresh(refresh, "wrong").errorId()).isEqualTo("unauthorized");
    }

    @Test
    void whatIsTakenBackOpensNothing() {
        ApiClient.Reply client = newClient();
        String secret = client.text("secret");
        ApiClient.Reply tokens = exchange(granted(client, "read").text("grant.code"), secret);
        ApiClient robot = with(tokens.text("access_token.token"));
        assertThat(maker.delete("/oauth/tokens/" + tokens.text("id")).text("resource"))
                .isEqualTo("token");

        assertThat(user.delete("/oauth/tokens/" + tokens.text("id")).status()).isEqualTo(200);
        assertThat(robot.get("/account").status()).isEqualTo(401);
        String again =
                refresh(tokens.text("refresh_token.token"), secret).text("access_token.token");
        assertThat(with(again).get("/account").status()).isEqualTo(200);

        assertThat(maker.delete("/oauth/clients/" + client.text("id")).status()).isEqualTo(200);
        assertThat(with(again).get("/account").status()).isEqualTo(401);
        assertThat(refresh(tokens.text("refresh_token.token"), secret).status()).isEqualTo(401);
    }

    @Test
    void anotherSecretEndsTheOneBefore() {
        ApiClient.Reply client = newClient();
        String path = "/oauth/clients/" + client.text("id");
        String code = granted(client, "read").text("grant.code");

        ApiClient.Reply rotated = maker.post(path + "/actions/rotate-credentials", "");

        assertThat(exchange(code, client.text("secret")).status()).isEqualTo(401);
        assertThat(exchange(code, rotated.text("secret")).status()).isEqualTo(201);
        assertThat(user.get(path).text("resource")).isEqualTo("client");
    }

    @Test
    void exchangesAndRefusedTriesLeaveALine() throws Exception {
        ApiClient.Reply client = newClient();
        String code = granted(client, "read").text("grant.code");

        ApiClient.Reply tokens = exchange(code, client.text("secret"));
        assertThat(exchange(code, client.text("secret")).status()).isEqualTo(401);

        assertThat(Files.readString(directory.resolve("audit/audit.log")))
                .containsPattern(
                        "user=user@example.com key=%s request=[0-9a-f-]{36} POST /oauth/tokens 201\n"
                                .formatted(tokens.text("id")))
                .containsPattern(
                        "user=- key=- request=[0-9a-f-]{36} POST /oauth/tokens 401 from 127.0.0.1\n")
                .doesNotContain(code, client.text("secret"), tokens.text("access_token.token"));
    }

    @Test
    void guessingEndsBeforeItBegins() {
        try (TestPlatform other = new TestPlatform(directory.resolve("other"))) {
            ApiClient guesser = other.client().without("Authorization");
            String guess =
                    "{\"grant\":{\"type\":\"authorization_code\",\"code\":\"x\"},\"client\":{\"secret\":\"x\"}}";
            for (int i = 0; i < TokenExchange.FAILED_PER_HOUR; i++) {
                assertThat(guesser.post("/oauth/tokens", "{}").status()).isEqualTo(422);
                assertThat(guesser.post("/oauth/tokens", guess).status()).isEqualTo(401);
            }

            ApiClient.Reply refused = guesser.post("/oauth/tokens", guess);

            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.errorId()).isEqualTo("rate_limit");
            assertThat(other.client().get("/account").status()).isEqualTo(200);
        }
    }

    @Test
    void clientsThatCannotBeTrustedAreRefused() {
        for (String body :
                new String[] {
                    "{}",
                    "{\"name\":\"x\"}",
                    "{\"name\":\"\",\"redirect_uri\":\"https://example.com\"}",
                    "{\"name\":\"x\",\"redirect_uri\":\"http://example.com\"}",
                    "{\"name\":\"x\",\"redirect_uri\":\"javascript:alert(1)\"}",
                    "{\"name\":\"x\",\"redirect_uri\":\"https://example.com/#a\"}",
                    "{\"name\":\"x\",\"redirect_uri\":\"https://a@example.com/\"}",
                    "{\"name\":\"x\",\"redirect_uri\":\"https://exa mple.com/\"}"
                }) {
            assertThat(maker.post("/oauth/clients", body).errorId())
                    .as(body)
                    .isEqualTo("invalid_params");
        }
        assertThat(
                        maker.post(
                                        "/oauth/clients",
                                        "{\"name\":\"x\",\"redirect_uri\":\"http://localhost:3000/back\"}")
                                .status())
                .isEqualTo(201);
        assertThat(user.post("/oauth/authorizations", "{\"client\":\"nosuch\"}").text("resource"))
                .isEqualTo("client");
        assertThat(nobody.post("/oauth/tokens", "{}").errorId()).isEqualTo("invalid_params");
    }
}
