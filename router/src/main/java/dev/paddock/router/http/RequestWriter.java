package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;

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

    /// More than what is written besides the client's own bytes.
    private static final int OWN_BYTES = 1024;

    private RequestWriter() {}

    /// How many bytes [#write] writes at most.
    public static int estimate(RequestHead head, Forwarding forwarding) {
        return head.lines.length() + forwarding.forwardedFor.length + OWN_BYTES;
    }

    public static void write(ByteBuf out, RequestHead head, Forwarding forwarding) {
        HeadBuffer lines = head.lines;
        out.writeBytes(lines.bytes, head.methodStart(), head.methodEnd() - head.methodStart());
        out.writeByte(' ');
        head.writeTarget(out);
        out.writeBytes(VERSION);
        if (head.isAbsolute()) {
            out.writeBytes(HOST);
            out.writeBytes(lines.bytes, head.hostStart(), head.hostEnd() - head.hostStart());
            out.writeBytes(CRLF);
        }
        byte[] via = Forwarding.join(lines, HeaderName.VIA, VIA_US);
        lines.dropAll(HeaderName.VIA);
        lines.writeKept(out);
        out.writeBytes(FORWARDED_FOR);
        out.writeBytes(forwarding.forwardedFor);
        out.writeBytes(forwarding.tls ? PROTO_HTTPS : PROTO_HTTP);
        out.writeBytes(PORT);
        writeDecimal(out, forwarding.port);
        out.writeBytes(ID);
        out.writeBytes(forwarding.requestId);
        out.writeBytes(START);
        writeDecimal(out, forwarding.startMillis);
        out.writeBytes(CONNECT);
        writeDecimal(out, forwarding.connectMillis);
        out.writeBytes(TOTAL);
        writeDecimal(out, forwarding.totalMillis);
        out.writeBytes(VIA);
        out.writeBytes(via);
        out.writeBytes(
                head.isUpgrade()
                        ? CONNECTION_UPGRADE
                        : forwarding.keepAlive ? CONNECTION_KEEP_ALIVE : CONNECTION_CLOSE);
    }

    static void writeDecimal(ByteBuf out, long value) {
        if (value >= 10) {
            writeDecimal(out, value / 10);
        }
        out.writeByte((int) ('0' + value % 10));
    }
}
