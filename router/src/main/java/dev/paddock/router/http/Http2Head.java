package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import org.jspecify.annotations.Nullable;

/// The head of an HTTP/2 request written as HTTP/1.1, so that [RequestHead] judges both alike and nothing that it would
/// refuse can reach a dyno.
///
/// Judged here is only what HTTP/1.1 has no word for: pseudo-header fields and the form of names and values (RFC 9113
/// sections 8.2 and 8.3). Whatever could end a line or a word is refused before anything is written.
public final class Http2Head {
    private static final AsciiString METHOD = new AsciiString(":method");
    private static final AsciiString SCHEME = new AsciiString(":scheme");
    private static final AsciiString PATH = new AsciiString(":path");
    private static final AsciiString AUTHORITY = new AsciiString(":authority");
    private static final AsciiString PROTOCOL = new AsciiString(":protocol");
    private static final AsciiString HOST = new AsciiString("host");
    private static final AsciiString COOKIE = new AsciiString("cookie");
    private static final AsciiString CONNECT = new AsciiString("CONNECT");
    private static final AsciiString ROOT = new AsciiString("/");
    private static final AsciiString TRAILERS = new AsciiString("trailers");
    private static final byte[] VERSION = Ascii.bytes(" HTTP/1.1\r\nhost: ");
    private static final byte[] CRLF = Ascii.bytes("\r\n");
    private static final byte[] COOKIE_LINE = Ascii.bytes("cookie: ");
    private static final byte[] CHUNKED = Ascii.bytes("transfer-encoding: chunked\r\n");

    private final Http2FieldList fields;
    private @Nullable AsciiString method;
    private @Nullable AsciiString scheme;
    private @Nullable AsciiString path;
    private @Nullable AsciiString authority;
    private @Nullable AsciiString host;
    private boolean cookies;
    private boolean sized;

    private Http2Head(Http2FieldList fields) {
        this.fields = fields;
    }

    /// Writes the head.
    ///
    /// @param bodyFollows whether the stream does not end with this head
    /// @return whether the request is well-formed; when not, nothing was written
    public static boolean write(Http2FieldList fields, boolean bodyFollows, ByteBuf out) {
        Http2Head head = new Http2Head(fields);
        if (!head.judge()) {
            return false;
        }
        head.write(bodyFollows, out);
        return true;
    }

    /// Writes the trailers as lines, without an empty one behind them.
    ///
    /// @return whether they are well-formed
    public static boolean writeTrailers(Http2FieldList trailers, ByteBuf out) {
        for (int i = 0; i < trailers.count(); i++) {
            AsciiString name = trailers.fieldName(i);
            AsciiString value = trailers.fieldValue(i);
            if (isPseudo(name) || !isField(name, value)) {
                return false;
            }
            for (int at = 0; at < value.length(); at++) {
                if (!Ascii.isFieldValue(value.byteAt(at))) {
                    return false;
                }
            }
            writeLine(out, name, value);
        }
        return true;
    }

    private boolean judge() {
        boolean regular = false;
        for (int i = 0; i < fields.count(); i++) {
            AsciiString name = fields.fieldName(i);
            AsciiString value = fields.fieldValue(i);
            if (isPseudo(name)) {
                if (regular || !takePseudo(name, value)) {
                    return false;
                }
            } else {
                regular = true;
                if (!isField(name, value) || !take(name, value)) {
                    return false;
                }
            }
        }
        return isWhole();
    }

    private boolean takePseudo(AsciiString name, AsciiString value) {
        if (!isOneWord(value)) {
            return false;
        }
        if (name.contentEquals(METHOD)) {
            boolean first = method == null;
            method = value;
            return first && isToken(value);
        } else if (name.contentEquals(SCHEME)) {
            boolean first = scheme == null;
            scheme = value;
            return first;
        } else if (name.contentEquals(PATH)) {
            boolean first = path == null;
            path = value;
            return first;
        } else if (name.contentEquals(AUTHORITY)) {
            boolean first = authority == null;
            authority = value;
            return first;
        }
        // Of an extended CONNECT, which is refused as any CONNECT is.
        return name.contentEquals(PROTOCOL);
    }

    private boolean take(AsciiString name, AsciiString value) {
        if (name.contentEquals(HOST)) {
            boolean first = host == null;
            host = value;
            return first;
        }
        cookies |= name.contentEquals(COOKIE);
        sized |=
                HeaderName.of(name.array(), start(name), start(name) + name.length())
                        == HeaderName.CONTENT_LENGTH;
        return true;
    }

    private boolean isWhole() {
        AsciiString asked = method;
        AsciiString named = authority == null ? host : authority;
        if (asked == null || named == null) {
            return false;
        }
        if (host != null && authority != null && !host.contentEqualsIgnoreCase(authority)) {
            return false;
        }
        if (asked.contentEquals(CONNECT)) {
            path = ROOT;
            return true;
        }
        AsciiString wanted = path;
        return scheme != null
                && (scheme.contentEqualsIgnoreCase("https")
                        || scheme.contentEqualsIgnoreCase("http"))
                && wanted != null
                && !wanted.isEmpty()
                && (wanted.byteAt(0) == '/' || wanted.contentEquals("*"));
    }

    private void write(boolean bodyFollows, ByteBuf out) {
        write(out, method);
        out.writeByte(' ');
        write(out, path);
        out.writeBytes(VERSION);
        write(out, authority == null ? host : authority);
        out.writeBytes(CRLF);
        for (int i = 0; i < fields.count(); i++) {
            AsciiString name = fields.fieldName(i);
            if (!isPseudo(name) && !name.contentEquals(HOST) && !name.contentEquals(COOKIE)) {
                writeLine(out, name, fields.fieldValue(i));
            }
        }
        if (cookies) {
            writeCookies(out);
        }
        if (bodyFollows && !sized) {
            out.writeBytes(CHUNKED);
        }
        out.writeBytes(CRLF);
    }

    /// One line of all crumbs (RFC 9113 section 8.2.3).
    private void writeCookies(ByteBuf out) {
        out.writeBytes(COOKIE_LINE);
        boolean more = false;
        for (int i = 0; i < fields.count(); i++) {
            if (fields.fieldName(i).contentEquals(COOKIE)) {
                if (more) {
                    out.writeByte(';').writeByte(' ');
                }
                write(out, fields.fieldValue(i));
                more = true;
            }
        }
        out.writeBytes(CRLF);
    }

    private static boolean isPseudo(AsciiString name) {
        return !name.isEmpty() && name.byteAt(0) == ':';
    }

    /// A lower-case token with a value that is one line, and not about the connection (RFC 9113 section 8.2).
    private static boolean isField(AsciiString name, AsciiString value) {
        if (name.isEmpty() || !isToken(name)) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (name.byteAt(i) >= 'A' && name.byteAt(i) <= 'Z') {
                return false;
            }
        }
        if (!value.isEmpty()
                && (Ascii.isBlank(value.byteAt(0))
                        || Ascii.isBlank(value.byteAt(value.length() - 1)))) {
            return false;
        }
        for (int i = 0; i < value.length(); i++) {
            byte b = value.byteAt(i);
            if (b == 0 || b == '\r' || b == '\n') {
                return false;
            }
        }
        HeaderName known = HeaderName.of(name.array(), start(name), start(name) + name.length());
        return known == HeaderName.TE
                ? value.contentEqualsIgnoreCase(TRAILERS)
                : !known.isOfConnection();
    }

    private static boolean isToken(AsciiString text) {
        for (int i = 0; i < text.length(); i++) {
            if (!Ascii.isToken(text.byteAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /// Without blanks and controls, so that it stays one word of a line.
    private static boolean isOneWord(AsciiString text) {
        for (int i = 0; i < text.length(); i++) {
            if (!Ascii.isTarget(text.byteAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static void writeLine(ByteBuf out, AsciiString name, AsciiString value) {
        write(out, name);
        out.writeShort((':' << 8) | ' ');
        write(out, value);
        out.writeBytes(CRLF);
    }

    private static void write(ByteBuf out, @Nullable AsciiString text) {
        if (text != null) {
            out.writeBytes(text.array(), start(text), text.length());
        }
    }

    private static int start(AsciiString text) {
        return text.arrayOffset();
    }
}
