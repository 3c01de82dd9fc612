package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every published link that changes something is called with what its schema says and with what it does not. No answer
/// is a failure of ours, and every refusal has Heroku's form. `-Dpaddock.fuzz.seeds=N` tries N seeds instead of a few.
class FuzzTest {
    private static final long FIRST_SEED = 20_260_101;
    private static final long USUAL_SEEDS = 2;
    private static final int CALLS_PER_LINK = 12;

    /// Below the limit of a key.
    private static final int CALLS_PER_KEY = 1000;

    private static final int MAX_MESSAGE = 2000;

    /// Refused before the body is read: the connection may be reset while that is on its way.
    private static final Pattern NO_URL = Pattern.compile("%[01][0-9A-F]|%7F");

    @TempDir private static Path directory;
    private static TestPlatform platform;

    private ApiClient client;
    private int calls;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @BeforeEach
    void connect() {
        renew();
    }

    static LongStream seeds() {
        return LongStream.range(0, Long.getLong("paddock.fuzz.seeds", USUAL_SEEDS))
                .map(number -> FIRST_SEED + number);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void nothingThatIsSentBreaksThePlatform(long seed) throws IOException {
        Optional<PublishedLinks> links = PublishedLinks.find();
        assumeTrue(links.isPresent(), "no shared/ beside the repository: no links to call");
        Random random = new Random(seed);
        List<String> problems = new ArrayList<>();

        for (PublishedLinks.Link link : links.get().all()) {
            if (!link.method().equals("GET")) {
                requireShop();
                FuzzedBodies bodies = new FuzzedBodies(links.get(), link, random);
                for (int i = 0; i < CALLS_PER_LINK; i++) {
                    String path = path(link, random);
                    byte[] body = bodies.next();
                    call(link, path, NO_URL.matcher(path).find() ? new byte[0] : body, problems);
                }
            }
        }

        assertThat(problems).isEmpty();
        renew();
        assertThat(client.get("/apps").status()).isEqualTo(200);
    }

    private void call(PublishedLinks.Link link, String path, byte[] body, List<String> problems) {
        if (calls++ % CALLS_PER_KEY == 0) {
            renew();
        }
        ApiClient.Reply reply;
        try {
            reply = client.send(link.method(), path, body);
        } catch (UncheckedIOException e) {
            problems.add(shown(link.method() + " " + path + ": no answer: " + e.getMessage()));
            return;
        }
        if (reply.status() == 401) {
            // It revoked the very key that it used.
            renew();
        }
        problem(reply)
                .ifPresent(problem ->
                        problems.add(
                                "%s %s %s: %d %s"
                                        .formatted(
                                                link.method(),
                                                path,
                                                shown(new String(body, StandardCharsets.UTF_8)),
                                                reply.status(),
                                                problem)));
    }

    private void renew() {
        String key =
                platform.authorizations.issue(platform.owner, "fuzz", Optional.empty()).token();
        client = new ApiClient(platform.server.url(), key);
    }

    private void requireShop() {
        if (client.get("/apps/shop").status() == 404) {
            platform.deployed("shop", Map.of("web", "serve", "worker", "work"));
        }
    }

    private static Optional<String> problem(ApiClient.Reply reply) {
        if (reply.status() >= 500) {
            return Optional.of(reply.http().body());
        }
        if (reply.status() < 400) {
            return Optional.empty();
        }
        JsonNode json;
        try {
            json = JsonMapper.shared().readTree(reply.http().body());
        } catch (JacksonException e) {
            return Optional.of("not JSON: " + shown(reply.http().body()));
        }
        boolean formed =
                json.path("id").isString()
                        && json.path("message").isString()
                        && !json.path("message").stringValue().isBlank()
                        && json.path("message").stringValue().length() <= MAX_MESSAGE
                        && (!json.has("resource") || json.path("resource").isString());
        return formed ? Optional.empty() : Optional.of("odd: " + shown(reply.http().body()));
    }

    private static String shown(String text) {
        return text.length() > 300 ? text.substring(0, 300) + "..." : text;
    }

    /// The link's path with something for each parameter.
    private static String path(PublishedLinks.Link link, Random random) {
        String[] parts = link.path().split("\\{}", -1);
        StringBuilder path = new StringBuilder(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            boolean app = parts[i - 1].equals("/apps/") && random.nextInt(5) > 0;
            String value = app ? "shop" : parameter(random);
            path.append(URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
            path.append(parts[i]);
        }
        return path.toString();
    }

    private static String parameter(Random random) {
        List<String> values =
                Stream.concat(
                                FuzzedBodies.ODD_TEXTS.stream()
                                        .filter(text -> !text.isEmpty() && text.length() < 2000),
                                Stream.of(
                                        "shop",
                                        "web",
                                        "web.1",
                                        "~",
                                        "1",
                                        "v2",
                                        "99999999999999999999",
                                        "preboot",
                                        "owner@example.com",
                                        "01234567-89ab-cdef-0123-456789abcdef"))
                        .toList();
        return values.get(random.nextInt(values.size()));
    }
}
