package dev.paddock.router.http;

/// Writes a request's head as a dyno gets it: router.md section 6, "Added or changed".
public final class RequestWriter {
    private static final byte[] VERSION = Ascii.bytes(" HTTP/1.1\r\n");
    private static final byte[] HOST = Ascii.bytes("Host: ");
    private static final byte[] FORWARDED_FOR = Ascii.bytes("X-Forwarded-For: ");
    private static final byte[] PROTO_HTTP = Ascii.bytes("\r\nX-Forwarded-Proto: http");
    private static final byte[] PROTO_HTTPS = Ascii.bytes("\r\nX-Forwarded-Proto: https");
    private static final byte[] PORT = Ascii.bytes("\r\nX-Forwarded-Port: ");
    private static final byte[] ID = Ascii.bytes("\r\nX-Request-Id: ");
    private static final byte[] START = Ascii.bytes("\r\nX-Request-Start: ");
    private static final byte[] CONNECT = Ascii.bytes("\r\nConnect-Time: ");
    private static final byte[] TOTAL = Ascii.bytes("\r\nTotal-Route-Time: ");
    private static final byte[] VIA = Ascii.bytes("\r\nVia: ");
    private static final byte[] CONNECTION_UPGRADE = Ascii.bytes("\r\nConnection: upgrade\r\n\r\n");
    private static final byte[] CONNECTION_CLOSE = Ascii.bytes("\r\nConnection: close\r\n\r\n");
    private static final byte[] CONNECTION_KEEP_ALIVE =
            Ascii.bytes("\r\nConnection: keep-alive\r\n\r\n");
    private static final byte[] CRLF = Ascii.bytes("\r\n");

    static final byte[] VIA_US = Ascii.bytes("1.1 paddock");

    private RequestWriter() {}

    public static void write(Bytes out, RequestHead head, Forwarding forwarding) {
        HeadBuffer lines = head.lines;
        out.add(lines.bytes, head.methodStart(), head.methodEnd());
        out.add(' ');
        head.writeTarget(out);
        out.add(VERSION);
        if (head.isAbsolute()) {
            out.add(HOST);
            out.add(lines.bytes, head.hostStart(), head.hostEnd());
            out.add(CRLF);
        }
        byte[] via = Forwarding.join(lines, HeaderName.VIA, VIA_US);
        lines.dropAll(HeaderName.VIA);
        lines.writeKept(out);
        out.add(FORWARDED_FOR);
        out.add(forwarding.forwardedFor);
        out.add(forwarding.tls ? PROTO_HTTPS : PROTO_HTTP);
        out.add(PORT);
        out.addDecimal(forwarding.port);
        out.add(ID);
        out.add(forwarding.requestId);
        out.add(START);
        out.addDecimal(forwarding.startMillis);
        out.add(CONNECT);
        out.addDecimal(forwarding.connectMillis);
        out.add(TOTAL);
        out.addDecimal(forwarding.totalMillis);
        out.add(VIA);
        out.add(via);
        out.add(
                head.isUpgrade()
                        ? CONNECTION_UPGRADE
                        : forwarding.keepAlive ? CONNECTION_KEEP_ALIVE : CONNECTION_CLOSE);
    }
}
