package dev.paddock.router;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads a private key that is not encrypted: PKCS#8 (RFC 5958), or the older forms of RSA (RFC 8017) and EC keys (RFC 5915).
final class PemKey {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN (RSA |EC |)PRIVATE KEY-----([^-]+)-----END ");

    private PemKey() {}

    /// @param partner of the same pair, which says what kind of key it is
    /// @throws IllegalArgumentException when the text holds no such key
    /// @throws GeneralSecurityException when the key is none of this kind
    static PrivateKey read(String pem, PublicKey partner) throws GeneralSecurityException {
        Matcher block = BLOCK.matcher(pem);
        if (!block.find()) {
            throw new IllegalArgumentException(
                    "the key is no PEM text with BEGIN PRIVATE KEY, BEGIN RSA PRIVATE KEY or BEGIN EC PRIVATE KEY; is it encrypted?");
        }
        byte[] key = Base64.getMimeDecoder().decode(block.group(2));
        if (!block.group(1).isEmpty()) {
            // PKCS#8 is the same with a version and the algorithm in front, which the public key
            // names too.
            byte[] algorithm = Der.firstIn(partner.getEncoded());
            byte[] version = Der.of(Der.INTEGER, new byte[] {0});
            key = Der.of(Der.SEQUENCE, version, algorithm, Der.of(Der.OCTET_STRING, key));
        }
        return KeyFactory.getInstance(partner.getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(key));
    }
}
