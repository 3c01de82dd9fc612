package dev.paddock.drains;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// What a target answered, and whether its connection can be used again.
record HttpReply(int status, boolean reusable) {
    private static final int MAX_LINE_BYTES = 8 * 1024;
    private static final int MAX_HEADERS = 100;

    /// Longer answers are not read: closing the connection is cheaper.
    private static final int MAX_BODY_BYTES = 64 * 1024;

    private static final int FIRST_FINAL_STATUS = 200;
    private static final int NO_CONTENT = 204;

    boolean isSuccess() {
        return status >= 200 && status < 300;
    }

    /// Whether the target says that this frame will never do.
    boolean isRefusal() {
        return status >= 400 && status < 500 && status != 429;
    }

    /// Reads an answer to its end, or as far as is of use.
    ///
    /// @throws EOFException when there was not one byte
    static HttpReply read(InputStream in) throws IOException {
        String line = line(in);
        while (true) {
            if (!line.matches("HTTP/1\\.[01] [1-9][0-9]{2}( .*)?")) {
                throw new ProtocolException("an answer that is not HTTP");
            }
            int status = Integer.parseInt(line.substring(9, 12));
            boolean keep = line.startsWith("HTTP/1.1");
            long length = status == NO_CONTENT ? 0 : -1;
            int headers = 0;
            for (String header = line(in); !header.isEmpty(); header = line(in)) {
                if (++headers > MAX_HEADERS) {
                    throw new ProtocolException("an answer with too many headers");
                }
                String lower = header.toLowerCase(Locale.ROOT);
                if (lower.matches("content-length:\\s*[0-9]{1,15}\\s*")) {
                    length = Long.parseLong(lower.substring(lower.indexOf(':') + 1).strip());
                }
                keep &= !lower.matches("connection:.*close.*");
            }
            if (status >= FIRST_FINAL_STATUS) {
                boolean whole = length >= 0 && length <= MAX_BODY_BYTES;
                if (whole) {
                    in.skipNBytes(length);
                }
                return new HttpReply(status, keep && whole);
            }
            line = line(in);
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw line.isEmpty()
                        ? new EOFException("closed without an answer")
                        : new ProtocolException("an answer that breaks off");
            }
            if (line.length() == MAX_LINE_BYTES) {
                throw new ProtocolException("an answer with too long a line");
            }
            line.append(new String(new byte[] {(byte) next}, StandardCharsets.ISO_8859_1));
        }
        int end = line.length();
        return end > 0 && line.charAt(end - 1) == '\r'
                ? line.substring(0, end - 1)
                : line.toString();
    }
}
