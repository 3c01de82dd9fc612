package dev.paddock.router;

import dev.paddock.routes.Certificate;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Certificates ready for handshakes, made when they are first needed. Safe for any thread.
final class Certificates implements AutoCloseable {
    /// Each holds some ten kilobytes of native memory.
    private static final int MOST_READY = 1000;

    private static final int DNS_NAME = 2;

    private final SecureRandom random = new SecureRandom();
    private final Identity fallback;
    private final Object lock = new Object();
    private final Map<Certificate, Identity> ready =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Certificate, Identity> eldest) {
                    if (size() <= MOST_READY) {
                        return false;
                    }
                    // Handshakes and connections that use it hold it on.
                    ReferenceCountUtil.release(eldest.getValue().context());
                    return true;
                }
            };

    /// @param shownToUnknownNames for clients that ask for no name or for one that has no certificate
    Certificates(Certificate shownToUnknownNames) {
        fallback = make(shownToUnknownNames);
    }

    /// Loading a TLS library takes longer than the whole rest of a router's start, so it happens beside it.
    static Promise<Certificates> prepare() {
        Promise<Certificates> promise = ImmediateEventExecutor.INSTANCE.newPromise();
        Thread.ofPlatform()
                .name("prepare-tls")
                .daemon()
                .start(() -> {
                    try {
                        promise.setSuccess(new Certificates(SelfSigned.make("paddock-router")));
                    } catch (RuntimeException | LinkageError broken) {
                        System.err.println("router: TLS cannot be used: " + broken);
                        promise.setFailure(broken);
                    }
                });
        return promise;
    }

    /// For a thread that has nothing else to do, while another makes the first key.
    static void loadLibrary() {
        try {
            var _ = Library.PROVIDER;
        } catch (LinkageError _) {
            // Who prepares TLS meets it too and says so.
        }
    }

    /// One certificate, ready for handshakes.
    record Identity(Certificate source, SslContext context, List<String> names) {
        /// Whether a client may take this certificate for the host.
        boolean standsFor(String host) {
            String wanted = host.toLowerCase(Locale.ROOT);
            int dot = wanted.indexOf('.');
            String wildcard = dot > 0 ? "*" + wanted.substring(dot) : wanted;
            return names.contains(wanted) || names.contains(wildcard);
        }
    }

    Identity fallback() {
        return fallback;
    }

    /// The certificate for this name of an app; the default one when there is none or it cannot be used.
    Identity of(RouteIndex index, @Nullable String serverName) {
        if (serverName == null) {
            return fallback;
        }
        byte[] name = serverName.getBytes(StandardCharsets.ISO_8859_1);
        RoutedApp app = index.find(name, 0, name.length);
        Certificate certificate =
                app == null
                        ? null
                        : app.route()
                                .certificateFor(serverName.toLowerCase(Locale.ROOT))
                                .orElse(null);
        if (certificate == null) {
            return fallback;
        }
        synchronized (lock) {
            Identity entry = ready.get(certificate);
            if (entry == null) {
                try {
                    entry = make(certificate);
                } catch (IllegalArgumentException unusable) {
                    System.err.println(
                            "router: the certificate of "
                                    + serverName
                                    + ": "
                                    + unusable.getMessage());
                    return fallback;
                }
                ready.put(certificate, entry);
            }
            return entry;
        }
    }

    /// Gives the native memory back. Connections that still use a certificate hold it on.
    @Override
    public void close() {
        ReferenceCountUtil.release(fallback.context());
        synchronized (lock) {
            ready.values().forEach(identity -> ReferenceCountUtil.release(identity.context()));
            ready.clear();
        }
    }

    private Identity make(Certificate certificate) {
        try {
            // Read here, for Netty looks for other libraries that could do it.
            List<X509Certificate> chain = chain(certificate);
            SslContext context =
                    SslContextBuilder.forServer(
                                    PemKey.read(certificate.key(), chain.getFirst().getPublicKey()),
                                    chain)
                            .sslProvider(Library.PROVIDER)
                            // Else java's authorities would be read, for clients never asked.
                            .trustManager(new NobodyTrusted())
                            // Netty puts the key into a key store and takes it out again, and
                            // the usual kind seals it with 10,000 rounds of a hash each way.
                            .keyStoreType("JKS")
                            .protocols("TLSv1.3", "TLSv1.2")
                            .applicationProtocolConfig(
                                    new ApplicationProtocolConfig(
                                            ApplicationProtocolConfig.Protocol.ALPN,
                                            ApplicationProtocolConfig.SelectorFailureBehavior
                                                    .NO_ADVERTISE,
                                            ApplicationProtocolConfig
                                                    .SelectedListenerFailureBehavior.ACCEPT,
                                            "h2",
                                            "http/1.1"))
                            .build();
            if (context.sessionContext() instanceof OpenSslServerSessionContext sessions) {
                // A key per certificate: a session of one app's host resumes at no other.
                sessions.setTicketKeys(new OpenSslSessionTicketKey(secret(), secret(), secret()));
            }
            return new Identity(certificate, context, names(chain.getFirst()));
        } catch (SSLException | GeneralSecurityException | IllegalArgumentException unusable) {
            throw new IllegalArgumentException(
                    "it cannot be used: " + unusable.getMessage(), unusable);
        }
    }

    private byte[] secret() {
        byte[] secret = new byte[16];
        random.nextBytes(secret);
        return secret;
    }

    private static List<X509Certificate> chain(Certificate certificate)
            throws CertificateException {
        List<X509Certificate> chain = new ArrayList<>();
        for (java.security.cert.Certificate each :
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(stream(certificate.chain()))) {
            chain.add((X509Certificate) each);
        }
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("the chain holds no certificate");
        }
        return chain;
    }

    private static List<String> names(X509Certificate leaf) throws CertificateException {
        if (leaf.getSubjectAlternativeNames() == null) {
            return List.of();
        }
        return leaf.getSubjectAlternativeNames().stream()
                .filter(name -> name.getFirst().equals(DNS_NAME))
                .map(name -> name.get(1).toString().toLowerCase(Locale.ROOT))
                .toList();
    }

    private static ByteArrayInputStream stream(String pem) {
        return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
    }

    /// Loaded beside all else: finding it takes a third of a start.
    private static final class Library {
        static final SslProvider PROVIDER =
                OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
    }

    /// Clients show no certificates.
    private static final class NobodyTrusted extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
                throws CertificateException {
            refuse();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
                throws CertificateException {
            refuse();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind)
                throws CertificateException {
            refuse();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
                throws CertificateException {
            refuse();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
                throws CertificateException {
            refuse();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind)
                throws CertificateException {
            refuse();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }

        private static void refuse() throws CertificateException {
            throw new CertificateException("no certificate is trusted here");
        }
    }
}
