package dev.paddock.api;

import dev.paddock.accounts.Account;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What an Authorization header presents: a key, as `Bearer KEY` or as the password of Basic.
///
/// @param user the name that came with Basic
record Credentials(String user, String key) {
    static Optional<Credentials> parse(@Nullable String authorization) {
        if (authorization == null) {
            return Optional.empty();
        }
        String[] parts = authorization.strip().split("\\s+", 2);
        if (parts.length < 2) {
            return Optional.empty();
        }
        return switch (parts[0].toLowerCase(Locale.ROOT)) {
            case "bearer" -> Optional.of(new Credentials("", parts[1]));
            case "basic" -> basic(parts[1]);
            case String other -> Optional.empty();
        };
    }

    private static Optional<Credentials> basic(String base64) {
        try {
            String pair = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : Optional.of(
                            new Credentials(pair.substring(0, colon), pair.substring(colon + 1)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// Any name will do but somebody else's address.
    boolean mayBe(Account account) {
        return user.indexOf('@') < 0 || user.equalsIgnoreCase(account.email());
    }

    @Override
    public String toString() {
        return "Credentials[" + user + "]";
    }
}
