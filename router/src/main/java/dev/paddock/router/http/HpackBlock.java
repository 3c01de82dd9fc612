package dev.paddock.router.http;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.util.AsciiString;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A header block of an HTTP/2 answer, already in HPACK: usual statuses and names by their number, everything else as
/// literals that no table remembers. A client that guesses learns nothing from sizes, and no head costs a look-up.
public final class HpackBlock extends DefaultHttp2Headers {
    private static final int LONGEST_SHORT = 0x7f;
    private static final int STATUS_NAME = 8;

    /// What fits in the first byte of an index; ours are all above and take one more.
    private static final int LONGEST_INDEX = 15;

    private static final byte[] INDEXED_STATUS = {8, 9, 10, 11, 12, 13, 14};
    private static final int[] INDEXED_STATUSES = {200, 204, 206, 304, 400, 404, 500};
    private static final byte[] VIA = Ascii.bytes("via");

    private byte[] bytes;
    private int length;
    private @Nullable AsciiString status;

    private HpackBlock(int estimate) {
        super(false, 2);
        bytes = new byte[estimate];
    }

    /// The head of a final answer.
    ///
    /// @param extraLines whole header lines to add
    public static HpackBlock answer(ResponseHead head, byte[] extraLines) {
        byte[] via = Forwarding.join(head.lines, HeaderName.VIA, RequestWriter.VIA_US);
        head.lines.dropAll(HeaderName.VIA);
        HpackBlock block =
                new HpackBlock(head.lines.length() + via.length + extraLines.length + 64);
        block.status(head.status());
        block.addKept(head.lines);
        block.add(VIA, 0, VIA.length, via, 0, via.length);
        block.addLines(extraLines, extraLines.length);
        return block;
    }

    /// An interim answer. A 100 goes without its headers.
    public static HpackBlock interim(ResponseHead head) {
        HpackBlock block = new HpackBlock(head.lines.length() + 64);
        block.status(head.status());
        if (head.status() != 100) {
            block.addKept(head.lines);
        }
        return block;
    }

    /// A head of the router's own.
    ///
    /// @param lines whole header lines
    public static HpackBlock own(int status, byte[] lines) {
        HpackBlock block = new HpackBlock(lines.length + 64);
        block.status(status);
        block.addLines(lines, lines.length);
        return block;
    }

    /// Trailers.
    ///
    /// @param lines whole header lines
    /// @param length how much of them counts
    public static HpackBlock trailers(byte[] lines, int length) {
        HpackBlock block = new HpackBlock(length + 64);
        block.addLines(lines, length);
        return block;
    }

    @Override
    public @Nullable CharSequence status() {
        return status;
    }

    public byte[] bytes() {
        return bytes;
    }

    public int length() {
        return length;
    }

    private void status(int code) {
        status = new AsciiString(Integer.toString(code));
        for (int i = 0; i < INDEXED_STATUSES.length; i++) {
            if (INDEXED_STATUSES[i] == code) {
                put(0x80 | INDEXED_STATUS[i]);
                return;
            }
        }
        put(STATUS_NAME);
        text(status.array(), status.arrayOffset(), status.arrayOffset() + status.length());
    }

    private void addKept(HeadBuffer lines) {
        for (int i = 0; i < lines.count(); i++) {
            if (!lines.isDropped(i) && mayPass(lines.name(i))) {
                add(
                        lines.bytes,
                        lines.nameStart(i),
                        lines.nameEnd(i),
                        lines.bytes,
                        lines.valueStart(i),
                        lines.valueEnd(i));
            }
        }
    }

    /// Whether a dyno's header means anything beyond its own connection.
    private static boolean mayPass(HeaderName name) {
        return !name.isOfConnection() && name != HeaderName.TE && name != HeaderName.HTTP2_SETTINGS;
    }

    private void addLines(byte[] lines, int end) {
        int at = 0;
        while (at < end) {
            int colon = at;
            while (colon < end && lines[colon] != ':') {
                colon++;
            }
            int lineEnd = colon;
            while (lineEnd < end && lines[lineEnd] != '\r') {
                lineEnd++;
            }
            int valueStart = Math.min(colon + 1, lineEnd);
            while (valueStart < lineEnd && Ascii.isBlank(lines[valueStart])) {
                valueStart++;
            }
            int valueEnd = lineEnd;
            while (valueEnd > valueStart && Ascii.isBlank(lines[valueEnd - 1])) {
                valueEnd--;
            }
            if (mayPass(HeaderName.of(lines, at, colon))) {
                add(lines, at, colon, lines, valueStart, valueEnd);
            }
            at = lineEnd + 2;
        }
    }

    private void add(
            byte[] names, int nameStart, int nameEnd, byte[] values, int valueStart, int valueEnd) {
        int index = StaticName.find(names, nameStart, nameEnd);
        if (index > 0) {
            put(LONGEST_INDEX);
            put(index - LONGEST_INDEX);
        } else {
            put(0);
            text(names, nameStart, nameEnd);
            for (int i = length - (nameEnd - nameStart); i < length; i++) {
                bytes[i] = Ascii.lower(bytes[i]);
            }
        }
        text(values, valueStart, valueEnd);
    }

    /// A string literal without Huffman code.
    private void text(byte[] from, int start, int end) {
        int size = end - start;
        if (size < LONGEST_SHORT) {
            put(size);
        } else {
            put(LONGEST_SHORT);
            int rest = size - LONGEST_SHORT;
            while (rest >= 0x80) {
                put(0x80 | (rest & 0x7f));
                rest >>>= 7;
            }
            put(rest);
        }
        room(size);
        System.arraycopy(from, start, bytes, length, size);
        length += size;
    }

    private void put(int b) {
        room(1);
        bytes[length++] = (byte) b;
    }

    private void room(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    /// Names of answers that have a number in every decoder (RFC 7541 appendix A).
    private static final class StaticName {
        private static final String[] NAMES = {
            "accept-ranges",
            "18",
            "access-control-allow-origin",
            "20",
            "age",
            "21",
            "allow",
            "22",
            "cache-control",
            "24",
            "content-disposition",
            "25",
            "content-encoding",
            "26",
            "content-language",
            "27",
            "content-length",
            "28",
            "content-range",
            "30",
            "content-type",
            "31",
            "date",
            "33",
            "etag",
            "34",
            "expires",
            "36",
            "last-modified",
            "44",
            "link",
            "45",
            "location",
            "46",
            "server",
            "54",
            "set-cookie",
            "55",
            "strict-transport-security",
            "56",
            "vary",
            "59",
            "via",
            "60"
        };
        private static final int LONGEST = 32;
        private static final StaticName[][] BY_LENGTH = new StaticName[LONGEST][0];

        static {
            for (int i = 0; i < NAMES.length; i += 2) {
                byte[] text = Ascii.bytes(NAMES[i]);
                StaticName[] before = BY_LENGTH[text.length];
                StaticName[] with = Arrays.copyOf(before, before.length + 1);
                with[before.length] = new StaticName(text, Integer.parseInt(NAMES[i + 1]));
                BY_LENGTH[text.length] = with;
            }
        }

        private final byte[] text;
        private final int index;

        private StaticName(byte[] text, int index) {
            this.text = text;
            this.index = index;
        }

        /// The number of the name, in any case; 0 for none.
        static int find(byte[] bytes, int start, int end) {
            if (end - start < LONGEST) {
                for (StaticName name : BY_LENGTH[end - start]) {
                    if (Ascii.equalsIgnoreCase(bytes, start, end, name.text)) {
                        return name.index;
                    }
                }
            }
            return 0;
        }
    }
}
