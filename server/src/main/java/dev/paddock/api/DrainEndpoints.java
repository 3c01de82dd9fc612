package dev.paddock.api;

import dev.paddock.core.App;
import dev.paddock.core.UserError;
import dev.paddock.drains.Drains;
import dev.paddock.drains.LogDrain;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/// Log drains of apps.
final class DrainEndpoints {
    private static final List<Page.Key<LogDrain>> KEYS =
            List.of(
                    Page.Key.text("id", drain -> drain.id().toString()),
                    Page.Key.text("url", LogDrain::url));

    private final AppEndpoints apps;
    private final Drains drains;

    DrainEndpoints(AppEndpoints apps, Drains drains) {
        this.apps = apps;
        this.drains = drains;
    }

    Answer list(Call call) {
        App app = apps.find(call);
        return Answer.page(
                Page.of(drains.list(app.id()), call.range(), KEYS)
                        .map(drain -> DrainRepresentations.drain(app, drain)));
    }

    Answer info(Call call) {
        App app = apps.find(call);
        return Answer.ok(DrainRepresentations.drain(app, find(call, app)));
    }

    Answer add(Call call) {
        App app = apps.find(call);
        String url = DrainRepresentations.url(call.fields());
        return Answer.created(DrainRepresentations.drain(app, drains.add(app.id(), url)));
    }

    Answer remove(Call call) {
        App app = apps.find(call);
        LogDrain drain = find(call, app);
        ObjectNode removed = DrainRepresentations.drain(app, drain);
        drains.remove(drain);
        return Answer.ok(removed);
    }

    private LogDrain find(Call call, App app) {
        return drains.find(app.id(), call.path("drain"))
                .orElseThrow(() -> UserError.notFound("log_drain"));
    }
}
