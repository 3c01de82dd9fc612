package dev.paddock.domains;

import dev.paddock.routes.Certificate;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// The TLS side of the platform's own ports. Each handshake shows the authority's newest leaf, so that renewing it
/// needs no restart. Safe for any thread.
public final class ServerTls {
    private ServerTls() {}

    /// A context for a server that answers to exactly these names.
    public static SSLContext context(CertificateAuthority authority, String... names) {
        return context(() -> authority.leaf(names));
    }

    /// A context that shows whatever certificate the supplier gives at the moment of a handshake.
    public static SSLContext context(Supplier<Certificate> certificates) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            // No client certificates are asked for, so the default trust store need not be read.
            context.init(
                    new KeyManager[] {new NewestLeaf(certificates)}, new TrustManager[0], null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK offers no TLS", e);
        }
    }

    /// JSSE asks for an alias, then for its chain and its key; the alias names one leaf so that the two always fit,
    /// also when the leaf is renewed in between.
    private static final class NewestLeaf extends X509ExtendedKeyManager {
        private final Supplier<Certificate> certificates;
        private volatile @Nullable Leaf newest;
        private volatile @Nullable Leaf before;

        NewestLeaf(Supplier<Certificate> certificates) {
            this.certificates = certificates;
        }

        private synchronized Leaf newest() {
            Certificate certificate = certificates.get();
            Leaf known = newest;
            if (known != null && known.source.equals(certificate)) {
                return known;
            }
            Leaf leaf = Leaf.of(certificate, known == null ? 1 : known.number + 1);
            before = known;
            newest = leaf;
            return leaf;
        }

        private @Nullable Leaf named(String alias) {
            for (Leaf leaf : new @Nullable Leaf[] {newest, before}) {
                if (leaf != null && leaf.alias().equals(alias)) {
                    return leaf;
                }
            }
            return null;
        }

        private @Nullable String choose(String keyType) {
            Leaf leaf = newest();
            return leaf.key.getAlgorithm().equals(keyType) ? leaf.alias() : null;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return choose(keyType);
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return choose(keyType);
        }

        @Override
        public String @Nullable [] getServerAliases(
                String keyType, Principal @Nullable [] issuers) {
            String alias = choose(keyType);
            return alias == null ? null : new String[] {alias};
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            Leaf leaf = named(alias);
            return leaf == null ? null : leaf.chain.clone();
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            Leaf leaf = named(alias);
            return leaf == null ? null : leaf.key;
        }

        @Override
        public String @Nullable [] getClientAliases(
                String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }

    private static final class Leaf {
        final Certificate source;
        final int number;
        final X509Certificate[] chain;
        final PrivateKey key;

        private Leaf(Certificate source, int number, X509Certificate[] chain, PrivateKey key) {
            this.source = source;
            this.number = number;
            this.chain = chain;
            this.key = key;
        }

        static Leaf of(Certificate certificate, int number) {
            try {
                X509Certificate[] chain =
                        CertificateFactory.getInstance("X.509")
                                .generateCertificates(
                                        new ByteArrayInputStream(
                                                certificate
                                                        .chain()
                                                        .getBytes(StandardCharsets.US_ASCII)))
                                .stream()
                                .map(X509Certificate.class::cast)
                                .toArray(X509Certificate[]::new);
                String base64 =
                        certificate.key().replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
                PrivateKey key =
                        KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm())
                                .generatePrivate(
                                        new PKCS8EncodedKeySpec(
                                                Base64.getDecoder().decode(base64)));
                return new Leaf(certificate, number, chain, key);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(
                        "the authority's leaf cannot be read: " + e.getMessage(), e);
            }
        }

        String alias() {
            return "leaf-" + number;
        }
    }
}
