package dev.paddock.server;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The API of a running platform, as its operator's commands call it.
public final class OperatorApi {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int FIRST_ERROR = 400;

    private final OperatorFile operator;

    public OperatorApi(OperatorFile operator) {
        this.operator = operator;
    }

    public JsonNode get(String path) {
        return send("GET", path, HttpRequest.BodyPublishers.noBody());
    }

    public JsonNode post(String path, Map<String, String> fields) {
        String json = JsonMapper.shared().writeValueAsString(fields);
        return send("POST", path, HttpRequest.BodyPublishers.ofString(json));
    }

    /// A part of a path.
    public static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private JsonNode send(String method, String path, HttpRequest.BodyPublisher body) {
        URI url = URI.create("http://localhost:" + operator.apiPort() + path);
        HttpRequest request =
                HttpRequest.newBuilder(url)
                        .header("Accept", "application/vnd.heroku+json; version=3")
                        .header("Content-Type", "application/json")
                        .header("Authorization", "Bearer " + operator.key())
                        .timeout(PATIENCE)
                        .method(method, body)
                        .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            JsonNode json = JsonMapper.shared().readTree(answer.body());
            if (answer.statusCode() >= FIRST_ERROR) {
                throw new UserError(
                        json.path("id").asString("unavailable"),
                        json.path("message").asString(answer.body()));
            }
            return json;
        } catch (IOException e) {
            throw new UserError(
                    "unavailable",
                    "Could not reach the platform at port %d (%s). Does it run? Start it with `paddock up`."
                            .formatted(operator.apiPort(), e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserError("unavailable", "Interrupted while asking the platform.");
        }
    }
}
