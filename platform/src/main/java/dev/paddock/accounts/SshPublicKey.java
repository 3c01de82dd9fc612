package dev.paddock.accounts;

import dev.paddock.core.UserError;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The public half of an SSH key, as the `.pub` file of ssh-keygen has it (RFC 4253 section 6.6).
///
/// @param text type, key and comment on one line
record SshPublicKey(String text, String comment, String fingerprint) {
    private static final int MAX_TEXT = 16 * 1024;
    private static final int MAX_COMMENT = 200;
    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 16_384;
    private static final int ED25519_BYTES = 32;
    private static final String SECURITY_KEY = "@openssh.com";

    /// Bytes of an uncompressed point on each curve.
    private static final Map<String, Integer> CURVES =
            Map.of("nistp256", 65, "nistp384", 97, "nistp521", 133);

    private static final Pattern LINE =
            Pattern.compile("([a-z0-9@.-]{1,64})[ \\t]+([A-Za-z0-9+/]+={0,2})(?:[ \\t]+(.*))?");

    /// Throws UserError for anything else than one good key.
    static SshPublicKey parse(String given) {
        String line = given.strip();
        if (line.contains("PRIVATE KEY")) {
            throw refused("this is a private key, which must never leave your machine");
        }
        Matcher matcher = LINE.matcher(line);
        if (line.length() > MAX_TEXT || !matcher.matches()) {
            throw refused("it is not one line of type, key and comment");
        }
        String type = matcher.group(1);
        byte[] blob = decode(matcher.group(2));
        check(type, blob);
        String comment = matcher.group(3) == null ? "" : matcher.group(3).strip();
        if (comment.length() > MAX_COMMENT || comment.chars().anyMatch(Character::isISOControl)) {
            throw refused("its comment has more than " + MAX_COMMENT + " or odd characters");
        }
        return new SshPublicKey(
                (type + " " + matcher.group(2) + " " + comment).strip(),
                comment,
                fingerprint(blob));
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw refused("it is cut off or damaged");
        }
    }

    private static void check(String type, byte[] blob) {
        ByteBuffer rest = ByteBuffer.wrap(blob);
        try {
            if (!text(rest).equals(type)) {
                throw refused("it is not of the type that it names");
            }
            switch (type) {
                case "ssh-rsa" -> checkRsa(rest);
                case "ssh-ed25519", "sk-ssh-ed25519" + SECURITY_KEY -> {
                    require(field(rest).length == ED25519_BYTES);
                }
                case "ecdsa-sha2-nistp256",
                        "ecdsa-sha2-nistp384",
                        "ecdsa-sha2-nistp521",
                        "sk-ecdsa-sha2-nistp256" + SECURITY_KEY ->
                        checkPoint(type, rest);
                case String other -> throw refused("keys of type " + other + " are not accepted");
            }
            if (type.startsWith("sk-")) {
                require(!text(rest).isEmpty());
            }
            require(!rest.hasRemaining());
        } catch (BufferUnderflowException e) {
            throw refused("it is cut off or damaged");
        }
    }

    private static void checkRsa(ByteBuffer rest) {
        BigInteger exponent = new BigInteger(nonEmpty(field(rest)));
        BigInteger modulus = new BigInteger(nonEmpty(field(rest)));
        require(exponent.signum() > 0 && exponent.testBit(0) && modulus.signum() > 0);
        if (modulus.bitLength() < MIN_RSA_BITS || modulus.bitLength() > MAX_RSA_BITS) {
            throw refused(
                    "an RSA key must have "
                            + MIN_RSA_BITS
                            + " bits or more, this one has "
                            + modulus.bitLength());
        }
    }

    private static void checkPoint(String type, ByteBuffer rest) {
        String curve = text(rest);
        byte[] point = field(rest);
        require(type.replace(SECURITY_KEY, "").endsWith("-" + curve));
        require(point.length == CURVES.getOrDefault(curve, 0) && point[0] == 4);
    }

    private static byte[] nonEmpty(byte[] number) {
        require(number.length > 0);
        return number;
    }

    private static String text(ByteBuffer rest) {
        return new String(field(rest), StandardCharsets.US_ASCII);
    }

    private static byte[] field(ByteBuffer rest) {
        int length = rest.getInt();
        require(length >= 0 && length <= rest.remaining());
        byte[] field = new byte[length];
        rest.get(field);
        return field;
    }

    private static void require(boolean sound) {
        if (!sound) {
            throw refused("it is cut off or damaged");
        }
    }

    private static UserError refused(String reason) {
        return UserError.invalid(
                "Public key is not valid: "
                        + reason
                        + ". Give the content of a .pub file, as made by `ssh-keygen -t ed25519`.");
    }

    /// As `ssh-keygen -l -E md5` prints it, which is the form of the Platform API.
    private static String fingerprint(byte[] blob) {
        try {
            return HexFormat.ofDelimiter(":")
                    .formatHex(MessageDigest.getInstance("MD5").digest(blob));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has MD5", e);
        }
    }
}
