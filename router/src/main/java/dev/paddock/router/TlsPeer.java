package dev.paddock.router;

import dev.paddock.router.http.RequestHead;
import dev.paddock.routes.AppRoute;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SSLException;

/// What TLS says about a client's connection.
///
/// @param shown the certificate that the client was shown
record TlsPeer(SslHandler handler, Certificates.Identity shown) {
    /// `tls1.2` or `tls1.3`.
    String version() {
        return handler.engine()
                .getSession()
                .getProtocol()
                .toLowerCase(Locale.ROOT)
                .replace("v", "");
    }

    boolean isMisdirected(AppRoute route, RequestHead request) {
        if (route.certificate().isEmpty() || route.certificate().get().equals(shown.source())) {
            return false;
        }
        String host =
                new String(
                        request.bytes(),
                        request.hostStart(),
                        request.hostNameEnd() - request.hostStart(),
                        StandardCharsets.ISO_8859_1);
        return !shown.standsFor(host);
    }

    /// Whether this is about the client's bytes and not about us.
    static boolean isTlsTrouble(Throwable cause) {
        return cause instanceof SSLException || cause instanceof DecoderException;
    }
}
