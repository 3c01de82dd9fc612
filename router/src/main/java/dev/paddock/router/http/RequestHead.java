package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// The head of a request: read, judged by router.md section 6, and ready to be written for a dyno. Reusable.
public final class RequestHead {
    private static final HeadBuffer.Limits LIMITS =
            new HeadBuffer.Limits(8192, 8192, Integer.MAX_VALUE, 1000, 1000, 1 << 20, 4, false);
    private static final byte[] CHUNKED = Ascii.bytes("chunked");
    private static final byte[] CONTINUE = Ascii.bytes("100-continue");
    private static final byte[] H2C = Ascii.bytes("h2c");

    /// What became of the bytes.
    public enum Result {
        MORE,
        DONE,
        /// 400, cause "bad header".
        BAD,
        /// 414.
        TOO_LONG,
        /// 405: CONNECT.
        NO_TUNNELS,
        /// 501: a transfer coding that we do not know.
        UNKNOWN_CODING,
        /// 505.
        VERSION,
        /// HTTP/0.9: no answer could be understood.
        ANCIENT
    }

    final HeadBuffer lines = new HeadBuffer(LIMITS);
    private final StartLine startLine = new StartLine();
    private final ConnectionOptions connection = new ConnectionOptions();
    private int hostStart;
    private int hostEnd;
    private int hostNameEnd;
    private Framing framing = Framing.NONE;
    private long contentLength;
    private boolean ambiguous;
    private boolean expectsContinue;
    private boolean unknownExpectation;
    private boolean upgrade;

    public void reset() {
        lines.reset();
        startLine.reset();
        hostStart = 0;
        hostEnd = 0;
        hostNameEnd = 0;
        framing = Framing.NONE;
        contentLength = 0;
        ambiguous = false;
        expectsContinue = false;
        unknownExpectation = false;
        upgrade = false;
    }

    /// Takes the bytes of the head and not one more.
    public Result feed(ByteBuf in) {
        return switch (lines.feed(in)) {
            case MORE -> Result.MORE;
            case DONE -> judge();
            case FIRST_LINE_TOO_LONG -> Result.TOO_LONG;
            case BAD_FIRST_LINE -> Result.BAD;
            case BAD_LINE, LINE_TOO_LONG, COOKIE_TOO_LONG -> {
                Result first = startLine.judge(lines.bytes, lines.firstStart, lines.firstEnd);
                yield first == Result.DONE ? Result.BAD : first;
            }
        };
    }

    public boolean isBegun() {
        return lines.isBegun();
    }

    private Result judge() {
        Result result = startLine.judge(lines.bytes, lines.firstStart, lines.firstEnd);
        if (result != Result.DONE) {
            return result;
        }
        if (!connection.read(lines) || !findHost()) {
            return Result.BAD;
        }
        result = judgeFraming();
        if (result != Result.DONE) {
            return result;
        }
        judgeExpectation();
        return judgeUpgrade();
    }

    /// After a result other than DONE: finds the host if there is exactly one, so that the app can be told.
    public boolean guessHost() {
        hostStart = 0;
        hostEnd = 0;
        hostNameEnd = 0;
        boolean known = findHost();
        if (!known) {
            hostStart = 0;
            hostEnd = 0;
            hostNameEnd = 0;
        }
        return known;
    }

    /// Exactly one Host line even when the target names the authority; the target's wins.
    private boolean findHost() {
        int found = -1;
        for (int i = 0; i < lines.count(); i++) {
            if (lines.name(i) == HeaderName.HOST) {
                if (found >= 0) {
                    return false;
                }
                found = i;
            }
        }
        if (found < 0) {
            return false;
        }
        hostStart = lines.valueStart(found);
        hostEnd = lines.valueEnd(found);
        hostNameEnd = StartLine.hostNameEnd(lines.bytes, hostStart, hostEnd);
        if (hostNameEnd >= 0 && startLine.isAbsolute()) {
            lines.drop(found);
            hostStart = startLine.authorityStart;
            hostEnd = startLine.authorityEnd;
            hostNameEnd = StartLine.hostNameEnd(lines.bytes, hostStart, hostEnd);
        }
        return hostNameEnd >= 0;
    }

    private Result judgeFraming() {
        long length = -1;
        boolean coded = false;
        byte[] b = lines.bytes;
        for (int i = 0; i < lines.count(); i++) {
            int start = lines.valueStart(i);
            int end = lines.valueEnd(i);
            if (lines.name(i) == HeaderName.CONTENT_LENGTH) {
                long value = Ascii.decimal(b, start, end);
                if (value < 0 || (length >= 0 && value != length)) {
                    return Result.BAD;
                }
                if (length >= 0) {
                    lines.drop(i);
                }
                length = value;
            } else if (lines.name(i) == HeaderName.TRANSFER_ENCODING) {
                if (startLine.minor == 0 || coded) {
                    return Result.BAD;
                }
                if (!Ascii.equalsIgnoreCase(b, start, end, CHUNKED)) {
                    return Result.UNKNOWN_CODING;
                }
                // In any case it means the same to us; a dyno that compares letters must not see
                // another framing.
                System.arraycopy(CHUNKED, 0, b, start, CHUNKED.length);
                coded = true;
            }
        }
        if (coded) {
            framing = Framing.CHUNKED;
            ambiguous = length >= 0;
            lines.dropAll(HeaderName.CONTENT_LENGTH);
        } else if (length >= 0) {
            framing = Framing.LENGTH;
            contentLength = length;
        }
        return Result.DONE;
    }

    private void judgeExpectation() {
        for (int i = 0; i < lines.count(); i++) {
            if (lines.name(i) == HeaderName.EXPECT) {
                int start = lines.valueStart(i);
                int end = lines.valueEnd(i);
                if (start == end) {
                    lines.drop(i);
                } else if (!expectsContinue
                        && Ascii.equalsIgnoreCase(lines.bytes, start, end, CONTINUE)) {
                    expectsContinue = true;
                } else {
                    unknownExpectation = true;
                }
            }
        }
        if (startLine.minor == 0) {
            lines.dropAll(HeaderName.EXPECT);
            expectsContinue = false;
        }
    }

    private Result judgeUpgrade() {
        boolean named = false;
        boolean http2 = false;
        for (int i = 0; i < lines.count(); i++) {
            if (lines.name(i) == HeaderName.UPGRADE) {
                named |= lines.valueStart(i) < lines.valueEnd(i);
                http2 |= namesH2c(lines.valueStart(i), lines.valueEnd(i));
            }
        }
        if (connection.upgrade && !named && startLine.minor == 1) {
            return Result.BAD;
        }
        upgrade = connection.upgrade && named && !http2 && startLine.minor == 1;
        if (!upgrade) {
            lines.dropAll(HeaderName.UPGRADE);
        }
        return Result.DONE;
    }

    private boolean namesH2c(int start, int end) {
        for (int i = start; i + H2C.length <= end; i++) {
            if (Ascii.equalsIgnoreCase(lines.bytes, i, i + H2C.length, H2C)) {
                return true;
            }
        }
        return false;
    }

    public boolean isHead() {
        return startLine.methodIs(lines.bytes, "HEAD");
    }

    public boolean isHttp10() {
        return startLine.minor == 0;
    }

    /// Whether the client wants the connection to go on after the answer.
    public boolean isKeepAlive() {
        return !connection.close && !ambiguous && (startLine.minor == 1 || connection.keepAlive);
    }

    /// Whether the client said, or its version says, that it sends nothing behind this request.
    public boolean isLast() {
        return !ambiguous && (connection.close || (startLine.minor == 0 && !connection.keepAlive));
    }

    public boolean expectsContinue() {
        return expectsContinue;
    }

    /// The router answers the expectation itself, so that the dyno does not see it.
    public void dropExpectation() {
        lines.dropAll(HeaderName.EXPECT);
    }

    public boolean hasUnknownExpectation() {
        return unknownExpectation;
    }

    public boolean isUpgrade() {
        return upgrade;
    }

    public Framing framing() {
        return framing;
    }

    public long contentLength() {
        return contentLength;
    }

    /// The bytes that the ranges below lie in.
    public byte[] bytes() {
        return lines.bytes;
    }

    public int methodStart() {
        return startLine.methodStart;
    }

    public int methodEnd() {
        return startLine.methodEnd;
    }

    public int targetStart() {
        return startLine.targetStart;
    }

    /// Equal to the start when the absolute form had no path.
    public int targetEnd() {
        return startLine.targetEnd;
    }

    public int hostStart() {
        return hostStart;
    }

    /// The end of the host's name, before a port.
    public int hostNameEnd() {
        return hostNameEnd;
    }

    public int hostEnd() {
        return hostEnd;
    }

    /// Writes the target as the dyno gets it.
    void writeTarget(Bytes out) {
        startLine.writeTarget(out, lines.bytes);
    }

    boolean isAbsolute() {
        return startLine.isAbsolute();
    }

    /// The first header of this name, -1 for none. For names that are looked up seldom.
    int find(HeaderName name) {
        for (int i = 0; i < lines.count(); i++) {
            if (lines.name(i) == name) {
                return i;
            }
        }
        return -1;
    }

    /// The first value of a header, empty for none.
    public String value(HeaderName name) {
        int at = find(name);
        return at < 0
                ? ""
                : new String(
                        lines.bytes,
                        lines.valueStart(at),
                        lines.valueEnd(at) - lines.valueStart(at),
                        StandardCharsets.ISO_8859_1);
    }

    /// The value of a cookie by its exact name, empty for none.
    public String cookie(String name) {
        byte[] wanted = Ascii.bytes(name + "=");
        byte[] b = lines.bytes;
        for (int i = 0; i < lines.count(); i++) {
            if (lines.name(i) != HeaderName.COOKIE) {
                continue;
            }
            int at = lines.valueStart(i);
            int end = lines.valueEnd(i);
            while (at < end) {
                while (at < end && (Ascii.isBlank(b[at]) || b[at] == ';')) {
                    at++;
                }
                int start = at;
                while (at < end && b[at] != ';') {
                    at++;
                }
                int value = start + wanted.length;
                if (value <= at
                        && java.util.Arrays.equals(b, start, value, wanted, 0, wanted.length)) {
                    return new String(b, value, at - value, StandardCharsets.ISO_8859_1);
                }
            }
        }
        return "";
    }
}
