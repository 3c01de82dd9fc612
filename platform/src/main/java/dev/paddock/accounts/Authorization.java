package dev.paddock.accounts;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// A key of an account, without its secret.
///
/// @param session whether a login in the browser made it
/// @param client empty for a key that the user has themselves
/// @param expiresAt of a client's authorization, when its token does
public record Authorization(
        UUID id,
        UUID account,
        String description,
        List<Scope> scope,
        boolean session,
        Optional<Client> client,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> expiresAt) {

    /// The program that acts for the user with it.
    public record Client(UUID id, String name, String redirectUri) {}

    /// A key just made: the only moment its secret is known.
    public record Issued(Authorization authorization, String token) {
        @Override
        public String toString() {
            return "Issued[" + authorization.id() + "]";
        }
    }
}
