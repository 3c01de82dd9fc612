package dev.paddock.router;

import dev.paddock.router.http.Ascii;

/// The cookie that keeps a session at one dyno (router.md section 5).
final class Affinity {
    static final String COOKIE = "heroku-session-affinity";

    private static final byte[] NONE = {};
    private static final int ONE_DAY_SECONDS = 86_400;

    private Affinity() {}

    static byte[] none() {
        return NONE;
    }

    /// The header line that binds the client to this dyno; none when it came with that cookie.
    static byte[] cookieLine(Backend dyno, String cookieOfRequest, boolean tls) {
        if (cookieOfRequest.equals(dyno.affinity())) {
            return NONE;
        }
        return Ascii.bytes(
                "Set-Cookie: "
                        + COOKIE
                        + "="
                        + dyno.affinity()
                        + "; Path=/; Max-Age="
                        + ONE_DAY_SECONDS
                        + "; HttpOnly; SameSite=Lax"
                        + (tls ? "; Secure" : "")
                        + "\r\n");
    }
}
