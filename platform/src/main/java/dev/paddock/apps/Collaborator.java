package dev.paddock.apps;

import dev.paddock.core.Actor;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/// Somebody with access to an app: its owner, or a user the owner gave it to.
public record Collaborator(
        UUID id,
        Actor user,
        boolean owner,
        Set<Permission> permissions,
        Instant createdAt,
        Instant updatedAt) {
    public Collaborator {
        permissions = permissions.isEmpty() ? Set.of() : EnumSet.copyOf(permissions);
    }
}
