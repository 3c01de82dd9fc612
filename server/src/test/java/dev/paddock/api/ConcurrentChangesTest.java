package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.core.App;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Changes of one app at the same time end as if they had come one after the other.
class ConcurrentChangesTest {
    private static final int ROUNDS = 5;

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

    /// Sends all at once; the answers in the order of the requests.
    private static List<ApiClient.Reply> together(List<Callable<ApiClient.Reply>> requests)
            throws Exception {
        CyclicBarrier begin = new CyclicBarrier(requests.size());
        List<Future<ApiClient.Reply>> replies = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Callable<ApiClient.Reply> request : requests) {
                replies.add(
                        threads.submit(() -> {
                            begin.await();
                            return request.call();
                        }));
            }
        }
        List<ApiClient.Reply> answers = new ArrayList<>();
        for (Future<ApiClient.Reply> reply : replies) {
            answers.add(reply.get());
        }
        return answers;
    }

    @Test
    void relativeScalesAddUp() throws Exception {
        platform.deployed("scaled", Map.of("web", "serve"));
        String body = "{\"updates\":[{\"type\":\"web\",\"quantity\":\"+1\"}]}";

        var replies =
                together(
                        IntStream.range(0, 6)
                                .<Callable<ApiClient.Reply>>mapToObj(
                                        _ -> () -> client.patch("/apps/scaled/formation", body))
                                .toList());

        assertThat(replies).allMatch(reply -> reply.status() == 200);
        assertThat(replies)
                .extracting(reply -> reply.json().get(0).get("quantity").intValue())
                .containsExactlyInAnyOrder(2, 3, 4, 5, 6, 7);
        assertThat(client.get("/apps/scaled/formation/web").text("quantity")).isEqualTo("7");
    }

    @Test
    void ofTwoRenamesOneComesLast() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            App app = platform.app("before-" + round);
            String path = "/apps/" + app.id();
            String first = "first-" + round;
            String second = "second-" + round;

            var replies =
                    together(
                            List.of(
                                    () -> client.patch(path, "{\"name\":\"" + first + "\"}"),
                                    () -> client.patch(path, "{\"name\":\"" + second + "\"}")));

            assertThat(replies).allMatch(reply -> reply.status() == 200);
            String last = client.get(path).text("name");
            assertThat(last).isIn(first, second);
            String other = last.equals(first) ? second : first;
            assertThat(client.get("/apps/" + other).status()).isEqualTo(404);
            assertThat(platform.app(other).name().value()).isEqualTo(other);
        }
    }

    @Test
    void everyConfigVarThatWasAcceptedIsKept() throws Exception {
        platform.app("configured");

        var replies =
                together(
                        IntStream.range(0, 6)
                                .<Callable<ApiClient.Reply>>mapToObj(i ->
                                        () ->
                                                client.patch(
                                                        "/apps/configured/config-vars",
                                                        "{\"V" + i + "\":\"x\"}"))
                                .toList());

        assertThat(replies).allMatch(reply -> reply.status() == 200);
        assertThat(client.get("/apps/configured/config-vars").json()).hasSize(6);
        assertThat(client.get("/apps/configured/releases").json()).hasSize(7);
    }

    @Test
    void ofTwoAppsOneGetsAHostName() throws Exception {
        platform.app("left");
        platform.app("right");
        for (int round = 0; round < ROUNDS; round++) {
            String body = "{\"hostname\":\"www" + round + ".example.com\",\"sni_endpoint\":null}";

            var replies =
                    together(
                            List.of(
                                    () -> client.post("/apps/left/domains", body),
                                    () -> client.post("/apps/right/domains", body)));

            assertThat(replies)
                    .extracting(ApiClient.Reply::status)
                    .containsExactlyInAnyOrder(201, 422);
        }
    }

    @Test
    void whatIsAddedWhileAnAppIsDestroyedGoesWithIt() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            App app = platform.deployed("doomed-" + round, Map.of("web", "serve"));
            String path = "/apps/" + app.id();
            String host = "doomed" + round + ".example.com";
            String domain = "{\"hostname\":\"" + host + "\",\"sni_endpoint\":null}";

            var replies =
                    together(
                            List.of(
                                    () -> client.delete(path),
                                    () -> client.post(path + "/domains", domain),
                                    () ->
                                            client.post(
                                                    path + "/log-drains",
                                                    "{\"url\":\"http://127.0.0.1:9/\"}"),
                                    () ->
                                            client.post(
                                                    path + "/webhooks",
                                                    "{\"url\":\"http://127.0.0.1:9/\",\"include\":[\"api:app\"],\"level\":\"notify\"}"),
                                    () ->
                                            client.post(
                                                    path + "/collaborators",
                                                    "{\"user\":\"other@example.com\"}"),
                                    () ->
                                            client.send(
                                                    "PUT",
                                                    path + "/buildpack-installations",
                                                    "{\"updates\":[{\"buildpack\":\"heroku/nodejs\"}]}"),
                                    () ->
                                            client.patch(
                                                    path + "/features/preboot",
                                                    "{\"enabled\":true}"),
                                    () -> client.patch(path + "/config-vars", "{\"A\":\"1\"}"),
                                    () -> client.patch(path + "/formation/web", "{\"quantity\":2}"),
                                    () -> client.post(path + "/dynos", "{\"command\":\"x\"}"),
                                    () -> client.patch(path, "{\"maintenance\":true}")));

            assertThat(replies.getFirst().status()).isEqualTo(200);
            assertThat(replies)
                    .allSatisfy(reply ->
                            assertThat(reply.status())
                                    .as(reply.http().body())
                                    .isIn(200, 201, 404, 409));
            assertThat(client.get(path).status()).isEqualTo(404);
            App next = platform.app("next-" + round);
            assertThat(client.post("/apps/" + next.name() + "/domains", domain).status())
                    .isEqualTo(201);
            await().until(() ->
                    platform.engine.list().stream()
                            .noneMatch(dyno -> dyno.spec().app().equals(app.id())));
        }
    }
}
