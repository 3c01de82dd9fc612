package dev.paddock.api;

import static dev.paddock.api.Representations.appIdentity;
import static dev.paddock.api.Representations.date;
import static dev.paddock.api.Representations.object;

import dev.paddock.core.App;
import dev.paddock.drains.LogDrain;
import tools.jackson.databind.node.ObjectNode;

/// The JSON of log drains.
final class DrainRepresentations {
    private DrainRepresentations() {}

    static String url(Fields fields) {
        return fields.requiredText("url").strip();
    }

    static ObjectNode drain(App app, LogDrain drain) {
        ObjectNode json =
                object().put("id", drain.id().toString())
                        .put("token", drain.token())
                        .put("url", drain.url())
                        .put("created_at", date(drain.createdAt()))
                        .put("updated_at", date(drain.updatedAt()))
                        .putNull("addon");
        json.set("app", appIdentity(app));
        return json;
    }
}
