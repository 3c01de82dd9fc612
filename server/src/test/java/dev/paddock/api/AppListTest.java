package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paddock.accounts.Account;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// A list that is kept is never older than what its reader could know.
class AppListTest {
    @TempDir private static Path directory;
    private static TestPlatform platform;
    private static ApiClient owner;
    private static ApiClient other;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        owner = platform.client();
        other = platform.clientOf("other@example.com");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void everyChangeIsInTheNextListOfEverybody() throws Exception {
        platform.deployed("shop", Map.of("web", "serve"));
        List<Callable<ApiClient.Reply>> changes =
                List.of(
                        () -> owner.post("/apps", "{\"name\":\"second\"}"),
                        () -> owner.patch("/apps/second", "{\"maintenance\":true}"),
                        () -> owner.patch("/apps/second", "{\"name\":\"renamed\"}"),
                        () -> owner.patch("/apps/shop/config-vars", "{\"A\":\"1\"}"),
                        () ->
                                owner.post(
                                        "/apps/shop/collaborators",
                                        "{\"user\":\"other@example.com\"}"),
                        () -> other.patch("/account", "{\"name\":\"Otherwise\"}"),
                        () -> owner.delete("/apps/shop/collaborators/other@example.com"),
                        () ->
                                owner.post(
                                        "/account/app-transfers",
                                        "{\"app\":\"renamed\",\"recipient\":\"other@example.com\"}"),
                        () ->
                                other.patch(
                                        "/account/app-transfers/"
                                                + owner.get("/account/app-transfers")
                                                        .json()
                                                        .get(0)
                                                        .get("id")
                                                        .asString(),
                                        "{\"state\":\"accepted\"}"),
                        () -> other.delete("/apps/renamed"),
                        () -> owner.post("/apps/shop/releases", "{\"release\":\"2\"}"));

        for (Callable<ApiClient.Reply> change : changes) {
            var _ = List.of(owner.get("/apps"), other.get("/apps"));
            ApiClient.Reply made = change.call();
            assertThat(made.status()).as(made.http().body()).isLessThan(300);

            requireEachAsAlone(owner);
            requireEachAsAlone(other);
        }
        assertThat(other.get("/apps").json()).isEmpty();
    }

    /// The list against what each app says by itself, which is never kept.
    private static void requireEachAsAlone(ApiClient user) {
        JsonNode list = user.get("/apps").json();
        assertThat(list.size()).isEqualTo(platform.apps.list(account(user)).size());
        for (JsonNode app : list) {
            assertThat(app).isEqualTo(user.get("/apps/" + app.get("id").asString()).json());
        }
    }

    private static Account account(ApiClient user) {
        return platform.accounts.find(user.get("/account").text("email")).orElseThrow();
    }

    @Test
    void whatIsNotCommittedIsInNoListAndWhatIsInEach() {
        platform.app("waiting");
        assertThat(owner.get("/apps").http().body()).contains("\"waiting\"");

        platform.database
                .jdbi()
                .useTransaction(handle -> {
                    handle.execute("update apps set name = 'changed' where name = 'waiting'");
                    assertThat(owner.get("/apps").http().body()).contains("\"waiting\"");
                    assertThat(owner.get("/apps").http().body()).contains("\"waiting\"");
                });

        assertThat(owner.get("/apps").http().body())
                .contains("\"changed\"")
                .doesNotContain("\"waiting\"");
    }

    @Test
    void partsOfTheListAreKeptApart() {
        platform.app("part-a");
        platform.app("part-b");

        for (int i = 0; i < 2; i++) {
            assertThat(owner.with("Range", "name part-a..part-a").get("/apps").json()).hasSize(1);
            ApiClient.Reply page = owner.with("Range", "name part-a..; max=1").get("/apps");
            assertThat(page.status()).isEqualTo(206);
            assertThat(page.header("Next-Range")).isEqualTo("name ]part-a..; max=1");
            assertThat(
                            owner.with("Range", "name part-b..part-a; order=desc")
                                    .get("/apps")
                                    .json()
                                    .get(0)
                                    .get("name")
                                    .asString())
                    .isEqualTo("part-b");
        }
    }
}
