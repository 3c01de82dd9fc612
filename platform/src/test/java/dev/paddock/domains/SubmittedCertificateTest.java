package dev.paddock.domains;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.paddock.core.UserError;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.EncryptedPrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubmittedCertificateTest {
    private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
    private static final KeyPair RSA = keys("RSA", 2048);
    private static final KeyPair EC = keys("EC", 256);
    private static final KeyPair ISSUER = keys("EC", 384);
    private static final KeyPair ROOT = keys("EC", 256);

    private static KeyPair keys(String algorithm, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String certificate(String subject, KeyPair key, String issuer, KeyPair by)
            throws Exception {
        return certificate(subject, key, issuer, by, NOW.plus(Duration.ofDays(60)));
    }

    private static String certificate(
            String subject, KeyPair key, String issuer, KeyPair by, Instant end, String... names)
            throws Exception {
        var builder =
                new JcaX509v3CertificateBuilder(
                        new X500Name(issuer),
                        new BigInteger(63, new SecureRandom()),
                        Date.from(NOW.minus(Duration.ofDays(30))),
                        Date.from(end),
                        new X500Name(subject),
                        key.getPublic());
        if (names.length > 0) {
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            Stream.of(names)
                                    .map(name -> new GeneralName(GeneralName.dNSName, name))
                                    .toArray(GeneralName[]::new)));
        }
        String algorithm =
                by.getPrivate().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        return Pem.certificate(
                builder.build(new JcaContentSignerBuilder(algorithm).build(by.getPrivate()))
                        .getEncoded());
    }

    private static String selfSigned(KeyPair key) throws Exception {
        return certificate("CN=www.example.com", key, "CN=www.example.com", key);
    }

    /// As `openssl genrsa -traditional` and `openssl ecparam -genkey` write it.
    private static String traditional(KeyPair key) throws Exception {
        PrivateKeyInfo info = PrivateKeyInfo.getInstance(key.getPrivate().getEncoded());
        if (!(key.getPrivate() instanceof java.security.interfaces.ECPrivateKey elliptic)) {
            return pem("RSA PRIVATE KEY", info.parsePrivateKey().toASN1Primitive().getEncoded());
        }
        var curve = info.getPrivateKeyAlgorithm().getParameters();
        int bits = elliptic.getParams().getOrder().bitLength();
        return pem("EC PARAMETERS", curve.toASN1Primitive().getEncoded())
                + pem(
                        "EC PRIVATE KEY",
                        new ECPrivateKey(bits, elliptic.getS(), curve).getEncoded());
    }

    private static String pem(String label, byte[] bytes) {
        return Pem.certificate(bytes).replace("CERTIFICATE", label);
    }

    static List<KeyPair> keyKinds() {
        return List.of(RSA, EC, ISSUER, keys("EC", 521));
    }

    @ParameterizedTest
    @MethodSource("keyKinds")
    void keyIsTakenInEachFormAndKeptInOne(KeyPair key) throws Exception {
        String chain = selfSigned(key);
        String plain = Pem.privateKey(key.getPrivate());

        for (String form : List.of(plain, traditional(key), "some words\n" + plain)) {
            SubmittedCertificate taken = SubmittedCertificate.parse(chain, form, NOW);
            assertThat(taken.chain()).isEqualTo(chain);
            assertThat(taken.key()).startsWith("-----BEGIN PRIVATE KEY-----\n");
            assertThat(SubmittedCertificate.parse(chain, taken.key(), NOW)).isEqualTo(taken);
            assertThat(taken.trusted()).isFalse();
            assertThat(taken.toString()).doesNotContain("PRIVATE");
        }
    }

    @Test
    void chainIsPutInOrder() throws Exception {
        String leaf = certificate("CN=www.example.com", RSA, "CN=Issuer", ISSUER);
        String issuer = certificate("CN=Issuer", ISSUER, "CN=Root", ROOT);
        String root = certificate("CN=Root", ROOT, "CN=Root", ROOT);
        String key = Pem.privateKey(RSA.getPrivate());

        assertThat(SubmittedCertificate.parse(root + leaf + issuer + leaf, key, NOW).chain())
                .isEqualTo(leaf + issuer + root);
        assertThat(SubmittedCertificate.parse(leaf + issuer, key, NOW).chain())
                .isEqualTo(leaf + issuer);
        refuses(leaf + root, key, "does not hold together");
    }

    @Test
    void certificateOfAnotherKeyIsRefused() throws Exception {
        refuses(selfSigned(RSA), Pem.privateKey(keys("RSA", 2048).getPrivate()), "does not fit");
        refuses(selfSigned(RSA), Pem.privateKey(EC.getPrivate()), "does not fit");
        refuses(selfSigned(EC), Pem.privateKey(ROOT.getPrivate()), "does not fit");
    }

    @Test
    void expiredAndWeakCertificatesAreRefused() throws Exception {
        String key = Pem.privateKey(EC.getPrivate());
        String expired = certificate("CN=a.example", EC, "CN=a.example", EC, NOW.minusSeconds(1));
        refuses(expired, key, "expired at 2026-05-31T23:59:59Z");
        KeyPair weak = keys("RSA", 1024);
        refuses(selfSigned(weak), Pem.privateKey(weak.getPrivate()), "1024 bits");
    }

    @Test
    void keyBehindAPassphraseIsRefusedWithTheWayOut() throws Exception {
        byte[] sealed =
                new EncryptedPrivateKeyInfo(
                                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_PBES2),
                                EC.getPrivate().getEncoded())
                        .getEncoded();
        String locked = pem("ENCRYPTED PRIVATE KEY", sealed);

        refuses(selfSigned(EC), locked, "openssl pkey");
    }

    @Test
    void keyAmongTheCertificatesIsRefused() throws Exception {
        String key = Pem.privateKey(EC.getPrivate());
        refuses(selfSigned(EC) + key, key, "besides certificates");
        refuses(key, key, "besides certificates");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
                "-----BEGIN CERTIFICATE-----\nMIIB",
                "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
                "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
                "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
                "\0\0\0"
            })
    void garbageIsRefusedWhereverItStands(String garbage) throws Exception {
        refuses(garbage, Pem.privateKey(EC.getPrivate()), "certificate chain");
        refuses(selfSigned(EC), garbage, "private key");
        refuses(selfSigned(EC), "x".repeat(100_000), "64 KB");
    }

    private static void refuses(String chain, String key, String why) {
        assertThatThrownBy(() -> SubmittedCertificate.parse(chain, key, NOW))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(why);
    }

    @Test
    void detailsAreAsOpensslWritesThem() throws Exception {
        CertificateDetails details =
                CertificateDetails.of(
                        certificate(
                                "C=US,O=Shop & Co,CN=www.example.com",
                                EC,
                                "CN=Issuer",
                                ISSUER,
                                NOW.plus(Duration.ofDays(1)),
                                "www.example.com",
                                "*.Example.com"));

        assertThat(details.names()).containsExactly("www.example.com", "*.example.com");
        assertThat(details.subject()).isEqualTo("/C=US/O=Shop & Co/CN=www.example.com");
        assertThat(details.issuer()).isEqualTo("/CN=Issuer");
        assertThat(details.selfSigned()).isFalse();
        assertThat(details.expiresAt()).isEqualTo(NOW.plus(Duration.ofDays(1)));
        assertThat(CertificateDetails.of(selfSigned(EC)).selfSigned()).isTrue();
    }
}
