package dev.paddock.accounts;

import dev.paddock.core.Actor;
import java.time.Instant;
import java.util.UUID;

/// A user of the platform.
///
/// @param operator whether they may add users
public record Account(
        UUID id,
        String email,
        String name,
        boolean operator,
        Instant createdAt,
        Instant updatedAt) {
    public Actor actor() {
        return new Actor(id, email);
    }
}
