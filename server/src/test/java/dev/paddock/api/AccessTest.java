package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Keys with scopes, sessions, SSH keys, users, collaborators and transfers, over HTTP.
class AccessTest {
    private static final String SSH_KEY =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6 me@ed25519";

    @TempDir static Path directory;
    private static TestPlatform platform;
    private static ApiClient owner;

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        owner = platform.client();
        platform.deployed("shop", Map.of("web", "serve"));
        owner.patch("/apps/shop/config-vars", "{\"SECRET\":\"hunter2\"}");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void keyCanDoWhatItsScopeSaysAndNoMore() {
        var identity = keyWithScope("identity");
        var read = keyWithScope("read");
        var readProtected = keyWithScope("read-protected");
        var write = keyWithScope("write");
        var writeProtected = keyWithScope("write-protected");

        assertThat(identity.get("/account").status()).isEqualTo(200);
        assertThat(identity.get("/apps").status()).isEqualTo(403);
        assertThat(read.get("/apps/shop").status()).isEqualTo(200);
        assertThat(read.get("/apps/shop/config-vars").errorId()).isEqualTo("forbidden");
        assertThat(read.patch("/apps/shop", "{}").status()).isEqualTo(403);
        assertThat(readProtected.get("/apps/shop/config-vars").status()).isEqualTo(200);
        assertThat(write.patch("/apps/shop", "{}").status()).isEqualTo(200);
        assertThat(write.patch("/apps/shop/config-vars", "{}").status()).isEqualTo(403);
        assertThat(writeProtected.patch("/apps/shop/config-vars", "{}").status()).isEqualTo(200);
        for (ApiClient limited : new ApiClient[] {identity, read, write, writeProtected}) {
            assertThat(limited.post("/oauth/authorizations", "{}").status()).isEqualTo(403);
            assertThat(limited.get("/account/keys").status()).isEqualTo(403);
        }
    }

    private static ApiClient keyWithScope(String scope) {
        var made = owner.post("/oauth/authorizations", "{\"scope\":[\"" + scope + "\"]}");
        assertThat(made.text("scope.0")).isEqualTo(scope);
        return owner.with("Authorization", "Bearer " + made.text("access_token.token"));
    }

    @Test
    void anAccountThatOwnsNothingCanBeDeleted() {
        var leaver = platform.clientOf("leaver@example.com");
        leaver.post("/apps", "{\"name\":\"leavers\"}");
        assertThat(leaver.delete("/account").message()).contains("owns apps or pipelines");
        leaver.delete("/apps/leavers");

        assertThat(leaver.delete("/account").text("email")).isEqualTo("leaver@example.com");

        assertThat(leaver.get("/account").status()).isEqualTo(401);
        assertThat(owner.delete("/account").message()).contains("operator");
        assertThat(owner.delete("/users/leaver@example.com").text("resource")).isEqualTo("user");
    }

    @Test
    void anAccountChangesItsNameAlone() {
        var user = platform.clientOf("named@example.com");

        assertThat(user.patch("/account", "{\"name\":\"Somebody\"}").text("name"))
                .isEqualTo("Somebody");
        assertThat(user.patch("/account", "{\"beta\":false}").text("name")).isEqualTo("Somebody");
        assertThat(user.patch("/account", "{\"name\":null}").text("name")).isEmpty();
        for (String body :
                new String[] {
                    "{\"name\":5}",
                    "{\"beta\":true}",
                    "{\"allow_tracking\":\"no\"}",
                    "{\"email\":\"other@example.com\"}",
                    "{\"password\":\"old\",\"new_password\":\"new\"}"
                }) {
            assertThat(user.patch("/account", body).errorId()).as(body).isEqualTo("invalid_params");
        }
    }

    @Test
    void unknownScopeAndOddLifeAreRefused() {
        for (String body :
                new String[] {
                    "{\"scope\":[\"everything\"]}",
                    "{\"scope\":\"read\"}",
                    "{\"expires_in\":\"soon\"}",
                    "{\"expires_in\":0}",
                    "{\"client\":{\"id\":5}}",
                }) {
            var refused = owner.post("/oauth/authorizations", body);
            assertThat(refused.errorId()).as(body).isEqualTo("invalid_params");
        }
    }

    @Test
    void lifeMayBeWrittenAsDigits() {
        var made = owner.post("/oauth/authorizations", "{\"expires_in\":\"3600\"}");

        assertThat(made.json().at("/access_token/expires_in").asInt()).isBetween(3590, 3600);
    }

    @Test
    void authorizationIsDescribedAnewAndItsTokenRegenerated() {
        var made = owner.post("/oauth/authorizations", "{\"description\":\"ci\"}");
        String path = "/oauth/authorizations/" + made.text("id");

        assertThat(owner.patch(path, "{\"description\":\"nightly\"}").text("description"))
                .isEqualTo("nightly");
        var again = owner.post(path + "/actions/regenerate-tokens", "{}");

        assertThat(again.text("id")).isEqualTo(made.text("id"));
        assertThat(statusWith(made.text("access_token.token"))).isEqualTo(401);
        assertThat(statusWith(again.text("access_token.token"))).isEqualTo(200);
    }

    private static int statusWith(String key) {
        return owner.with("Authorization", "Bearer " + key).get("/account").status();
    }

    @Test
    void loginWithEmailAndKeyNeedsTheRightEmail() {
        assertThat(basic("owner@example.com").status()).isEqualTo(201);
        assertThat(basic("other@example.com").status()).isEqualTo(401);
    }

    private static ApiClient.Reply basic(String email) {
        String pair = email + ":" + platform.key;
        String header =
                "Basic "
                        + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        return owner.with("Authorization", header)
                .post(
                        "/oauth/authorizations",
                        "{\"description\":\"login\",\"expires_in\":2592000,\"scope\":[\"global\"]}");
    }

    @Test
    void browserLoginMakesASessionThatLoggingOutEnds() {
        ApiClient nobody = owner.without("Authorization");
        var begun = nobody.post("/auth", "{\"description\":\"<b>laptop</b>\"}");
        String page = begun.text("browser_url");

        assertThat(nobody.get(page).http().body()).contains("&lt;b&gt;laptop&lt;/b&gt;");
        assertThat(fill(nobody, page, "owner@example.com", "wrong").status()).isEqualTo(401);
        assertThat(fill(nobody, page, "owner@example.com", platform.key).status()).isEqualTo(200);
        var stranger = owner.with("Authorization", "Bearer guess").get(begun.text("cli_url"));
        assertThat(stranger.status()).isEqualTo(401);
        var outcome =
                owner.with("Authorization", "Bearer " + begun.text("token"))
                        .get(begun.text("cli_url"));
        ApiClient session = owner.with("Authorization", "Bearer " + outcome.text("access_token"));

        assertThat(session.get("/account").text("email")).isEqualTo("owner@example.com");
        assertThat(session.get("/oauth/sessions").text("0.description")).contains("laptop");
        assertThat(session.get("/oauth/authorizations").http().body()).doesNotContain("laptop");
        assertThat(fill(nobody, page, "owner@example.com", platform.key).status()).isEqualTo(404);
        assertThat(session.delete("/oauth/sessions/~").status()).isEqualTo(200);
        assertThat(session.get("/account").status()).isEqualTo(401);
        assertThat(owner.delete("/oauth/sessions/~").text("resource")).isEqualTo("session");
    }

    private static ApiClient.Reply fill(ApiClient nobody, String page, String email, String key) {
        return nobody.with("Content-Type", "application/x-www-form-urlencoded")
                .post(page, "email=" + email + "&key=" + key);
    }

    @Test
    void sshKeyIsAddedListedAndRemoved() {
        var added = owner.post("/account/keys", "{\"public_key\":\"" + SSH_KEY + "\\n\"}");

        assertThat(added.status()).isEqualTo(201);
        assertThat(added.text("comment")).isEqualTo("me@ed25519");
        assertThat(added.text("email")).isEqualTo("owner@example.com");
        assertThat(owner.get("/account/keys/" + added.text("fingerprint")).text("id"))
                .isEqualTo(added.text("id"));
        var twice =
                platform.clientOf("thief@example.com")
                        .post("/account/keys", "{\"public_key\":\"" + SSH_KEY + "\"}");
        assertThat(twice.errorId()).isEqualTo("invalid_params");
        assertThat(owner.post("/account/keys", "{\"public_key\":\"ssh-rsa x\"}").status())
                .isEqualTo(422);
        assertThat(owner.delete("/account/keys/" + added.text("id")).status()).isEqualTo(200);
        assertThat(owner.get("/account/keys").http().body()).isEqualTo("[]");
    }

    @Test
    void operatorAddsUsersAndResetsTheirKeys() {
        var added =
                owner.post("/paddock/users", "{\"email\":\"new@example.com\",\"name\":\"New\"}");
        ApiClient user = owner.with("Authorization", "Bearer " + added.text("key"));

        assertThat(user.get("/account").text("name")).isEqualTo("New");
        assertThat(user.get("/paddock/users").status()).isEqualTo(403);
        assertThat(owner.get("/paddock/users").http().body()).contains("new@example.com");
        var reset = owner.post("/paddock/users/new%40example.com/actions/reset-key", "{}");
        assertThat(user.get("/account").status()).isEqualTo(401);
        assertThat(statusWith(reset.text("key"))).isEqualTo(200);
    }

    @Test
    void collaboratorSeesTheAppAndDoesWhatThePermissionsSay() {
        platform.app("team");
        ApiClient bob = platform.clientOf("bob@example.com");
        assertThat(bob.get("/apps/team").status()).isEqualTo(404);

        var added =
                owner.post(
                        "/apps/team/collaborators",
                        "{\"user\":\"bob@example.com\",\"silent\":true}");

        assertThat(added.text("role")).isEqualTo("collaborator");
        assertThat(bob.get("/apps").text("0.name")).isEqualTo("team");
        assertThat(bob.patch("/apps/team/config-vars", "{\"A\":\"1\"}").status()).isEqualTo(200);
        assertThat(bob.patch("/apps/team", "{\"name\":\"mine\"}").status()).isEqualTo(403);
        assertThat(bob.delete("/apps/team").errorId()).isEqualTo("forbidden");
        var others = bob.post("/apps/team/collaborators", "{\"user\":\"eve@example.com\"}");
        assertThat(others.status()).isEqualTo(403);

        owner.patch(
                "/teams/apps/team/collaborators/bob@example.com", "{\"permissions\":[\"view\"]}");
        assertThat(bob.get("/apps/team/releases").status()).isLessThan(300);
        assertThat(bob.get("/apps/team/config-vars").status()).isEqualTo(403);
        assertThat(bob.patch("/apps/team/formation/web", "{\"quantity\":1}").status())
                .isEqualTo(403);

        assertThat(bob.delete("/apps/team/collaborators/bob@example.com").status()).isEqualTo(200);
        assertThat(bob.get("/apps/team").status()).isEqualTo(404);
    }

    @Test
    void addressThatIsUnknownIsInvitedAndForgottenWhenItsAccessEnds() {
        platform.app("invite");

        var added = owner.post("/apps/invite/collaborators", "{\"user\":\"future@example.com\"}");

        assertThat(added.status()).isEqualTo(201);
        assertThat(owner.get("/apps/invite/collaborators").http().body())
                .contains("future@example.com");
        assertThat(
                        owner.post(
                                        "/apps/invite/collaborators",
                                        "{\"user\":\"future@example.com\"}")
                                .status())
                .isEqualTo(422);
        assertThat(owner.post("/apps/invite/collaborators", "{\"user\":\"nobody\"}").status())
                .isEqualTo(404);
        owner.delete("/apps/invite/collaborators/future@example.com");
        assertThat(platform.accounts.find("future@example.com")).isEmpty();
        assertThat(owner.delete("/apps/invite/collaborators/owner@example.com").status())
                .isEqualTo(422);
    }

    @Test
    void appIsTransferredWhenItsRecipientAccepts() {
        platform.app("gift");
        ApiClient heir = platform.clientOf("heir@example.com");
        String offer = "{\"app\":\"gift\",\"recipient\":\"heir@example.com\"}";

        var offered = owner.post("/account/app-transfers", offer);
        String path = "/account/app-transfers/" + offered.text("id");

        assertThat(offered.text("state")).isEqualTo("pending");
        assertThat(owner.post("/account/app-transfers", offer).status()).isEqualTo(422);
        assertThat(owner.patch(path, "{\"state\":\"accepted\"}").status()).isEqualTo(403);
        assertThat(heir.get("/apps/gift").status()).isEqualTo(404);
        assertThat(heir.patch(path, "{\"state\":\"accepted\"}").text("state"))
                .isEqualTo("accepted");
        assertThat(heir.get("/apps/gift").text("owner.email")).isEqualTo("heir@example.com");
        assertThat(owner.get("/apps/gift").status()).isEqualTo(200);
        assertThat(owner.delete("/apps/gift").status()).isEqualTo(403);
        assertThat(heir.patch(path, "{\"state\":\"declined\"}").status()).isEqualTo(422);
    }

    @Test
    void offerCanBeTakenBackAndDeclined() {
        platform.app("keep");
        ApiClient cold = platform.clientOf("cold@example.com");
        String offer = "{\"app\":\"keep\",\"recipient\":{\"email\":\"cold@example.com\"}}";

        owner.delete(
                "/account/app-transfers/" + owner.post("/account/app-transfers", offer).text("id"));
        var second = owner.post("/account/app-transfers", offer);
        cold.patch("/account/app-transfers/" + second.text("id"), "{\"state\":\"declined\"}");

        assertThat(owner.get("/account/app-transfers/" + second.text("id")).text("state"))
                .isEqualTo("declined");
        assertThat(owner.get("/apps/keep").text("owner.email")).isEqualTo("owner@example.com");
        assertThat(
                        platform.clientOf("third@example.com")
                                .get("/account/app-transfers")
                                .http()
                                .body())
                .isEqualTo("[]");
    }

    @Test
    void requestsAreCountedPerKey() {
        ApiClient fresh = platform.clientOf("counted@example.com");

        assertThat(fresh.get("/account").header("RateLimit-Remaining")).isEqualTo("4499");
        assertThat(fresh.get("/account").header("RateLimit-Remaining")).isEqualTo("4498");
        assertThat(fresh.get("/account/rate-limits").json().get("remaining").asInt())
                .isEqualTo(4498);
    }

    @Test
    void keyThatAsksTooOftenIsToldSo() {
        var other = platform.accounts.create("busy@example.com", "Busy");
        var issued = platform.authorizations.issue(other, "busy", Optional.empty());
        // In a moment that is still to come: what passes until then gives nothing back.
        Instant soon = platform.clock.instant().plusSeconds(600);
        for (int i = 0; i < 4500; i++) {
            platform.limits.take(issued.authorization().id(), soon);
        }

        var refused =
                owner.with("Authorization", "Bearer " + issued.token()).get("/account/features");

        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.errorId()).isEqualTo("rate_limit");
        assertThat(refused.header("RateLimit-Remaining")).isEqualTo("0");
    }

    @Test
    void changesLeaveAnAuditLineWithoutSecrets() throws IOException {
        owner.patch("/apps/shop/config-vars", "{\"PASSWORD\":\"hunter3\"}");

        String audit = Files.readString(directory.resolve("audit").resolve("audit.log"));
        assertThat(audit)
                .contains("user=owner@example.com key=")
                .contains(" PATCH /apps/shop/config-vars 200")
                .doesNotContain("hunter3")
                .doesNotContain(platform.key);
    }
}
