package dev.paddock.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.paddock.domains.CertificateAuthority;
import dev.paddock.routes.Certificate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Links of the published schema are called as a client would, in an order in which each finds what it needs; answers
/// must follow the schema. Prints how many links of each tier are answered so.
class ConformanceTest {
    /// Method and path, after another user who calls; what of the answer is remembered (`app.id>name`); the body. `{name}` stands for what was
    /// remembered.
    private static final String CALLS =
            """
            GET /account
            PATCH /account | | {"name":"Owner"}
            GET /users/~
            PATCH /users/~ | | {"name":"Owner"}
            GET /account/features
            GET /account/rate-limits
            POST /account/keys | id>key | {"public_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBA+ImRflAYYZ5RdQSLefa350CalvzlNaKcNFamHbcn6 me@x"}
            GET /account/keys
            GET /account/keys/{key}
            POST /oauth/authorizations | id>auth | {"description":"x","scope":["read"],"expires_in":3600}
            GET /oauth/authorizations
            GET /oauth/authorizations/{auth}
            PATCH /oauth/authorizations/{auth} | | {"description":"y"}
            POST /oauth/authorizations/{auth}/actions/regenerate-tokens
            DELETE /oauth/authorizations/{auth}
            POST /oauth/clients | id>client, secret>secret | {"name":"robot","redirect_uri":"https://example.com/callback"}
            GET /oauth/clients
            GET /oauth/clients/{client}
            PATCH /oauth/clients/{client} | | {"name":"better"}
            POST /oauth/authorizations | grant.code>code | {"client":"{client}","scope":["read"]}
            GET /oauth/authorizations
            POST /oauth/tokens | id>token, refresh_token.token>refresh | {"grant":{"type":"authorization_code","code":"{code}"},"client":{"secret":"{secret}"},"refresh_token":{}}
            POST /oauth/tokens | | {"grant":{"type":"refresh_token"},"client":{"secret":"{secret}"},"refresh_token":{"token":"{refresh}"}}
            DELETE /oauth/tokens/{token}
            POST /oauth/clients/{client}/actions/rotate-credentials
            DELETE /oauth/clients/{client}
            POST /apps | | {"name":"made"}
            GET /apps
            GET /users/~/apps
            GET /apps/shop | id>shop
            PATCH /apps/shop | | {"maintenance":false}
            DELETE /apps/gone
            GET /apps/shop/features
            GET /apps/shop/features/preboot
            PATCH /apps/shop/features/preboot | | {"enabled":true}
            POST /apps/shop/collaborators | user.id>heir | {"user":"heir@example.com"}
            GET /apps/shop/collaborators
            GET /apps/shop/collaborators/heir@example.com
            DELETE /apps/shop/collaborators/heir@example.com
            PATCH /apps/shop/config-vars | | {"A":"1"}
            GET /apps/shop/config-vars
            GET /apps/shop/releases
            GET /apps/shop/releases/2 | slug.id>slug
            GET /apps/shop/releases/2/config-vars
            POST /apps/shop/releases | | {"release":"2"}
            GET /apps/shop/slugs/{slug}
            POST /apps/shop/slugs | | {"process_types":{"web":"serve"}}
            GET /apps/shop/formation
            GET /apps/shop/formation/web
            PATCH /apps/shop/formation | | {"updates":[{"type":"web","quantity":1}]}
            PATCH /apps/shop/formation/web | | {"quantity":1}
            GET /apps/shop/dynos
            GET /apps/shop/dynos/web.1
            POST /apps/shop/dynos | | {"command":"x"}
            DELETE /apps/shop/dynos/web.1
            DELETE /apps/shop/dynos
            DELETE /apps/shop/formations/web
            POST /apps/shop/dynos/web.1/actions/stop
            POST /apps/shop/formations/worker/actions/stop
            GET /apps/shop/available-dyno-sizes
            GET /dyno-sizes
            GET /dyno-sizes/eco
            GET /apps/shop/available-stacks
            GET /stacks
            GET /stacks/host
            GET /generations
            GET /generations/cedar
            GET /teams
            GET /regions
            GET /regions/local
            POST /apps/shop/domains | | {"hostname":"www.example.com","sni_endpoint":null}
            GET /apps/shop/domains
            GET /apps/shop/domains/www.example.com
            PATCH /apps/shop/domains/www.example.com | | {"sni_endpoint":null}
            DELETE /apps/shop/domains/www.example.com
            POST /apps/shop/log-sessions | | {"lines":5}
            POST /apps/shop/log-drains | id>drain | {"url":"http://127.0.0.1:9/"}
            GET /apps/shop/log-drains
            GET /apps/shop/log-drains/{drain}
            DELETE /apps/shop/log-drains/{drain}
            PUT /apps/shop/buildpack-installations | | {"updates":[{"buildpack":"https://example.com/pack.tgz"}]}
            GET /apps/shop/buildpack-installations
            POST /sources
            POST /apps/shop/sources | source_blob.put_url>upload, source_blob.get_url>tree
            PUT {upload} | | {archive}
            POST /app-setups | id>setup | {"source_blob":{"url":"{tree}"}}
            GET /app-setups/{setup}
            POST /apps/built/builds | id>build | {"source_blob":{"url":"{tree}"}}
            GET /apps/built/builds
            GET /apps/built/builds/{build}
            DELETE /apps/built/builds/{build}
            DELETE /apps/shop/build-cache
            POST /apps/shop/sni-endpoints | name>endpoint | {certificate}
            GET /apps/shop/sni-endpoints
            GET /apps/shop/sni-endpoints/{endpoint}
            PATCH /apps/shop/sni-endpoints/{endpoint} | | {certificate}
            DELETE /apps/shop/sni-endpoints/{endpoint}
            GET /addons
            GET /addon-services
            GET /addon-attachments
            GET /apps/shop/addons
            GET /apps/shop/addon-attachments
            GET /users/~/addons
            POST /account/app-transfers | id>transfer | {"app":"made","recipient":"heir@example.com"}
            GET /account/app-transfers
            GET /account/app-transfers/{transfer}
            DELETE /account/app-transfers/{transfer}
            POST /account/app-transfers | id>transfer | {"app":"given","recipient":"heir@example.com"}
            heir PATCH /account/app-transfers/{transfer} | | {"state":"accepted"}
            POST /teams/apps/shop/collaborators | | {"user":"third@example.com","permissions":["view"]}
            GET /teams/apps/shop/collaborators
            GET /teams/apps/shop/collaborators/third@example.com
            PATCH /teams/apps/shop/collaborators/third@example.com | | {"permissions":["deploy"]}
            DELETE /teams/apps/shop/collaborators/third@example.com
            POST /pipelines | id>pipeline | {"name":"pipe"}
            GET /pipelines
            GET /pipelines/{pipeline}
            PATCH /pipelines/{pipeline} | | {"name":"pipe-two"}
            POST /pipeline-couplings | id>coupling | {"app":"shop","pipeline":"{pipeline}","stage":"staging"}
            POST /pipeline-couplings | app.id>made | {"app":"made","pipeline":"{pipeline}","stage":"production"}
            GET /pipeline-couplings
            GET /users/~/pipeline-couplings
            GET /pipelines/{pipeline}/pipeline-couplings
            GET /pipeline-couplings/{coupling}
            PATCH /pipeline-couplings/{coupling} | | {"stage":"development"}
            GET /apps/shop/pipeline-couplings
            POST /filters/apps | | {"in":{"id":["{shop}"]}}
            POST /pipeline-promotions | id>promotion | {"pipeline":{"id":"{pipeline}"},"source":{"app":{"id":"{shop}"}},"targets":[{"app":{"id":"{made}"}}]}
            GET /pipeline-promotions/{promotion}
            GET /pipeline-promotions/{promotion}/promotion-targets
            GET /pipelines/{pipeline}/latest-builds
            GET /pipelines/{pipeline}/latest-releases
            GET /pipelines/{pipeline}/latest-deployments
            GET /pipelines/{pipeline}/pipeline-stack
            PATCH /pipelines/{pipeline}/stage/review/config-vars | | {"A":"1"}
            GET /pipelines/{pipeline}/stage/review/config-vars
            DELETE /pipeline-couplings/{coupling}
            POST /apps/shop/collaborators | | {"user":"heir@example.com"}
            POST /pipeline-transfers | | {"pipeline":{"id":"{pipeline}"},"new_owner":{"id":"{heir}","type":"user"}}
            POST /pipelines | id>pipeline | {"name":"pipe-three"}
            DELETE /pipelines/{pipeline}
            POST /apps/shop/webhooks | id>webhook | {"url":"http://127.0.0.1:9/","include":["api:app"],"level":"notify"}
            GET /apps/shop/webhooks
            GET /apps/shop/webhooks/{webhook}
            PATCH /apps/shop/webhooks/{webhook} | | {"level":"sync"}
            PATCH /apps/shop | | {"maintenance":true}
            GET /apps/shop/webhook-events | 0.id>event
            GET /apps/shop/webhook-events/{event}
            GET /apps/shop/webhook-deliveries | 0.id>delivery
            GET /apps/shop/webhook-deliveries/{delivery}
            DELETE /apps/shop/webhooks/{webhook}
            GET /teams/permissions
            leaver DELETE /account
            goer DELETE /users/~
            """;

    /// What an empty catalogue makes of links that need something in it: method, path, body, and the answer's status, id,
    /// resource and message.
    private static final String MISSING =
            """
            GET /account/features/none | | 404 not_found feature | Couldn't find that feature.
            PATCH /account/features/none | {"enabled":true} | 404 not_found feature | Couldn't find that feature.
            GET /addons/none | | 404 not_found add_on | Couldn't find that add-on.
            GET /addons/none/addon-attachments | | 404 not_found add_on | Couldn't find that add-on.
            POST /actions/addons/resolve | {"addon":"none"} | 404 not_found add_on | Couldn't find that add-on.
            POST /apps/shop/addons | {"plan":"none:small"} | 422 invalid_params - | Couldn't find either the add-on service or the add-on plan of "none:small".
            GET /apps/shop/addons/none | | 404 not_found add_on | Couldn't find that add-on.
            PATCH /apps/shop/addons/none | {"plan":"none:big"} | 404 not_found add_on | Couldn't find that add-on.
            DELETE /apps/shop/addons/none | | 404 not_found add_on | Couldn't find that add-on.
            POST /addon-attachments | {"addon":"none","app":"shop"} | 404 not_found add_on | Couldn't find that add-on.
            GET /addon-attachments/none | | 404 not_found add_on attachment | Couldn't find that add on attachment.
            DELETE /addon-attachments/none | | 404 not_found add_on attachment | Couldn't find that add on attachment.
            GET /apps/shop/addon-attachments/none | | 404 not_found add_on attachment | Couldn't find that add on attachment.
            POST /actions/addon-attachments/resolve | {"addon_attachment":"NONE"} | 404 not_found add_on attachment | Couldn't find that add on attachment.
            GET /addon-services/none | | 404 not_found addon_service | Couldn't find that add-on service.
            GET /addon-services/none/plans | | 404 not_found addon_service | Couldn't find that add-on service.
            GET /addon-services/none/plans/small | | 404 not_found addon_service | Couldn't find that add-on service.
            GET /teams/none | | 404 not_found team | Couldn't find that team.
            GET /plans/none:small | | 404 not_found plan | Couldn't find that plan.
            """;

    private static final Pattern LINE = Pattern.compile("([a-z]+ )?([A-Z]+) (/.*)");

    @TempDir static Path directory;
    private static TestPlatform platform;
    private static ApiClient client;

    private final Map<String, String> remembered = new HashMap<>();
    private final Set<PublishedLinks.Link> valid = new HashSet<>();
    private final Set<PublishedLinks.Link> missing = new HashSet<>();
    private final List<String> problems = new ArrayList<>();

    @BeforeAll
    static void start() {
        platform = new TestPlatform(directory);
        client = platform.client();
        platform.deployed("shop", Map.of("web", "serve", "worker", "work"));
        platform.app("gone");
        platform.app("built");
        platform.app("given");
        platform.accounts.create("heir@example.com", "Heir");
    }

    @AfterAll
    static void stop() {
        platform.close();
    }

    @Test
    void answersFollowThePublishedSchema() throws IOException {
        var schema = PublishedSchema.find();
        var links = PublishedLinks.find();
        assumeTrue(
                schema.isPresent() && links.isPresent(),
                "no shared/ beside the repository: answers not compared");

        remembered.put("certificate", certificate());
        remembered.put("archive", "\0".repeat(1024));
        CALLS.lines().forEach(line -> call(schema.get(), links.get(), line.split("\\|", 3)));
        MISSING.lines().forEach(line -> callMissing(links.get(), line.split("\\|", 4)));

        System.out.println(score(links.get()));
        assertThat(problems).isEmpty();
        assertThat(links.get().all())
                .filteredOn(link -> link.tier().equals("A"))
                .allMatch(this::answered);
    }

    private static String certificate() {
        Certificate certificate =
                CertificateAuthority.open(
                                directory.resolve("issuer"), "example.com", platform.clock)
                        .leaf("www.example.com");
        return JsonMapper.shared()
                .writeValueAsString(
                        Map.of(
                                "certificate_chain", certificate.chain(),
                                "private_key", certificate.key()));
    }

    private void call(PublishedSchema schema, PublishedLinks links, String[] parts) {
        Matcher line = LINE.matcher(filled(parts[0].strip()).replace(platform.server.url(), ""));
        assertThat(line.matches()).as(parts[0]).isTrue();
        String[] request = {line.group(2), line.group(3)};
        ApiClient caller =
                line.group(1) == null
                        ? client
                        : platform.clientOf(line.group(1).strip() + "@example.com");
        if (parts.length > 1 && parts[1].strip().startsWith("0.")) {
            await().until(() -> !client.get(request[1]).json().isEmpty());
        }
        var reply =
                caller.send(
                        request[0], request[1], parts.length < 3 ? "" : filled(parts[2].strip()));
        if (reply.status() >= 300) {
            // Not there yet, or nothing of the kind: the score says so.
            if (reply.status() != 404 && reply.status() != 405) {
                problems.add(String.join(" ", request) + ": " + reply.http().body());
            }
            return;
        }
        JsonNode json = reply.json();
        if (parts.length > 1 && parts[1].contains(">")) {
            for (String one : parts[1].strip().split(", ", -1)) {
                String[] what = one.split(">", 2);
                remembered.put(what[1], reply.text(what[0]));
            }
        }
        for (PublishedLinks.Link link : links.called(request[0], request[1])) {
            List<String> found = schema.problems(link.target(), link.resource(), json);
            found.forEach(problem -> problems.add(String.join(" ", request) + ": " + problem));
            if (found.isEmpty()) {
                valid.add(link);
            }
        }
    }

    private void callMissing(PublishedLinks links, String[] parts) {
        String[] request = parts[0].strip().split(" ", 2);
        var reply = client.send(request[0], request[1], parts[1].strip());
        String resource = reply.json().has("resource") ? reply.text("resource") : "-";
        String answer = reply.status() + " " + reply.errorId() + " " + resource;
        if (answer.equals(parts[2].strip()) && reply.message().equals(parts[3].strip())) {
            missing.addAll(links.called(request[0], request[1]));
        } else {
            problems.add(parts[0].strip() + ": " + answer + " " + reply.message());
        }
    }

    private String filled(String text) {
        String filled = text;
        for (Map.Entry<String, String> one : remembered.entrySet()) {
            filled = filled.replace("{" + one.getKey() + "}", one.getValue());
        }
        // What could not be remembered is not there.
        return filled.replaceAll("\\{[a-z]+}", "missing");
    }

    private String score(PublishedLinks links) {
        StringBuilder score = new StringBuilder("Links answered as the schema says:\n");
        for (String tier : List.of("A", "B", "C")) {
            score.append("tier ").append(tier).append(": ");
            score.append(
                    counts(links.all().stream().filter(link -> link.tier().equals(tier)).toList()));
        }
        score.append("all: ").append(counts(links.all()));
        links.all().stream()
                .filter(link -> !link.tier().equals("C") && !answered(link))
                .map(link ->
                        "not answered, " + link.tier() + ": " + link.method() + " " + link.path())
                .forEach(line -> score.append(line).append('\n'));
        return score.toString();
    }

    private String counts(List<PublishedLinks.Link> links) {
        return "%d of %d, %d of them as what is missing\n"
                .formatted(
                        links.stream().filter(this::answered).count(),
                        links.size(),
                        links.stream().filter(missing::contains).count());
    }

    private boolean answered(PublishedLinks.Link link) {
        return valid.contains(link) || missing.contains(link);
    }
}
