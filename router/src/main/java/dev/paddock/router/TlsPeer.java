package dev.paddock.router;

import dev.paddock.router.http.RequestHead;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.Certificate;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/// What TLS says about a client's connection.
///
/// @param shown the certificate that the client was shown
record TlsPeer(SslHandler handler, Certificates.Identity shown) {
    private static final Pattern MODERN = Pattern.compile("TLS_(EC)?DHE_.*_(GCM|CCM|POLY1305).*");

    /// `tls1.2` or `tls1.3`.
    String version() {
        String protocol = handler.engine().getSession().getProtocol();
        return switch (protocol) {
            case "TLSv1.2" -> "tls1.2";
            case "TLSv1.3" -> "tls1.3";
            default -> protocol.toLowerCase(Locale.ROOT);
        };
    }

    /// Whether HTTP/2 may be spoken over what was agreed on: in TLS 1.2 only with keys that are made for the connection
    /// and ciphers that prove what they hide (RFC 9113 section 9.2.2 and appendix A).
    boolean mayCarryHttp2() {
        SSLSession session = handler.engine().getSession();
        return session.getProtocol().equals("TLSv1.3")
                || MODERN.matcher(session.getCipherSuite()).matches();
    }

    boolean isMisdirected(AppRoute route, RequestHead request) {
        if (route.hostCertificates().isEmpty() && isShown(route.certificate())) {
            return false;
        }
        String host =
                new String(
                        request.bytes(),
                        request.hostStart(),
                        request.hostNameEnd() - request.hostStart(),
                        StandardCharsets.ISO_8859_1);
        return !isShown(route.certificateFor(host.toLowerCase(Locale.ROOT)))
                && !shown.standsFor(host);
    }

    /// Whether this certificate was shown, or there is none to show.
    private boolean isShown(Optional<Certificate> certificate) {
        return certificate.isEmpty() || certificate.get().equals(shown.source());
    }

    /// Whether this is about the client's bytes and not about us.
    static boolean isTlsTrouble(Throwable cause) {
        return cause instanceof SSLException || cause instanceof DecoderException;
    }
}
