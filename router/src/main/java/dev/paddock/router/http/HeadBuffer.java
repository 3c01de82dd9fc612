package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// The bytes of one head, taken in line by line, and where its header lines lie in them.
///
/// A line is judged when it is whole, so the result does not depend on how the bytes arrive.
final class HeadBuffer {
    /// What may be in a head.
    ///
    /// @param blankBeforeColon whether blanks between name and colon are cut away instead of refused
    record Limits(
            int firstLine,
            int line,
            int cookieLine,
            int name,
            int lines,
            int total,
            int emptyLinesBefore,
            boolean blankBeforeColon) {}

    /// What is known about the head so far.
    enum Outcome {
        MORE,
        DONE,
        BAD_FIRST_LINE,
        FIRST_LINE_TOO_LONG,
        BAD_LINE,
        LINE_TOO_LONG,
        COOKIE_TOO_LONG
    }

    /// Bytes taken at once: more than most heads have, little of the body behind them, which is not ours to touch.
    private static final int STEP = 512;

    private static final int USUAL_BYTES = 2048;
    private static final int USUAL_LINES = 32;
    private static final int MOST_KEPT_BYTES = 16 * 1024;
    private static final int PER_LINE = 4;

    private final Limits limits;
    byte[] bytes = new byte[USUAL_BYTES];
    private int length;
    private int scanned;
    private int lineStart;
    private int emptyLines;
    int firstStart;
    int firstEnd;
    private boolean firstSeen;
    private int count;
    private int[] places = new int[USUAL_LINES * PER_LINE];
    private HeaderName[] names = new HeaderName[USUAL_LINES];
    private boolean[] dropped = new boolean[USUAL_LINES];

    HeadBuffer(Limits limits) {
        this.limits = limits;
    }

    /// Forgets the head; a buffer that a large head made is let go.
    void reset() {
        length = 0;
        scanned = 0;
        lineStart = 0;
        emptyLines = 0;
        firstStart = 0;
        firstEnd = 0;
        firstSeen = false;
        count = 0;
        if (bytes.length > MOST_KEPT_BYTES) {
            bytes = new byte[USUAL_BYTES];
            places = new int[USUAL_LINES * PER_LINE];
            names = new HeaderName[USUAL_LINES];
            dropped = new boolean[USUAL_LINES];
        }
    }

    /// Takes bytes up to the end of the head and not one more.
    Outcome feed(ByteBuf in) {
        while (true) {
            for (int lineFeed; (lineFeed = nextLineFeed()) >= 0; ) {
                Outcome outcome = takeLine(lineFeed);
                if (outcome != Outcome.MORE) {
                    in.readerIndex(in.readerIndex() - (length - scanned));
                    length = scanned;
                    return outcome;
                }
            }
            Outcome tooLong = judgeLength(scanned - lineStart - 1, scanned);
            if (tooLong != Outcome.MORE || !in.isReadable()) {
                return tooLong;
            }
            int step = Math.min(in.readableBytes(), STEP);
            if (length + step > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + step));
            }
            in.readBytes(bytes, length, step);
            length += step;
        }
    }

    /// Goes on behind the next line feed and tells where it is; negative when there is none yet.
    private int nextLineFeed() {
        byte[] all = bytes;
        int end = length;
        for (int i = scanned; i < end; i++) {
            if (all[i] == '\n') {
                scanned = i + 1;
                return i;
            }
        }
        scanned = end;
        return -1;
    }

    /// Whether anything but empty lines has arrived.
    boolean isBegun() {
        return firstSeen || length > lineStart;
    }

    /// All bytes of the head as they were read.
    int length() {
        return length;
    }

    int count() {
        return count;
    }

    HeaderName name(int header) {
        return names[header];
    }

    int nameStart(int header) {
        return places[header * PER_LINE];
    }

    int nameEnd(int header) {
        return places[header * PER_LINE + 1];
    }

    int valueStart(int header) {
        return places[header * PER_LINE + 2];
    }

    int valueEnd(int header) {
        return places[header * PER_LINE + 3];
    }

    void drop(int header) {
        dropped[header] = true;
    }

    boolean isDropped(int header) {
        return dropped[header];
    }

    void dropAll(HeaderName name) {
        for (int i = 0; i < count; i++) {
            if (names[i] == name) {
                dropped[i] = true;
            }
        }
    }

    /// Drops every header whose name is in the range, unless a `Connection` header must not strip it.
    void dropNamed(int start, int end) {
        for (int i = 0; i < count; i++) {
            if (!names[i].isProtected()
                    && Ascii.sameIgnoreCase(bytes, nameStart(i), nameEnd(i), bytes, start, end)) {
                dropped[i] = true;
            }
        }
    }

    /// Writes the header lines that were not dropped, in their order.
    void writeKept(Bytes out) {
        for (int i = 0; i < count; i++) {
            if (!dropped[i]) {
                out.add(bytes, nameStart(i), nameEnd(i));
                out.add(':');
                out.add(' ');
                out.add(bytes, valueStart(i), valueEnd(i));
                out.add('\r');
                out.add('\n');
            }
        }
    }

    private Outcome judgeLength(int content, int totalBytes) {
        if (!firstSeen) {
            return content > limits.firstLine ? Outcome.FIRST_LINE_TOO_LONG : Outcome.MORE;
        }
        return content > limits.line || totalBytes > limits.total
                ? Outcome.LINE_TOO_LONG
                : Outcome.MORE;
    }

    private Outcome takeLine(int lineFeed) {
        boolean returned = lineFeed > lineStart && bytes[lineFeed - 1] == '\r';
        int end = returned ? lineFeed - 1 : lineFeed;
        int start = lineStart;
        Outcome tooLong = judgeLength(end - start, lineFeed);
        if (tooLong != Outcome.MORE) {
            return tooLong;
        }
        lineStart = lineFeed + 1;
        if (!firstSeen) {
            if (!returned) {
                return Outcome.BAD_FIRST_LINE;
            }
            if (start == end) {
                return ++emptyLines <= limits.emptyLinesBefore
                        ? Outcome.MORE
                        : Outcome.BAD_FIRST_LINE;
            }
            firstStart = start;
            firstEnd = end;
            firstSeen = true;
            return Outcome.MORE;
        }
        if (!returned) {
            return Outcome.BAD_LINE;
        }
        return start == end ? Outcome.DONE : takeHeader(start, end);
    }

    private Outcome takeHeader(int start, int end) {
        int nameEnd = start;
        while (nameEnd < end && Ascii.isToken(bytes[nameEnd])) {
            nameEnd++;
        }
        int colon = nameEnd;
        while (limits.blankBeforeColon && colon < end && Ascii.isBlank(bytes[colon])) {
            colon++;
        }
        if (nameEnd == start
                || nameEnd - start > limits.name
                || colon == end
                || bytes[colon] != ':'
                || count == limits.lines) {
            return Outcome.BAD_LINE;
        }
        int valueStart = colon + 1;
        while (valueStart < end && Ascii.isBlank(bytes[valueStart])) {
            valueStart++;
        }
        int valueEnd = end;
        while (valueEnd > valueStart && Ascii.isBlank(bytes[valueEnd - 1])) {
            valueEnd--;
        }
        for (int i = valueStart; i < valueEnd; i++) {
            if (!Ascii.isFieldValue(bytes[i])) {
                return Outcome.BAD_LINE;
            }
        }
        HeaderName name = HeaderName.of(bytes, start, nameEnd);
        if (name == HeaderName.SET_COOKIE && end - start > limits.cookieLine) {
            return Outcome.COOKIE_TOO_LONG;
        }
        if (count == names.length) {
            places = Arrays.copyOf(places, 2 * places.length);
            names = Arrays.copyOf(names, 2 * count);
            dropped = Arrays.copyOf(dropped, 2 * count);
        }
        int at = count * PER_LINE;
        places[at] = start;
        places[at + 1] = nameEnd;
        places[at + 2] = valueStart;
        places[at + 3] = valueEnd;
        names[count] = name;
        dropped[count] = false;
        count++;
        return Outcome.MORE;
    }
}
