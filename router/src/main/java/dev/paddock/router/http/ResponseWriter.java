package dev.paddock.router.http;

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

    private ResponseWriter() {}

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
            Bytes out,
            ResponseHead head,
            Framing framing,
            boolean toHead,
            boolean close,
            boolean http10,
            byte[] extraLines) {
        out.add(VERSION);
        head.writeStatus(out);
        out.add(CRLF);
        byte[] via = Forwarding.join(head.lines, HeaderName.VIA, RequestWriter.VIA_US);
        head.lines.dropAll(HeaderName.VIA);
        head.lines.writeKept(out);
        if (framing == Framing.CHUNKED || (toHead && head.announcesChunks() && !http10)) {
            out.add(CHUNKED);
        }
        out.add(VIA);
        out.add(via);
        out.add(CRLF);
        out.add(extraLines);
        if (head.status() == 101) {
            out.add(UPGRADE);
        } else if (close) {
            out.add(CLOSE);
        } else if (http10) {
            out.add(KEEP_ALIVE);
        }
        out.add(CRLF);
    }

    /// Writes an interim answer. A 100 goes without its headers.
    public static void writeInterim(Bytes out, ResponseHead head) {
        out.add(VERSION);
        head.writeStatus(out);
        out.add(CRLF);
        if (head.status() != 100) {
            head.lines.writeKept(out);
        }
        out.add(CRLF);
    }

    /// No extra header lines.
    public static byte[] nothing() {
        return NOTHING;
    }
}
