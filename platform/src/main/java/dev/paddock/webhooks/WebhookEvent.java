package dev.paddock.webhooks;

import dev.paddock.core.Actor;
import dev.paddock.core.AppId;
import java.time.Instant;
import java.util.UUID;

/// Something that happened to an app.
///
/// @param include the kind of the thing it happened to, as `api:release`
/// @param action `create`, `update` or `destroy`
/// @param data the thing as the API shows it, as JSON
public record WebhookEvent(
        UUID id,
        AppId app,
        String include,
        String action,
        Actor actor,
        String data,
        Instant createdAt) {
    /// The kind as payloads spell it.
    public String resource() {
        return include.substring(include.indexOf(':') + 1);
    }
}
