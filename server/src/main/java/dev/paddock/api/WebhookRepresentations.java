package dev.paddock.api;

import static dev.paddock.api.Representations.appIdentity;
import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.core.App;
import dev.paddock.core.AppId;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.dyno.Exit;
import dev.paddock.webhooks.Delivery;
import dev.paddock.webhooks.Webhook;
import dev.paddock.webhooks.WebhookEvent;
import dev.paddock.webhooks.Webhooks;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of webhooks, their events and deliveries. Immutable.
final class WebhookRepresentations {
    private static final String VERSION = "application/vnd.heroku+json; version=3";

    ObjectNode webhook(App app, Webhook webhook) {
        ObjectNode json =
                object().put("id", webhook.id().toString())
                        .put("url", webhook.url())
                        .put("level", webhook.level().toString())
                        .put("created_at", date(webhook.createdAt()))
                        .put("updated_at", date(webhook.updatedAt()));
        ArrayNode include = json.putArray("include");
        webhook.include().forEach(include::add);
        json.set("app", appIdentity(app));
        return json;
    }

    static Webhooks.Wanted newWebhook(Fields fields) {
        return new Webhooks.Wanted(
                fields.requiredText("url"),
                fields.strings("include"),
                Webhook.Level.parse(fields.requiredText("level")),
                fields.text("secret"),
                fields.text("authorization"));
    }

    /// What is not named stays as it is.
    static Webhooks.Wanted change(Webhook webhook, Fields fields) {
        return new Webhooks.Wanted(
                fields.text("url").orElse(webhook.url()),
                fields.has("include") ? fields.strings("include") : webhook.include(),
                fields.text("level").map(Webhook.Level::parse).orElse(webhook.level()),
                fields.text("secret"),
                fields.text("authorization"));
    }

    ObjectNode event(WebhookEvent event) {
        ObjectNode json =
                object().put("id", event.id().toString())
                        .put("include", event.include())
                        .put("created_at", date(event.createdAt()))
                        .put("updated_at", date(event.createdAt()));
        ObjectNode payload =
                json.putObject("payload")
                        .put("action", event.action())
                        .put("resource", event.resource())
                        .put("version", VERSION);
        payload.putObject("actor")
                .put("id", event.actor().id().toString())
                .put("email", event.actor().email());
        payload.set("data", JsonMapper.shared().readTree(event.data()));
        payload.putObject("previous_data");
        return json;
    }

    ObjectNode delivery(Delivery delivery) {
        ObjectNode json =
                object().put("id", delivery.id().toString())
                        .put("status", word(delivery.status()))
                        .put("num_attempts", delivery.attempts())
                        .put(
                                "next_attempt_at",
                                delivery.nextAttemptAt().map(Representations::date).orElse(null))
                        .put("created_at", date(delivery.createdAt()))
                        .put("updated_at", date(delivery.updatedAt()));
        json.putObject("event")
                .put("id", delivery.event().toString())
                .put("include", delivery.include());
        json.putObject("webhook")
                .put("id", delivery.webhook().toString())
                .put("level", delivery.level().toString());
        if (delivery.lastAttempt().isEmpty()) {
            return json.putNull("last_attempt");
        }
        Delivery.Attempt last = delivery.lastAttempt().get();
        json.putObject("last_attempt")
                .put("id", last.id().toString())
                .put("code", last.code().orElse(null))
                .put("error_class", last.error().orElse(null))
                .put("status", last.error().isEmpty() ? "succeeded" : "failed")
                .put("created_at", date(last.at()))
                .put("updated_at", date(last.at()));
        return json;
    }

    static String word(Delivery.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    /// Which app an answer about it or about a part of it speaks of.
    static Optional<AppId> app(String resource, JsonNode answer) {
        JsonNode id = resource.equals("app") ? answer.path("id") : answer.at("/app/id");
        try {
            return id.isString()
                    ? Optional.of(new AppId(UUID.fromString(id.stringValue())))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// A dyno whose state changed; one that has ended is no longer there to be asked for.
    ObjectNode dyno(App app, DynoTransition transition) {
        ObjectNode json =
                object().put("id", transition.dyno().toString())
                        .put("name", transition.name().toString())
                        .put("type", transition.name().type().value())
                        .put("state", transition.to().toString())
                        .put("size", transition.size().name())
                        .put("command", transition.command())
                        .put("exit_status", transition.exit().map(Exit::status).orElse(null))
                        .put("created_at", date(transition.date()))
                        .put("updated_at", date(transition.date()));
        json.set("app", appIdentity(app));
        json.putObject("release").put("version", transition.release().number());
        return json;
    }
}
