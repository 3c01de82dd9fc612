package dev.paddock.accounts;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// A key of an account, without its secret.
///
/// @param session whether a login in the browser made it
public record Authorization(
        UUID id,
        UUID account,
        String description,
        List<Scope> scope,
        boolean session,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> expiresAt) {

    /// A key just made: the only moment its secret is known.
    public record Issued(Authorization authorization, String token) {
        @Override
        public String toString() {
            return "Issued[" + authorization.id() + "]";
        }
    }
}
