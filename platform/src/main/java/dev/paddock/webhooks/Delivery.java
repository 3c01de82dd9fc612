package dev.paddock.webhooks;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/// An event on its way to a webhook.
///
/// @param number in the order they were made
public record Delivery(
        UUID id,
        long number,
        UUID webhook,
        Webhook.Level level,
        UUID event,
        String include,
        Status status,
        int attempts,
        Optional<Instant> nextAttemptAt,
        Optional<Attempt> lastAttempt,
        Instant createdAt,
        Instant updatedAt) {

    /// How far a delivery has come.
    public enum Status {
        PENDING,
        RETRYING,
        FAILED,
        SUCCEEDED
    }

    /// One try to tell it.
    ///
    /// @param code the status of the answer, when there was one
    /// @param error what went wrong, in a word
    public record Attempt(UUID id, Optional<Integer> code, Optional<String> error, Instant at) {
        boolean succeeded() {
            return error.isEmpty();
        }
    }
}
