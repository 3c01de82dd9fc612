package dev.paddock.accounts;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;

/// Makes keys of 160 random bits, of which the database keeps SHA-256. Safe for any thread.
final class Secrets {
    private static final int KEY_BYTES = 20;

    /// Tells a person (and a secret scanner) what the string is good for.
    private static final String KEY_PREFIX = "paddock-";

    private final SecureRandom random = new SecureRandom();

    String fresh() {
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        return KEY_PREFIX + HexFormat.of().formatHex(key);
    }

    static byte[] hash(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
