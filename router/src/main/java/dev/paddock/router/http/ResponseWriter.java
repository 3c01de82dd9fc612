package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;

/// Writes an answer's head as a client gets it: router.md section 7.
public final class ResponseWriter {
    private static final byte[] VERSION = Ascii.bytes("HTTP/1.1 ");
    private static final byte[] CRLF = Ascii.bytes("\r\n");
    private static final byte[] CHUNKED = Ascii.bytes("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = Ascii.bytes("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = Ascii.bytes("Connection: keep-alive\r\n");
    private static final byte[] UPGRADE = Ascii.bytes("Connection: upgrade\r\n");
    private static final byte[] VIA = Ascii.bytes("Via: ");
    private static final byte[] NOTHING = {};

    /// More than what is written besides the dyno's own bytes.
    private static final int OWN_BYTES = 256;

    private ResponseWriter() {}

    /// How many bytes [#write] writes at most.
    public static int estimate(ResponseHead head, byte[] extraLines) {
        return head.lines.length() + extraLines.length + OWN_BYTES;
    }

    /// How the body of this answer is framed for the client.
    ///
    /// @param chunksAllowed whether the client understands chunks (HTTP/1.1)
    public static Framing framing(ResponseHead head, boolean chunksAllowed) {
        return switch (head.framing()) {
            case NONE -> Framing.NONE;
            case LENGTH -> Framing.LENGTH;
            case CHUNKED, UNTIL_CLOSE -> chunksAllowed ? Framing.CHUNKED : Framing.UNTIL_CLOSE;
        };
    }

    /// Writes the head of the final answer.
    ///
    /// @param close whether the client's connection ends after the answer
    /// @param http10 whether the client speaks HTTP/1.0, knows no chunks and is told when its connection goes on
    /// @param extraLines whole header lines to add
    public static void write(
            ByteBuf out,
            ResponseHead head,
            Framing framing,
            boolean toHead,
            boolean close,
            boolean http10,
            byte[] extraLines) {
        out.writeBytes(VERSION);
        head.writeStatus(out);
        out.writeBytes(CRLF);
        byte[] via = Forwarding.join(head.lines, HeaderName.VIA, RequestWriter.VIA_US);
        head.lines.dropAll(HeaderName.VIA);
        head.lines.writeKept(out);
        if (framing == Framing.CHUNKED || (toHead && head.announcesChunks() && !http10)) {
            out.writeBytes(CHUNKED);
        }
        out.writeBytes(VIA);
        out.writeBytes(via);
        out.writeBytes(CRLF);
        out.writeBytes(extraLines);
        if (head.status() == 101) {
            out.writeBytes(UPGRADE);
        } else if (close) {
            out.writeBytes(CLOSE);
        } else if (http10) {
            out.writeBytes(KEEP_ALIVE);
        }
        out.writeBytes(CRLF);
    }

    /// Writes an interim answer. A 100 goes without its headers.
    public static void writeInterim(ByteBuf out, ResponseHead head) {
        out.writeBytes(VERSION);
        head.writeStatus(out);
        out.writeBytes(CRLF);
        if (head.status() != 100) {
            head.lines.writeKept(out);
        }
        out.writeBytes(CRLF);
    }

    /// No extra header lines.
    public static byte[] nothing() {
        return NOTHING;
    }
}
