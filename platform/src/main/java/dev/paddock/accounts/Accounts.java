package dev.paddock.accounts;

import dev.paddock.store.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Accounts and keys; the sole writer of both. Keys are 160 random bits, stored as SHA-256. Safe for any thread.
public final class Accounts {
    public Accounts(Database database, InstantSource clock) {
        throw new UnsupportedOperationException();
    }

    /// Makes an account; e-mail addresses are unique without regard to case.
    public Account create(String email, String name) {
        throw new UnsupportedOperationException();
    }

    /// Changes the name a person is shown by; the e-mail address stays.
    public Account rename(Account account, String name) {
        throw new UnsupportedOperationException();
    }

    public List<Account> all() {
        throw new UnsupportedOperationException();
    }

    /// By id, e-mail or `~` (which is `self`).
    public Optional<Account> find(String idOrEmail, Account self) {
        throw new UnsupportedOperationException();
    }

    /// The key's account; empty for unknown, revoked and expired keys.
    public Optional<Authenticated> authenticate(String token) {
        throw new UnsupportedOperationException();
    }

    public Authorization.Issued issue(
            Account account, String description, Optional<Duration> life) {
        throw new UnsupportedOperationException();
    }

    public List<Authorization> authorizations(Account account) {
        throw new UnsupportedOperationException();
    }

    public void revoke(Account account, UUID authorization) {
        throw new UnsupportedOperationException();
    }

    /// Who a key belongs to, and which key it was.
    public record Authenticated(Account account, Authorization authorization) {}
}
