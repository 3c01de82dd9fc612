package dev.paddock.store;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// Seals secrets that the database keeps (AES-256-GCM), with a key that is in a file of its own, outside the database
/// and its backups. Immutable.
public final class Vault {
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;

    /// Begins every sealed value, so that another way of sealing can be told apart one day.
    private static final byte FORMAT = 1;

    private final SecretKey key;
    private final SecureRandom random = new SecureRandom();

    private Vault(byte[] key) {
        this.key = new SecretKeySpec(key, "AES");
    }

    /// A new key, written to a file that only its owner may read.
    static Vault create(Path file) {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            SecretFile.write(file, HexFormat.of().formatHex(key) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("Writing the key " + file, e);
        }
        return new Vault(key);
    }

    static Vault read(Path file) {
        try {
            byte[] key = HexFormat.of().parseHex(Files.readString(file).strip());
            if (key.length == KEY_BYTES) {
                return new Vault(key);
            }
        } catch (IOException | IllegalArgumentException e) {
            throw unreadable(file, e);
        }
        throw unreadable(file, new IllegalArgumentException("it has another length"));
    }

    private static UserError unreadable(Path file, Exception reason) {
        UserError error =
                new UserError(
                        "unavailable",
                        "The key that opens the config vars in the database cannot be read from %s (%s). Put back the file that belongs to this data."
                                .formatted(file, reason));
        error.initCause(reason);
        return error;
    }

    /// Seals a secret for its place alone.
    ///
    /// @param place where the value is kept, as `release/ID`: it opens at no other
    public byte[] seal(String place, String secret) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] sealed =
                crypt(Cipher.ENCRYPT_MODE, place, nonce, secret.getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.allocate(1 + NONCE_BYTES + sealed.length)
                .put(FORMAT)
                .put(nonce)
                .put(sealed)
                .array();
    }

    /// Throws IllegalStateException for what was sealed by another key or for another place, or was changed since.
    public String open(String place, byte[] sealed) {
        if (sealed.length < 1 + NONCE_BYTES || sealed[0] != FORMAT) {
            throw new IllegalStateException("What is stored for " + place + " was not sealed");
        }
        byte[] nonce = Arrays.copyOfRange(sealed, 1, 1 + NONCE_BYTES);
        byte[] rest = Arrays.copyOfRange(sealed, 1 + NONCE_BYTES, sealed.length);
        return new String(crypt(Cipher.DECRYPT_MODE, place, nonce, rest), StandardCharsets.UTF_8);
    }

    /// Tells keys apart without giving anything away.
    byte[] fingerprint() {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal("paddock key fingerprint".getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every Java platform has HmacSHA256", e);
        }
    }

    private byte[] crypt(int mode, String place, byte[] nonce, byte[] input) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(place.getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "What is stored for " + place + " cannot be opened with this key", e);
        }
    }

    @Override
    public String toString() {
        return "Vault";
    }
}
