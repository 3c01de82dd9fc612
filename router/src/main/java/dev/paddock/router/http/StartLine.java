package dev.paddock.router.http;

/// The first line of a request: method, target, version, as ranges of the head's bytes. Reusable.
final class StartLine {
    private static final int MAX_METHOD = 127;
    private static final int VERSION_LENGTH = 8;
    private static final byte[] HTTP = Ascii.bytes("http://");
    private static final byte[] HTTPS = Ascii.bytes("https://");

    int methodStart;
    int methodEnd;
    int targetStart;
    int targetEnd;

    /// The authority of a target in absolute form; the same number twice in any other form.
    int authorityStart;

    int authorityEnd;
    int minor = 1;

    void reset() {
        methodStart = 0;
        methodEnd = 0;
        targetStart = 0;
        targetEnd = 0;
        authorityStart = 0;
        authorityEnd = 0;
        minor = 1;
    }

    /// `METHOD SP target SP HTTP/1.[01]`, exactly one blank each.
    RequestHead.Result judge(byte[] b, int start, int end) {
        int at = start;
        while (at < end && Ascii.isToken(b[at])) {
            at++;
        }
        if (at == start || at - start > MAX_METHOD || at == end || b[at] != ' ') {
            return RequestHead.Result.BAD;
        }
        methodStart = start;
        methodEnd = at;
        targetStart = ++at;
        while (at < end && Ascii.isTarget(b[at])) {
            at++;
        }
        targetEnd = at;
        if (at == targetStart) {
            return RequestHead.Result.BAD;
        }
        if (at == end) {
            return RequestHead.Result.ANCIENT;
        }
        if (b[at] != ' ') {
            return RequestHead.Result.BAD;
        }
        RequestHead.Result version = judgeVersion(b, at + 1, end);
        if (version != RequestHead.Result.DONE) {
            return version;
        }
        if (methodIs(b, "CONNECT")) {
            return RequestHead.Result.NO_TUNNELS;
        }
        return splitTarget(b) ? RequestHead.Result.DONE : RequestHead.Result.BAD;
    }

    private RequestHead.Result judgeVersion(byte[] b, int at, int end) {
        boolean written =
                end - at == VERSION_LENGTH
                        && b[at] == 'H'
                        && b[at + 1] == 'T'
                        && b[at + 2] == 'T'
                        && b[at + 3] == 'P'
                        && b[at + 4] == '/'
                        && Ascii.isDigit(b[at + 5])
                        && b[at + 6] == '.'
                        && Ascii.isDigit(b[at + 7]);
        if (!written) {
            return RequestHead.Result.BAD;
        }
        minor = b[at + 7] - '0';
        return b[at + 5] == '1' && minor <= 1
                ? RequestHead.Result.DONE
                : RequestHead.Result.VERSION;
    }

    /// Cuts the fragment away, and scheme and authority of the absolute form.
    private boolean splitTarget(byte[] b) {
        for (int i = targetStart; i < targetEnd; i++) {
            if (b[i] == '#') {
                targetEnd = i;
            }
        }
        if (targetStart == targetEnd) {
            return false;
        }
        if (b[targetStart] == '/') {
            return true;
        }
        if (b[targetStart] == '*') {
            return targetEnd - targetStart == 1 && methodIs(b, "OPTIONS");
        }
        int scheme = startsWith(b, HTTP) ? HTTP.length : startsWith(b, HTTPS) ? HTTPS.length : 0;
        if (scheme == 0) {
            return false;
        }
        authorityStart = targetStart + scheme;
        int at = authorityStart;
        while (at < targetEnd && b[at] != '/' && b[at] != '?') {
            at++;
        }
        authorityEnd = at;
        targetStart = at;
        return authorityStart < authorityEnd;
    }

    private boolean startsWith(byte[] b, byte[] scheme) {
        int end = targetStart + scheme.length;
        return end <= targetEnd && Ascii.equalsIgnoreCase(b, targetStart, end, scheme);
    }

    boolean isAbsolute() {
        return authorityStart < authorityEnd;
    }

    boolean methodIs(byte[] b, String method) {
        if (methodEnd - methodStart != method.length()) {
            return false;
        }
        for (int i = 0; i < method.length(); i++) {
            if (b[methodStart + i] != method.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /// Writes the target in origin form; an absolute one without a path gets one.
    void writeTarget(Bytes out, byte[] b) {
        if (targetStart == targetEnd || b[targetStart] == '?') {
            boolean whole = targetStart == targetEnd && methodIs(b, "OPTIONS");
            out.add(whole ? '*' : '/');
        }
        out.add(b, targetStart, targetEnd);
    }

    /// The end of the name in an authority `name[:port]`; -1 when it is none.
    static int hostNameEnd(byte[] b, int start, int end) {
        int at = start;
        if (at < end && b[at] == '[') {
            do {
                at++;
            } while (at < end && (Ascii.hex(b[at]) >= 0 || b[at] == ':' || b[at] == '.'));
            if (at == end || b[at] != ']') {
                return -1;
            }
            at++;
        } else {
            while (at < end && Ascii.isHost(b[at])) {
                at++;
            }
        }
        if (at == start) {
            return -1;
        }
        if (at == end) {
            return at;
        }
        long port = Ascii.decimal(b, at + 1, end);
        return b[at] == ':' && port >= 0 && port <= 65535 ? at : -1;
    }
}
