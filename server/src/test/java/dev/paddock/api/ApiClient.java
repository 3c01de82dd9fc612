package dev.paddock.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Talks to an API server as the CLI does. For tests.
final class ApiClient {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;
    private final Map<String, String> headers;

    ApiClient(String url, String key) {
        this(
                url,
                Map.of(
                        "Authorization",
                        "Bearer " + key,
                        "Accept",
                        "application/vnd.heroku+json; version=3.sdk"));
    }

    private ApiClient(String url, Map<String, String> headers) {
        this.url = url;
        this.headers = headers;
    }

    ApiClient with(String name, String value) {
        Map<String, String> changed = new HashMap<>(headers);
        changed.put(name, value);
        return new ApiClient(url, changed);
    }

    ApiClient without(String name) {
        Map<String, String> changed = new HashMap<>(headers);
        changed.remove(name);
        return new ApiClient(url, changed);
    }

    Reply get(String path) {
        return send("GET", path, "");
    }

    Reply post(String path, String body) {
        return send("POST", path, body);
    }

    Reply patch(String path, String body) {
        return send("PATCH", path, body);
    }

    Reply delete(String path) {
        return send("DELETE", path, "");
    }

    Reply send(String method, String path, String body) {
        return send(method, path, body.getBytes(StandardCharsets.UTF_8));
    }

    Reply send(String method, String path, byte[] body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url + path))
                        .timeout(LIMIT)
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        try {
            HttpResponse<String> response =
                    http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Reply(response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    record Reply(HttpResponse<String> http) {
        int status() {
            return http.statusCode();
        }

        String header(String name) {
            return http.headers().firstValue(name).orElse("");
        }

        JsonNode json() {
            return JsonMapper.shared().readTree(http.body());
        }

        /// A field of the answer as text, by a path like `owner.email`.
        String text(String path) {
            return json().at("/" + path.replace('.', '/')).asString("");
        }

        String errorId() {
            return text("id");
        }

        String message() {
            return text("message");
        }
    }
}
