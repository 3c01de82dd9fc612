package dev.paddock.accounts;

import java.time.Instant;
import java.util.UUID;

/// The public half of an account's SSH key.
public record SshKey(
        UUID id, String publicKey, String comment, String fingerprint, Instant createdAt) {}
