package dev.paddock.router;

import dev.paddock.router.http.RequestHead;
import dev.paddock.routes.AppRoute;

/// What is known about the connection that a request came over.
interface Peer {
    /// The client's address as text.
    byte[] address();

    /// The port that the client connected to.
    int port();

    boolean isTls();

    /// `tls1.2`, `tls1.3`, empty without TLS.
    String tlsVersion();

    /// `http1.1` or `http2.0`.
    String protocol();

    /// Whether the client was shown a certificate that does not stand for this host, which has its own.
    boolean isMisdirected(AppRoute route, RequestHead head);
}
