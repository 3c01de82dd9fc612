package dev.paddock.api;

import static dev.paddock.api.Route.delete;
import static dev.paddock.api.Route.get;
import static dev.paddock.api.Route.patch;
import static dev.paddock.api.Route.post;

import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.webhooks.Deliveries;
import dev.paddock.webhooks.Delivery;
import dev.paddock.webhooks.Webhook;
import dev.paddock.webhooks.WebhookEvent;
import dev.paddock.webhooks.Webhooks;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Webhooks of apps, what they heard of, and how that was delivered.
final class WebhookEndpoints {
    /// Shown once, when the secret is new.
    private static final String SECRET = "Heroku-Webhook-Secret";

    private static final List<Page.Key<Webhook>> WEBHOOK_KEYS =
            List.of(Page.Key.text("id", webhook -> webhook.id().toString()));
    private static final List<Page.Key<WebhookEvent>> EVENT_KEYS =
            List.of(Page.Key.text("id", event -> event.id().toString()));
    private static final List<Page.Key<Delivery>> DELIVERY_KEYS =
            List.of(
                    Page.Key.number("seq", delivery -> Math.toIntExact(delivery.number())),
                    Page.Key.text("id", delivery -> delivery.id().toString()));

    private final AppEndpoints apps;
    private final Webhooks webhooks;
    private final Deliveries deliveries;
    private final WebhookRepresentations json = new WebhookRepresentations();

    WebhookEndpoints(AppEndpoints apps, Webhooks webhooks, Deliveries deliveries) {
        this.apps = apps;
        this.webhooks = webhooks;
        this.deliveries = deliveries;
    }

    List<Route> routes() {
        return List.of(
                post("/apps/{app}/webhooks", apps.alone(this::add)),
                get("/apps/{app}/webhooks", this::list),
                get("/apps/{app}/webhooks/{webhook}", this::info),
                patch("/apps/{app}/webhooks/{webhook}", apps.alone(this::change)),
                delete("/apps/{app}/webhooks/{webhook}", apps.alone(this::remove)),
                get("/apps/{app}/webhook-events", this::events),
                get("/apps/{app}/webhook-events/{event}", this::event),
                get("/apps/{app}/webhook-deliveries", this::deliveries),
                get("/apps/{app}/webhook-deliveries/{delivery}", this::delivery));
    }

    private Answer add(Call call) {
        App app = apps.find(call);
        return made(app, webhooks.add(app, WebhookRepresentations.newWebhook(call.fields())), 201);
    }

    private Answer made(App app, Webhooks.Made made, int status) {
        return new Answer(
                status,
                json.webhook(app, made.webhook()),
                made.secret().map(secret -> Map.of(SECRET, secret)).orElse(Map.of()));
    }

    private Answer list(Call call) {
        App app = apps.find(call);
        return Answer.page(
                Page.of(webhooks.list(app), call.range(), WEBHOOK_KEYS)
                        .map(webhook -> json.webhook(app, webhook)));
    }

    private Answer info(Call call) {
        App app = apps.find(call);
        return Answer.ok(json.webhook(app, webhooks.get(app, call.path("webhook"))));
    }

    private Answer change(Call call) {
        App app = apps.find(call);
        Webhook webhook = webhooks.get(app, call.path("webhook"));
        Webhooks.Wanted wanted = WebhookRepresentations.change(webhook, call.fields());
        return made(app, webhooks.change(app, webhook, wanted), 200);
    }

    private Answer remove(Call call) {
        App app = apps.find(call);
        Webhook webhook = webhooks.get(app, call.path("webhook"));
        webhooks.remove(webhook);
        return Answer.ok(json.webhook(app, webhook));
    }

    private Answer events(Call call) {
        return Answer.page(
                Page.of(webhooks.events(apps.find(call)), call.range(), EVENT_KEYS)
                        .map(json::event));
    }

    private Answer event(Call call) {
        String id = call.path("event");
        return Answer.ok(
                webhooks.events(apps.find(call)).stream()
                        .filter(event -> event.id().toString().equalsIgnoreCase(id))
                        .findFirst()
                        .map(json::event)
                        .orElseThrow(() -> UserError.notFound("app_webhook_event")));
    }

    /// The CLI asks for those of one status by `eq[status]`.
    private Answer deliveries(Call call) {
        Optional<String> status = call.query("eq[status]");
        List<Delivery> found =
                deliveries.list(apps.find(call)).stream()
                        .filter(delivery ->
                                status.map(WebhookRepresentations.word(delivery.status())::equals)
                                        .orElse(true))
                        .toList();
        return Answer.page(Page.of(found, call.range(), DELIVERY_KEYS).map(json::delivery));
    }

    private Answer delivery(Call call) {
        String id = call.path("delivery");
        return Answer.ok(
                deliveries.list(apps.find(call)).stream()
                        .filter(delivery -> delivery.id().toString().equalsIgnoreCase(id))
                        .findFirst()
                        .map(json::delivery)
                        .orElseThrow(() -> UserError.notFound("app_webhook_delivery")));
    }
}
