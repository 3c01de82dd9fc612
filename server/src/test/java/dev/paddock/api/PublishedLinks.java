package dev.paddock.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The links of the published schema, each with its tier: A for what the CLI's core needs, B for what users of their own
/// platform expect, C for the rest. Both lie beside the repository, not in it.
///
/// @param all in the schema's order; a method and path that two resources share is listed twice
record PublishedLinks(List<Link> all, JsonNode root) {
    private static final Pattern TIER =
            Pattern.compile("\\*\\*Tier ([ABC]):.*?\\n\\n(.*?)\\n\\n", Pattern.DOTALL);
    private static final Pattern CALL = Pattern.compile("(GET|POST|PUT|PATCH|DELETE) (/[^;* |]*)");

    /// @param path with `{}` for each parameter
    /// @param target the schema of the answer
    /// @param body the schema of the request
    record Link(
            String resource,
            String method,
            String path,
            String tier,
            JsonNode target,
            JsonNode body) {
        private boolean matches(String calledMethod, String calledPath) {
            return method.equals(calledMethod) && calledPath.matches(path.replace("{}", "[^/]+"));
        }

        private int parameters() {
            return path.split("\\{}", -1).length - 1;
        }
    }

    /// The links that a request calls: those that leave the least open.
    List<Link> called(String method, String path) {
        List<Link> matching = all.stream().filter(link -> link.matches(method, path)).toList();
        int least = matching.stream().mapToInt(Link::parameters).min().orElse(0);
        return matching.stream().filter(link -> link.parameters() == least).toList();
    }

    /// What a reference in the schema stands for.
    JsonNode resolve(JsonNode schema) {
        JsonNode resolved = schema;
        while (resolved.has("$ref")) {
            resolved = root.at(resolved.get("$ref").stringValue().substring(1));
        }
        return resolved;
    }

    static Optional<PublishedLinks> find() throws IOException {
        for (Path folder = Path.of("").toAbsolutePath();
                folder != null;
                folder = folder.getParent()) {
            Path schema = folder.resolve("shared/platform-api/schema.json");
            Path tiers = folder.resolve("shared/spec/heroku-cli.md");
            if (Files.exists(schema) && Files.exists(tiers)) {
                return Optional.of(
                        read(
                                JsonMapper.shared().readTree(Files.readString(schema)),
                                tiers(Files.readString(tiers))));
            }
        }
        return Optional.empty();
    }

    private static PublishedLinks read(JsonNode schema, Map<String, String> tiers) {
        List<Link> links = new ArrayList<>();
        schema.path("definitions")
                .properties()
                .forEach(resource ->
                        resource.getValue()
                                .path("links")
                                .forEach(link -> {
                                    String method = link.path("method").asString();
                                    String path =
                                            link.path("href")
                                                    .asString()
                                                    .replaceAll("\\{[^}]*}", "{}");
                                    links.add(
                                            new Link(
                                                    resource.getKey(),
                                                    method,
                                                    path,
                                                    tiers.getOrDefault(
                                                            resource.getKey()
                                                                    + " "
                                                                    + method
                                                                    + " "
                                                                    + path,
                                                            "C"),
                                                    target(resource.getKey(), link),
                                                    link.path("schema")));
                                }));
        return new PublishedLinks(links, schema);
    }

    /// The resource itself where the link says nothing else, and nothing where it is empty.
    private static JsonNode target(String resource, JsonNode link) {
        if (link.has("targetSchema")) {
            return link.get("targetSchema");
        }
        if (link.path("rel").asString("").equals("empty")) {
            ObjectNode nothing =
                    JsonMapper.shared().createObjectNode().put("additionalProperties", false);
            nothing.putArray("type").add("object");
            return nothing;
        }
        ObjectNode own =
                JsonMapper.shared().createObjectNode().put("$ref", "#/definitions/" + resource);
        if (!link.path("rel").asString("").equals("instances")) {
            return own;
        }
        ObjectNode list = JsonMapper.shared().createObjectNode();
        list.putArray("type").add("array");
        list.set("items", own);
        return list;
    }

    private static Map<String, String> tiers(String page) {
        Map<String, String> tiers = new HashMap<>();
        for (MatchResult tier : TIER.matcher(page).results().toList()) {
            for (String row : tier.group(2).split("\\n", -1)) {
                String resource = row.startsWith("| ") ? row.split("\\|", -1)[1].strip() : "";
                CALL.matcher(row)
                        .results()
                        .forEach(call ->
                                tiers.put(
                                        resource
                                                + " "
                                                + call.group(1)
                                                + " "
                                                + call.group(2).strip(),
                                        tier.group(1)));
            }
        }
        return tiers;
    }
}
