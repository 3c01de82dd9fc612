package dev.paddock.accounts;

import dev.paddock.core.Actor;
import java.time.Instant;
import java.util.UUID;

/// A user of the platform.
public record Account(UUID id, String email, String name, Instant createdAt, Instant updatedAt) {
    public Actor actor() {
        return new Actor(id, email);
    }
}
