package dev.paddock.drains;

import dev.paddock.core.AppId;
import java.time.Instant;
import java.util.UUID;

/// Where a copy of an app's log goes.
///
/// @param url as its owner gave it; may hold a password
/// @param token names the drain to its target: `d.` and a UUID
public record LogDrain(
        UUID id, AppId app, String url, String token, Instant createdAt, Instant updatedAt) {
    @Override
    public String toString() {
        return token;
    }
}
