package dev.paddock.api;

import dev.paddock.apps.Apps;
import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import dev.paddock.core.Release;
import dev.paddock.dyno.DynoKind;
import dev.paddock.dyno.DynoTransition;
import dev.paddock.webhooks.Webhooks;
import io.javalin.http.HandlerType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/// Makes events for webhooks out of what happens: answers of the API, releases, dynos. One thread does so, in order,
/// and nobody waits for it or fails with it. Safe for any thread.
final class WebhookEvents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookEvents.class);

    /// Far more than happens within a second; what comes beyond it is told of in the log alone.
    private static final int MAX_WAITING = 10_000;

    private static final long CLOSE_SECONDS = 5;

    /// What is below an app, as paths and as events name it. Releases and dynos change by themselves, too.
    private static final Map<String, String> RESOURCES =
            Map.of(
                    "domains", "domain",
                    "collaborators", "collaborator",
                    "formation", "formation",
                    "sni-endpoints", "sni-endpoint",
                    "builds", "build",
                    "addons", "addon");

    private final Webhooks webhooks;
    private final Apps apps;
    private final Representations representations;
    private final WebhookRepresentations json = new WebhookRepresentations();
    private final ThreadPoolExecutor worker =
            new ThreadPoolExecutor(
                    1,
                    1,
                    0,
                    TimeUnit.SECONDS,
                    new ArrayBlockingQueue<>(MAX_WAITING),
                    Thread.ofVirtual().name("webhook-events").factory());

    WebhookEvents(Webhooks webhooks, Apps apps, Representations representations) {
        this.webhooks = webhooks;
        this.apps = apps;
        this.representations = representations;
    }

    /// A request that changed something was answered.
    void answered(Route route, Actor actor, JsonNode answer) {
        Optional<String> resource = resource(route);
        if (resource.isEmpty()) {
            return;
        }
        String action = action(route.method());
        List<JsonNode> things = answer.isArray() ? List.copyOf(answer.values()) : List.of(answer);
        for (JsonNode thing : things) {
            WebhookRepresentations.app(resource.get(), thing)
                    .ifPresent(app ->
                            later(() ->
                                    publish(app, resource.get(), action, actor, thing.toString())));
        }
    }

    /// The kind of thing that requests of this route change; empty when nobody hears of it.
    static Optional<String> resource(Route route) {
        List<String> parts = List.of(route.path().split("/", -1));
        boolean app = route.path().startsWith("/apps/{app}");
        boolean shown = parts.size() <= 4 || (parts.size() == 5 && parts.get(4).startsWith("{"));
        if (route.method().equals(HandlerType.GET) || !app || !shown) {
            return Optional.empty();
        }
        if (parts.size() == 3) {
            return route.method().equals(HandlerType.PATCH) ? Optional.of("app") : Optional.empty();
        }
        return Optional.ofNullable(RESOURCES.get(parts.get(3)));
    }

    private static String action(HandlerType method) {
        return method.equals(HandlerType.POST)
                ? "create"
                : method.equals(HandlerType.DELETE) ? "destroy" : "update";
    }

    void released(Release release, boolean isNew) {
        later(() -> {
            if (webhooks.heard(release.app(), "api:release")) {
                apps.find(release.app())
                        .ifPresent(app ->
                                publish(
                                        app.id(),
                                        "release",
                                        isNew ? "create" : "update",
                                        release.user(),
                                        representations.release(app, release).toString()));
            }
        });
    }

    /// Nobody in particular is behind it: the owner of the app is named.
    void changed(DynoTransition transition) {
        if (transition.kind() == DynoKind.BUILD) {
            return;
        }
        String action =
                switch (transition.to()) {
                    case CREATED, STARTING -> "create";
                    case UP, IDLE -> "update";
                    case CRASHED, DOWN, COMPLETE -> "destroy";
                };
        later(() -> {
            if (webhooks.heard(transition.app(), "api:dyno")) {
                apps.find(transition.app())
                        .ifPresent(app ->
                                publish(
                                        app.id(),
                                        "dyno",
                                        action,
                                        app.owner(),
                                        json.dyno(app, transition).toString()));
            }
        });
    }

    private void publish(AppId app, String resource, String action, Actor actor, String data) {
        webhooks.publish(app, "api:" + resource, action, actor, data);
    }

    private void later(Runnable event) {
        try {
            worker.execute(() -> {
                try {
                    event.run();
                } catch (RuntimeException e) {
                    LOG.warn("An event for webhooks was lost", e);
                }
            });
        } catch (RejectedExecutionException e) {
            if (worker.isShutdown()) {
                // The platform ends; what its dynos do then is told to nobody.
                return;
            }
            LOG.warn("An event for webhooks was lost: {} wait already", MAX_WAITING);
        }
    }

    @Override
    public void close() {
        worker.shutdown();
        try {
            if (!worker.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                worker.shutdownNow();
            }
        } catch (InterruptedException e) {
            worker.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
