package dev.paddock.accounts;

import dev.paddock.core.UserError;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/// A program that users may let act for them.
///
/// @param secret proves that a request comes from it
public record OAuthClient(
        UUID id,
        UUID account,
        String name,
        String redirectUri,
        String secret,
        Instant createdAt,
        Instant updatedAt) {
    private static final int MAX_NAME = 100;
    private static final int MAX_URI = 1000;
    private static final Set<String> OWN_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    /// What the owner says of it.
    public record Wanted(String name, String redirectUri) {
        public Wanted {
            if (name.isBlank()
                    || name.length() > MAX_NAME
                    || name.chars().anyMatch(Character::isISOControl)) {
                throw UserError.invalid(
                        "Name must have 1 to "
                                + MAX_NAME
                                + " characters and no control characters.");
            }
            check(redirectUri);
        }

        /// A code that travels in plain text can be read on its way.
        private static void check(String uri) {
            if (uri.length() > MAX_URI || !isSafe(uri)) {
                throw UserError.invalid(
                        "Redirect URI must be an https URL without a fragment, or an http URL of localhost.");
            }
        }

        private static boolean isSafe(String text) {
            try {
                URI uri = new URI(text);
                String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
                String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
                return uri.getHost() != null
                        && uri.getFragment() == null
                        && uri.getUserInfo() == null
                        && (scheme.equals("https")
                                || (scheme.equals("http") && OWN_MACHINE.contains(host)));
            } catch (URISyntaxException e) {
                return false;
            }
        }
    }

    @Override
    public String toString() {
        return "OAuthClient[" + id + "]";
    }
}
