package dev.paddock.router.http;

/// How the end of a message's body is found.
public enum Framing {
    /// There is no body.
    NONE,
    /// Content-Length.
    LENGTH,
    CHUNKED,
    /// The body ends with the connection; answers only.
    UNTIL_CLOSE
}
