package dev.paddock.webhooks;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// What a webhook is sent, as Heroku spells it.
final class Payload {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String VERSION = "application/vnd.heroku+json; version=3";

    private Payload() {}

    static String of(Deliveries.Due due, UUID attempt, Instant now) {
        WebhookEvent event = due.event();
        ObjectNode json =
                JSON.createObjectNode()
                        .put("id", event.id().toString())
                        .put("action", event.action())
                        .put("resource", event.resource())
                        .put("version", VERSION)
                        .put("created_at", date(event.createdAt()))
                        .put("updated_at", date(event.createdAt()))
                        .put("published_at", date(now))
                        .putNull("sequence");
        json.putObject("actor")
                .put("id", event.actor().id().toString())
                .put("email", event.actor().email());
        json.set("data", JSON.readTree(event.data()));
        json.putObject("previous_data");
        ObjectNode metadata = json.putObject("webhook_metadata");
        metadata.putObject("attempt").put("id", attempt.toString());
        metadata.putObject("delivery").put("id", due.id().toString());
        metadata.putObject("event")
                .put("id", event.id().toString())
                .put("include", event.include());
        metadata.putObject("webhook").put("id", due.webhook().toString());
        return json.toString();
    }

    private static String date(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
