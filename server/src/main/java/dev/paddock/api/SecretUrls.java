package dev.paddock.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// URLs that need no API key, because they hold a secret of 128 bits, and that expire. Immutable; safe for any thread.
///
/// The secret is a signature under a key that lives as long as this process: after a restart of the platform a client
/// asks for a new URL.
final class SecretUrls {
    private static final int SECRET_BYTES = 16;
    private static final int KEY_BYTES = 32;
    private static final Pattern PARAMETERS =
            Pattern.compile("([^?]*)\\?expires=([0-9]+)&signature=([0-9a-f]+)");
    private static final String ALGORITHM = "HmacSHA256";

    private final String apiUrl;
    private final InstantSource clock;
    private final SecretKeySpec key;

    /// @param apiUrl under which users reach the API, without a slash at the end
    SecretUrls(String apiUrl, InstantSource clock) {
        this.apiUrl = apiUrl;
        this.clock = clock;
        byte[] random = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(random);
        this.key = new SecretKeySpec(random, ALGORITHM);
    }

    /// A URL for this method and path, good for `life`.
    String url(String method, String path, Duration life) {
        long end = clock.instant().plus(life).getEpochSecond();
        return apiUrl + path + "?expires=" + end + "&signature=" + signature(method, path, end);
    }

    /// Whether these are the parameters of a URL of ours that has not expired.
    boolean accept(
            String method, String path, Optional<String> expires, Optional<String> signature) {
        if (expires.isEmpty() || signature.isEmpty() || !expires.get().matches("[0-9]{1,12}")) {
            return false;
        }
        long end = Long.parseLong(expires.get());
        boolean genuine =
                MessageDigest.isEqual(
                        signature(method, path, end).getBytes(UTF_8),
                        signature.get().getBytes(UTF_8));
        return genuine && clock.instant().getEpochSecond() < end;
    }

    /// The id in a URL that was made here for this method and path, where `{...}` stands for the id, and that has not
    /// expired; empty for any other URL.
    Optional<String> ofOurs(String method, String url, String pattern) {
        String before = pattern.substring(0, pattern.indexOf('{'));
        if (!url.startsWith(apiUrl + before)) {
            return Optional.empty();
        }
        Matcher parts = PARAMETERS.matcher(url.substring(apiUrl.length()));
        boolean accepted =
                parts.matches()
                        && accept(
                                method,
                                parts.group(1),
                                Optional.of(parts.group(2)),
                                Optional.of(parts.group(3)));
        return accepted ? Optional.of(parts.group(1).substring(before.length())) : Optional.empty();
    }

    private String signature(String method, String path, long end) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] whole = mac.doFinal((method + "\n" + path + "\n" + end).getBytes(UTF_8));
            return HexFormat.of().formatHex(Arrays.copyOf(whole, SECRET_BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
