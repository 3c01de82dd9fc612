package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.paddock.accounts.Account;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class OperatorEndpointsTest {
    @TempDir Path folder;

    private Optional<TestPlatform> opened = Optional.empty();

    @BeforeEach
    void open() {
        opened = Optional.of(new TestPlatform(folder));
    }

    @AfterEach
    void close() {
        opened.ifPresent(TestPlatform::close);
    }

    private TestPlatform platform() {
        return opened.orElseThrow();
    }

    @Test
    void operatorSeesTheDynosOfAllAppsAndWhatTheyUse() {
        platform().deployed("shop", Map.of("web", "serve"));
        platform().app("quiet");

        await().until(() -> state().equals("up"));

        JsonNode told = platform().client().get("/operator/activity").json();
        assertThat(told.required("quiet_apps").asInt()).isEqualTo(1);
        assertThat(told.required("memory_bytes").asLong()).isPositive();
        JsonNode app = told.required("apps").required(0);
        assertThat(app.required("name").asString()).isEqualTo("shop");
        assertThat(app.required("requests_per_second").asDouble()).isZero();
        JsonNode dyno = app.required("dynos").required(0);
        assertThat(dyno.required("name").asString()).isEqualTo("web.1");
        assertThat(dyno.required("size").asString()).isEqualTo("Standard-1X");
        assertThat(dyno.required("memory_bytes").asLong()).isEqualTo(5 << 20);
        assertThat(dyno.required("memory_quota_bytes").asLong()).isEqualTo(512 << 20);
        assertThat(dyno.required("cpu_ns").asLong()).isEqualTo(30_000_000);
    }

    private String state() {
        return platform()
                .client()
                .get("/operator/activity")
                .json()
                .at("/apps/0/dynos/0/state")
                .asString("");
    }

    @Test
    void nobodyElseMaySeeIt() {
        Account other = platform().accounts.create("ann@example.com", "Ann");
        String key = platform().authorizations.issue(other, "key", Optional.empty()).token();

        var refused = new ApiClient(platform().server.url(), key).get("/operator/activity");

        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.json().required("id").asString()).isEqualTo("forbidden");
        var unknown = platform().client().without("Authorization").get("/operator/activity");
        assertThat(unknown.status()).isEqualTo(401);
    }
}
