package dev.paddock.router.http;

import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;

/// What the router tells a dyno about a request in headers of its own. Made once per request; reusable.
public final class Forwarding {
    private static final int SHORTEST_ID = 20;
    private static final int LONGEST_ID = 200;
    private static final int UUID_LENGTH = 36;
    private static final byte[] HEX = Ascii.bytes("0123456789abcdef");
    private static final byte[] NOTHING = {};

    private final byte[] ownId = new byte[UUID_LENGTH];
    byte[] forwardedFor = NOTHING;
    byte[] requestId = NOTHING;
    boolean tls;
    long port;
    long startMillis;
    long connectMillis;
    long totalMillis;
    boolean keepAlive;

    /// Forgets the request; another one may come.
    public void reset() {
        forwardedFor = NOTHING;
        requestId = NOTHING;
    }

    /// Reads the client's own forwarding headers and drops what the router says instead.
    ///
    /// @param peer address of the client as text
    /// @param listenerPort port that the client connected to, for a Host without one
    public void prepare(
            RequestHead head,
            byte[] peer,
            boolean overTls,
            int listenerPort,
            long nowMillis,
            SplittableRandom random) {
        HeadBuffer lines = head.lines;
        tls = overTls;
        startMillis = nowMillis;
        port =
                head.hostNameEnd() == head.hostEnd()
                        ? listenerPort
                        : Ascii.decimal(lines.bytes, head.hostNameEnd() + 1, head.hostEnd());
        forwardedFor = join(lines, HeaderName.X_FORWARDED_FOR, peer);
        requestId = requestId(lines, random);
        for (int i = 0; i < lines.count(); i++) {
            if (isReplaced(lines.name(i))) {
                lines.drop(i);
            }
        }
    }

    /// The complete X-Forwarded-For that the dyno gets.
    public byte[] forwardedFor() {
        return forwardedFor;
    }

    public byte[] requestId() {
        return requestId;
    }

    /// Says what this attempt to reach a dyno was like.
    ///
    /// @param keepAlive whether the dyno's connection is to go on
    public void attempt(long connectMillis, long totalMillis, boolean keepAlive) {
        this.connectMillis = connectMillis;
        this.totalMillis = totalMillis;
        this.keepAlive = keepAlive;
    }

    private static boolean isReplaced(HeaderName name) {
        return switch (name) {
            case X_FORWARDED_FOR,
                    X_FORWARDED_PROTO,
                    X_FORWARDED_PORT,
                    X_REQUEST_ID,
                    X_REQUEST_START,
                    CONNECT_TIME,
                    TOTAL_ROUTE_TIME,
                    KEEP_ALIVE,
                    TE,
                    PROXY_AUTHORIZATION,
                    PROXY_CONNECTION,
                    HTTP2_SETTINGS ->
                    true;
            case HOST,
                    CONNECTION,
                    CONTENT_LENGTH,
                    TRANSFER_ENCODING,
                    EXPECT,
                    UPGRADE,
                    X_FORWARDED_HOST,
                    VIA,
                    COOKIE,
                    SET_COOKIE,
                    USER_AGENT,
                    OTHER ->
                    false;
        };
    }

    /// All values of the header in their order, and one more at the right.
    static byte[] join(HeadBuffer lines, HeaderName name, byte[] last) {
        ByteArrayOutputStream joined = null;
        for (int i = 0; i < lines.count(); i++) {
            int length = lines.valueEnd(i) - lines.valueStart(i);
            if (lines.name(i) == name && length > 0) {
                if (joined == null) {
                    joined = new ByteArrayOutputStream(length + last.length + 2);
                }
                joined.write(lines.bytes, lines.valueStart(i), length);
                joined.write(',');
                joined.write(' ');
            }
        }
        if (joined == null) {
            return last;
        }
        joined.writeBytes(last);
        return joined.toByteArray();
    }

    private byte[] requestId(HeadBuffer lines, SplittableRandom random) {
        byte[] given = null;
        for (int i = 0; i < lines.count(); i++) {
            if (lines.name(i) == HeaderName.X_REQUEST_ID) {
                if (given != null || !isRequestId(lines, i)) {
                    return uuid(random);
                }
                given =
                        java.util.Arrays.copyOfRange(
                                lines.bytes, lines.valueStart(i), lines.valueEnd(i));
            }
        }
        return given == null ? uuid(random) : given;
    }

    private static boolean isRequestId(HeadBuffer lines, int header) {
        int start = lines.valueStart(header);
        int end = lines.valueEnd(header);
        if (end - start < SHORTEST_ID || end - start > LONGEST_ID) {
            return false;
        }
        for (int i = start; i < end; i++) {
            if (!Ascii.isRequestId(lines.bytes[i])) {
                return false;
            }
        }
        return true;
    }

    /// A version 4 UUID in lower case; it names a request and guards nothing.
    private byte[] uuid(SplittableRandom random) {
        byte[] text = ownId;
        long high = (random.nextLong() & ~0xf000L) | 0x4000L;
        long low = (random.nextLong() & ~(3L << 62)) | (1L << 63);
        int at = 0;
        for (int digit = 0; digit < 32; digit++) {
            if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
                text[at++] = '-';
            }
            long half = digit < 16 ? high : low;
            text[at++] = HEX[(int) (half >>> (60 - 4 * (digit & 15))) & 15];
        }
        return text;
    }
}
