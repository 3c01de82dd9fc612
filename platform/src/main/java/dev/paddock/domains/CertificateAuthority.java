package dev.paddock.domains;

import dev.paddock.routes.Certificate;
import dev.paddock.store.SecretFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This platform's own certificate authority, limited by name constraints to localhost, 127.0.0.1 and the domain;
/// its key lies 0600 in the data directory. Safe for any thread.
///
/// All leaves share one key pair: the same router process holds every one of them, so a key per app would protect
/// nothing, and a leaf costs one signature only. Deleting `leaf.key` and `leaves` makes new ones at the next start.
public final class CertificateAuthority {
    private static final Logger log = LoggerFactory.getLogger(CertificateAuthority.class);

    /// Short-lived, because a leaf of our own cannot be revoked.
    static final Duration LEAF_LIFE = Duration.ofDays(30);

    /// A leaf with less than this left is made anew.
    static final Duration LEAF_RENEWAL = Duration.ofDays(10);

    private static final Pattern HOST =
            Pattern.compile(
                    "(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");

    private final Path file;
    private final String domain;
    private final InstantSource clock;
    private final CertificateSigner signer;
    private final LeafStore leaves;

    private CertificateAuthority(
            Path file,
            String domain,
            InstantSource clock,
            CertificateSigner signer,
            LeafStore leaves) {
        this.file = file;
        this.domain = domain;
        this.clock = clock;
        this.signer = signer;
        this.leaves = leaves;
    }

    /// Reads it from the directory, or makes it there. One that is limited to another domain, or that ends before a
    /// leaf of today would, is replaced; users then have to trust the new one.
    public static CertificateAuthority open(Path directory, String domain, InstantSource clock) {
        String host = domain.toLowerCase(Locale.ROOT);
        if (!HOST.matcher(host).matches() || Names.isIp(host)) {
            throw new IllegalArgumentException(
                    "The domain "
                            + domain
                            + " is not a host name; certificates cannot be limited to it.");
        }
        try {
            Files.createDirectories(directory);
            Path file = directory.resolve("ca.pem");
            Path keyFile = directory.resolve("ca.key");
            List<String> permitted =
                    host.equals("localhost") ? List.of(host) : List.of("localhost", host);
            KeyPair leafKey = leafKey(directory.resolve("leaf.key"));
            Optional<CertificateSigner> known = read(file, keyFile, leafKey, permitted, clock);
            CertificateSigner signer =
                    known.isPresent()
                            ? known.get()
                            : make(file, keyFile, leafKey, permitted, clock);
            LeafStore leaves =
                    LeafStore.open(
                            directory.resolve("leaves"), fingerprint(signer), clock.instant());
            return new CertificateAuthority(file, host, clock, signer, leaves);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Could not open the certificate authority in "
                            + directory
                            + ": "
                            + e.getMessage(),
                    e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "The certificate authority in "
                            + directory
                            + " cannot be used ("
                            + e.getMessage()
                            + "). Move ca.pem, ca.key and leaf.key away to have a new one made.",
                    e);
        }
    }

    private static KeyPair leafKey(Path file) throws IOException, GeneralSecurityException {
        if (Files.exists(file)) {
            return Pem.keyPair(Files.readString(file));
        }
        KeyPair key = CertificateSigner.newKey();
        SecretFile.write(file, Pem.keyPair(key));
        return key;
    }

    private static Optional<CertificateSigner> read(
            Path file, Path keyFile, KeyPair leafKey, List<String> permitted, InstantSource clock)
            throws IOException, GeneralSecurityException {
        if (!Files.exists(file) || !Files.exists(keyFile)) {
            return Optional.empty();
        }
        X509Certificate certificate = Pem.certificate(Files.readString(file));
        KeyPair key = Pem.keyPair(Files.readString(keyFile));
        if (!certificate.getPublicKey().equals(key.getPublic())) {
            // A crash between the two writes of make: nobody was told of this certificate yet.
            return Optional.empty();
        }
        if (certificate.getNotAfter().toInstant().isBefore(clock.instant().plus(LEAF_LIFE))) {
            log.warn(
                    "The certificate authority {} ends soon: making a new one. Trust it anew.",
                    file);
            return Optional.empty();
        }
        if (!CertificateSigner.permits(certificate, permitted)) {
            log.warn("{} is limited to another domain: making a new one. Trust it anew.", file);
            return Optional.empty();
        }
        return Optional.of(new CertificateSigner(certificate, key.getPrivate(), leafKey));
    }

    private static CertificateSigner make(
            Path file, Path keyFile, KeyPair leafKey, List<String> permitted, InstantSource clock)
            throws IOException, GeneralSecurityException {
        KeyPair key = CertificateSigner.newKey();
        X509Certificate certificate = CertificateSigner.authority(key, permitted, clock.instant());
        SecretFile.write(keyFile, Pem.keyPair(key));
        SecretFile.writeReadable(file, Pem.certificate(certificate.getEncoded()));
        return new CertificateSigner(certificate, key.getPrivate(), leafKey);
    }

    private static String fingerprint(CertificateSigner signer) throws GeneralSecurityException {
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        sha256.update(signer.authority().getEncoded());
        sha256.update(signer.leafKey().getPublic().getEncoded());
        return HexFormat.of().formatHex(sha256.digest());
    }

    /// The certificate users trust.
    public Path file() {
        return file;
    }

    /// A short-lived leaf for exactly these names (host names or IP literals); made anew when it is no longer good
    /// for some days, else the one made before. The chain is the leaf alone: whoever trusts it has the authority's
    /// certificate, and sending it would only lengthen each handshake (RFC 8446 4.4.2).
    public Certificate leaf(String... names) {
        List<String> hosts = Names.sorted(names);
        hosts.forEach(this::requirePermitted);
        return madeBefore(hosts)
                .orElseGet(() ->
                        certificate(
                                leaves.add(
                                        String.join(",", hosts),
                                        signer.leaf(hosts, clock.instant(), LEAF_LIFE))));
    }

    /// As [#leaf] when that costs no signature.
    Optional<Certificate> leafMadeBefore(String... names) {
        return madeBefore(Names.sorted(names));
    }

    private Optional<Certificate> madeBefore(List<String> hosts) {
        var limit = clock.instant().plus(LEAF_RENEWAL);
        return leaves.find(String.join(",", hosts))
                .filter(leaf -> leaf.notAfter().isAfter(limit))
                .map(this::certificate);
    }

    private Certificate certificate(LeafStore.Leaf leaf) {
        return new Certificate(leaf.chain(), signer.leafKeyPem());
    }

    private void requirePermitted(String name) {
        boolean permitted =
                Names.isIp(name)
                        ? name.equals("127.0.0.1")
                        : HOST.matcher(name).matches()
                                && (Names.within(name, "localhost") || Names.within(name, domain));
        if (!permitted) {
            throw new IllegalArgumentException(
                    "No certificate for "
                            + name
                            + ": this authority is limited to localhost, 127.0.0.1, "
                            + domain
                            + " and what is below them.");
        }
    }
}
