package dev.paddock.domains;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// Makes certificates: the authority's own and, with its key, leaves that all carry one public key.
final class CertificateSigner {
    private static final Duration AUTHORITY_LIFE = Duration.ofDays(3653);

    /// Certificates begin a little in the past, for clients whose clock is behind.
    private static final Duration BACKDATE = Duration.ofHours(1);

    /// The upper bound of a common name (RFC 5280); longer hosts stand in the alternative names only.
    private static final int MAX_COMMON_NAME = 64;

    private static final byte[] LOOPBACK_ADDRESS_AND_MASK = {127, 0, 0, 1, -1, -1, -1, -1};
    private static final SecureRandom RANDOM = new SecureRandom();

    private final X509Certificate authority;
    private final PrivateKey authorityKey;
    private final KeyPair leafKey;
    private final String leafKeyPem;

    CertificateSigner(X509Certificate authority, PrivateKey authorityKey, KeyPair leafKey) {
        this.authority = authority;
        this.authorityKey = authorityKey;
        this.leafKey = leafKey;
        this.leafKeyPem = Pem.privateKey(leafKey.getPrivate());
    }

    static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
        return generator.generateKeyPair();
    }

    X509Certificate authority() {
        return authority;
    }

    KeyPair leafKey() {
        return leafKey;
    }

    String leafKeyPem() {
        return leafKeyPem;
    }

    /// A certificate that signs itself and may sign for these domains, what is below them, and 127.0.0.1.
    static X509Certificate authority(KeyPair key, List<String> domains, Instant now)
            throws GeneralSecurityException {
        X500Name name = name("Paddock " + serial().toString(16).substring(0, 8));
        try {
            X509v3CertificateBuilder builder =
                    new JcaX509v3CertificateBuilder(
                            name,
                            serial(),
                            Date.from(now.minus(BACKDATE)),
                            Date.from(now.plus(AUTHORITY_LIFE)),
                            name,
                            key.getPublic());
            var extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
            builder.addExtension(Extension.nameConstraints, true, constraints(domains));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    extensions.createSubjectKeyIdentifier(key.getPublic()));
            return Pem.certificate(Pem.certificate(sign(builder, key.getPrivate())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static NameConstraints constraints(List<String> domains) {
        Stream<GeneralName> hosts =
                domains.stream().map(domain -> new GeneralName(GeneralName.dNSName, domain));
        GeneralName loopback =
                new GeneralName(
                        GeneralName.iPAddress, new DEROctetString(LOOPBACK_ADDRESS_AND_MASK));
        return new NameConstraints(
                Stream.concat(hosts, Stream.of(loopback))
                        .map(GeneralSubtree::new)
                        .toArray(GeneralSubtree[]::new),
                null);
    }

    /// Whether an authority's certificate is limited to just these domains.
    static boolean permits(X509Certificate authority, List<String> domains) {
        byte[] value = authority.getExtensionValue(Extension.nameConstraints.getId());
        try {
            return value != null
                    && Arrays.equals(
                            value, new DEROctetString(constraints(domains)).getEncoded("DER"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Signs a leaf for these host names and IP literals.
    LeafStore.Leaf leaf(List<String> names, Instant now, Duration life) {
        Instant end = now.plus(life);
        PublicKey key = leafKey.getPublic();
        try {
            X509v3CertificateBuilder builder =
                    new JcaX509v3CertificateBuilder(
                            authority,
                            serial(),
                            Date.from(now.minus(BACKDATE)),
                            Date.from(end),
                            subject(names),
                            key);
            var extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(Extension.subjectAlternativeName, false, alternatives(names));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    extensions.createSubjectKeyIdentifier(key));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    extensions.createAuthorityKeyIdentifier(authority.getPublicKey()));
            return new LeafStore.Leaf(end, Pem.certificate(sign(builder, authorityKey)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Could not sign a certificate for " + names, e);
        }
    }

    private static X500Name subject(List<String> names) {
        return names.stream()
                .filter(name -> !Names.isIp(name) && name.length() <= MAX_COMMON_NAME)
                .findFirst()
                .map(CertificateSigner::name)
                .orElseGet(() -> new X500NameBuilder().addRDN(BCStyle.O, "Paddock").build());
    }

    private static X500Name name(String commonName) {
        return new X500NameBuilder()
                .addRDN(BCStyle.O, "Paddock")
                .addRDN(BCStyle.CN, commonName)
                .build();
    }

    private static GeneralNames alternatives(List<String> names) {
        return new GeneralNames(
                names.stream()
                        .map(name ->
                                new GeneralName(
                                        Names.isIp(name)
                                                ? GeneralName.iPAddress
                                                : GeneralName.dNSName,
                                        name))
                        .toArray(GeneralName[]::new));
    }

    private static BigInteger serial() {
        return new BigInteger(127, RANDOM).setBit(127);
    }

    private static byte[] sign(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException, IOException {
        try {
            return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key))
                    .getEncoded();
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
