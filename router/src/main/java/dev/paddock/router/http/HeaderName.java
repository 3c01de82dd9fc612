package dev.paddock.router.http;

import java.util.Arrays;
import java.util.Locale;

/// The header names that the router acts on.
public enum HeaderName {
    HOST,
    CONNECTION,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    EXPECT,
    UPGRADE,
    KEEP_ALIVE,
    TE,
    PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    HTTP2_SETTINGS,
    X_FORWARDED_FOR,
    X_FORWARDED_PROTO,
    X_FORWARDED_PORT,
    X_FORWARDED_HOST,
    X_REQUEST_ID,
    X_REQUEST_START,
    CONNECT_TIME,
    TOTAL_ROUTE_TIME,
    VIA,
    COOKIE,
    SET_COOKIE,
    USER_AGENT,
    /// Any other name.
    OTHER;

    private static final int LONGEST = 24;
    private static final Known[][] BY_LENGTH = new Known[LONGEST + 1][];

    static {
        for (int length = 0; length <= LONGEST; length++) {
            int wanted = length;
            BY_LENGTH[length] =
                    Arrays.stream(values())
                            .filter(name -> name != OTHER && name.name().length() == wanted)
                            .map(Known::of)
                            .toArray(Known[]::new);
        }
    }

    private static final class Known {
        private final HeaderName name;
        private final byte[] text;

        private Known(HeaderName name, byte[] text) {
            this.name = name;
            this.text = text;
        }

        static Known of(HeaderName name) {
            String text = name.name().toLowerCase(Locale.ROOT).replace('_', '-');
            return new Known(name, Ascii.bytes(text));
        }
    }

    /// The name written in a range of bytes, in any case.
    static HeaderName of(byte[] bytes, int start, int end) {
        int length = end - start;
        if (length > LONGEST) {
            return OTHER;
        }
        for (Known candidate : BY_LENGTH[length]) {
            if (Ascii.equalsIgnoreCase(bytes, start, end, candidate.text)) {
                return candidate.name;
            }
        }
        return OTHER;
    }

    /// Names that speak of one HTTP/1.1 connection and do not exist in HTTP/2 (RFC 9113 section 8.2.2).
    boolean isOfConnection() {
        return this == CONNECTION
                || this == KEEP_ALIVE
                || this == PROXY_CONNECTION
                || this == TRANSFER_ENCODING
                || this == UPGRADE;
    }

    /// Names that a `Connection` header cannot strip: the message's own frame, and what the router itself says.
    boolean isProtected() {
        return switch (this) {
            case HOST,
                    CONTENT_LENGTH,
                    TRANSFER_ENCODING,
                    X_FORWARDED_FOR,
                    X_FORWARDED_PROTO,
                    X_FORWARDED_PORT,
                    X_FORWARDED_HOST,
                    X_REQUEST_ID,
                    X_REQUEST_START,
                    VIA ->
                    true;
            case CONNECTION,
                    EXPECT,
                    UPGRADE,
                    KEEP_ALIVE,
                    TE,
                    PROXY_AUTHORIZATION,
                    PROXY_CONNECTION,
                    HTTP2_SETTINGS,
                    CONNECT_TIME,
                    TOTAL_ROUTE_TIME,
                    COOKIE,
                    SET_COOKIE,
                    USER_AGENT,
                    OTHER ->
                    false;
        };
    }
}
