package dev.paddock.domains;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/// Keys and certificates as PEM text. A key file holds the private key (PKCS #8) and then its public key.
final class Pem {
    private static final Base64.Encoder LINES =
            Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

    private Pem() {}

    static String certificate(byte[] der) {
        return block("CERTIFICATE", der);
    }

    static X509Certificate certificate(String pem) throws GeneralSecurityException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(
                                new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    }

    static String privateKey(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    static String keyPair(KeyPair key) {
        return privateKey(key.getPrivate()) + block("PUBLIC KEY", key.getPublic().getEncoded());
    }

    static KeyPair keyPair(String pem) throws GeneralSecurityException {
        KeyFactory keys = KeyFactory.getInstance("EC");
        PrivateKey secret =
                keys.generatePrivate(new PKCS8EncodedKeySpec(bytes("PRIVATE KEY", pem)));
        PublicKey open = keys.generatePublic(new X509EncodedKeySpec(bytes("PUBLIC KEY", pem)));
        return new KeyPair(open, secret);
    }

    private static String block(String label, byte[] bytes) {
        return "-----BEGIN "
                + label
                + "-----\n"
                + LINES.encodeToString(bytes)
                + "\n-----END "
                + label
                + "-----\n";
    }

    private static byte[] bytes(String label, String pem) throws InvalidKeyException {
        String head = "-----BEGIN " + label + "-----";
        int begin = pem.indexOf(head);
        int end = pem.indexOf("-----END " + label + "-----");
        if (begin < 0 || end < begin) {
            throw new InvalidKeyException("a key file has no " + label);
        }
        try {
            return Base64.getMimeDecoder().decode(pem.substring(begin + head.length(), end));
        } catch (IllegalArgumentException e) {
            throw new InvalidKeyException("a key file is damaged", e);
        }
    }
}
