package dev.paddock.domains;

import dev.paddock.core.UserError;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.jspecify.annotations.Nullable;

/// A certificate with its key that a user sent, checked: the key fits, the chain holds together. Immutable.
///
/// @param chain as PEM, the leaf first, then whoever signed the one before
/// @param key as PEM (PKCS #8); a secret
/// @param trusted whether a root that this platform knows stands behind it
public record SubmittedCertificate(String chain, String key, boolean trusted) {
    private static final int MAX_CHARS = 64 * 1024;
    private static final int MAX_CERTIFICATES = 10;
    private static final int LEAST_RSA_BITS = 2048;
    private static final int MOST_RSA_BITS = 8192;

    @Override
    public String toString() {
        return "SubmittedCertificate[" + chain.length() + " chars]";
    }

    /// Reads PEM text in the forms that programs write; certificates may come in any order. Throws UserError saying
    /// what is wrong.
    public static SubmittedCertificate parse(String chainPem, String keyPem, Instant now) {
        if (chainPem.length() > MAX_CHARS || keyPem.length() > MAX_CHARS) {
            throw UserError.invalid("A certificate chain and a key have at most 64 KB each.");
        }
        Set<X509Certificate> certificates = certificates(chainPem);
        PrivateKey key = key(keyPem);
        X509Certificate leaf =
                certificates.stream()
                        .filter(certificate -> fits(certificate, key))
                        .findFirst()
                        .orElseThrow(() ->
                                UserError.invalid(
                                        "The private key does not fit the certificate: it belongs"
                                                + " to another one."));
        requireUsable(leaf, now);
        List<X509Certificate> chain = chain(leaf, certificates);
        return new SubmittedCertificate(pem(chain), Pem.privateKey(key), isTrusted(chain));
    }

    private static Set<X509Certificate> certificates(String pem) {
        Set<X509Certificate> certificates = new LinkedHashSet<>();
        for (Object object : objects(pem, "certificate chain")) {
            if (!(object instanceof X509CertificateHolder holder)) {
                throw UserError.invalid(
                        "The certificate chain holds something besides certificates; keys go into"
                                + " `private_key` alone.");
            }
            try {
                certificates.add(Pem.certificate(Pem.certificate(holder.getEncoded())));
            } catch (IOException | GeneralSecurityException e) {
                throw unreadable("certificate chain");
            }
        }
        if (certificates.isEmpty()) {
            throw unreadable("certificate chain");
        }
        if (certificates.size() > MAX_CERTIFICATES) {
            throw UserError.invalid(
                    "A certificate chain has at most " + MAX_CERTIFICATES + " certificates.");
        }
        return certificates;
    }

    private static PrivateKey key(String pem) {
        Optional<PrivateKeyInfo> info = Optional.empty();
        for (Object object : objects(pem, "private key")) {
            switch (object) {
                case PEMKeyPair pair -> info = Optional.of(pair.getPrivateKeyInfo());
                case PrivateKeyInfo plain -> info = Optional.of(plain);
                case PEMEncryptedKeyPair _, PKCS8EncryptedPrivateKeyInfo _ ->
                        throw UserError.invalid(
                                "The private key is protected by a passphrase. Remove it first, as"
                                        + " with: openssl pkey -in protected.key -out plain.key");
                // As the parameters of a curve that stand before its key.
                case Object other -> {}
            }
        }
        return plainKey(info.orElseThrow(() -> unreadable("private key")));
    }

    private static PrivateKey plainKey(PrivateKeyInfo info) {
        ASN1ObjectIdentifier kind = info.getPrivateKeyAlgorithm().getAlgorithm();
        try {
            if (kind.equals(PKCSObjectIdentifiers.rsaEncryption)) {
                return KeyFactory.getInstance("RSA")
                        .generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
            }
            if (kind.equals(X9ObjectIdentifiers.id_ecPublicKey)) {
                return ellipticKey(info);
            }
        } catch (IOException | GeneralSecurityException | RuntimeException _) {
            // The same answer as for another kind, as it may be a curve that nobody uses.
        }
        throw UserError.invalid(
                "The private key is of a kind that cannot be used: take RSA with 2048 bits or more,"
                        + " or EC with P-256, P-384 or P-521.");
    }

    /// From its number alone: the forms that programs write are more than the JDK reads.
    private static PrivateKey ellipticKey(PrivateKeyInfo info)
            throws IOException, GeneralSecurityException {
        AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
        curve.init(info.getPrivateKeyAlgorithm().getParameters().toASN1Primitive().getEncoded());
        BigInteger number = ECPrivateKey.getInstance(info.parsePrivateKey()).getKey();
        return KeyFactory.getInstance("EC")
                .generatePrivate(
                        new ECPrivateKeySpec(
                                number, curve.getParameterSpec(ECParameterSpec.class)));
    }

    /// All that stands between BEGIN and END.
    private static List<Object> objects(String pem, String what) {
        List<Object> objects = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            @Nullable Object next = parser.readObject();
            while (next != null) {
                objects.add(next);
                next = parser.readObject();
            }
            return objects;
        } catch (IOException | RuntimeException e) {
            // The parser tells damage in many ways.
            throw unreadable(what);
        }
    }

    private static UserError unreadable(String what) {
        return UserError.invalid(
                "The " + what + " cannot be read: it must be PEM, beginning with -----BEGIN.");
    }

    private static boolean fits(X509Certificate certificate, PrivateKey key) {
        if (!certificate.getPublicKey().getAlgorithm().equals(key.getAlgorithm())) {
            return false;
        }
        String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        byte[] message = {1, 2, 3};
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(message);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(message);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static void requireUsable(X509Certificate leaf, Instant now) {
        if (leaf.getNotAfter().toInstant().isBefore(now)) {
            throw UserError.invalid(
                    "The certificate expired at "
                            + leaf.getNotAfter().toInstant()
                            + ": browsers would refuse it.");
        }
        if (leaf.getPublicKey() instanceof RSAPublicKey rsa
                && (rsa.getModulus().bitLength() < LEAST_RSA_BITS
                        || rsa.getModulus().bitLength() > MOST_RSA_BITS)) {
            throw UserError.invalid(
                    "The certificate's RSA key has %d bits: clients and servers take from %d to %d."
                            .formatted(
                                    rsa.getModulus().bitLength(), LEAST_RSA_BITS, MOST_RSA_BITS));
        }
    }

    private static List<X509Certificate> chain(
            X509Certificate leaf, Set<X509Certificate> certificates) {
        List<X509Certificate> chain = new ArrayList<>(List.of(leaf));
        Set<X509Certificate> others = new LinkedHashSet<>(certificates);
        others.remove(leaf);
        Optional<X509Certificate> issuer = issuer(leaf, others);
        while (issuer.isPresent()) {
            chain.add(issuer.get());
            others.remove(issuer.get());
            issuer = issuer(issuer.get(), others);
        }
        if (!others.isEmpty()) {
            throw UserError.invalid(
                    "The certificate chain does not hold together: nothing in it was signed by "
                            + others.iterator().next().getSubjectX500Principal().getName()
                            + ".");
        }
        return chain;
    }

    private static Optional<X509Certificate> issuer(
            X509Certificate certificate, Set<X509Certificate> others) {
        return others.stream().filter(other -> signed(other, certificate)).findFirst();
    }

    private static boolean signed(X509Certificate issuer, X509Certificate certificate) {
        try {
            if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
                return false;
            }
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static String pem(List<X509Certificate> chain) {
        return chain.stream()
                .map(certificate -> {
                    try {
                        return Pem.certificate(certificate.getEncoded());
                    } catch (GeneralSecurityException e) {
                        throw new IllegalStateException("a certificate that was read before", e);
                    }
                })
                .collect(Collectors.joining());
    }

    private static boolean isTrusted(List<X509Certificate> chain) {
        try {
            Roots.KNOWN.checkServerTrusted(
                    chain.toArray(new X509Certificate[0]),
                    chain.getFirst().getPublicKey().getAlgorithm().equals("RSA")
                            ? "ECDHE_RSA"
                            : "ECDHE_ECDSA");
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /// Those that java brings along, read at the first use: that takes longer than all else of a certificate's way to
    /// the routers.
    private static final class Roots {
        private static final X509TrustManager KNOWN = read();

        private static X509TrustManager read() {
            try {
                TrustManagerFactory roots =
                        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
                roots.init((KeyStore) null);
                return Arrays.stream(roots.getTrustManagers())
                        .filter(X509TrustManager.class::isInstance)
                        .map(X509TrustManager.class::cast)
                        .findFirst()
                        .orElseThrow();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("Every JDK has certificates of roots", e);
            }
        }
    }
}
