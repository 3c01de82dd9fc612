package dev.paddock.router.http;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// Finds where a body ends, and takes chunk sizes and trailers apart. Reusable.
///
/// Chunk lines and trailers are copied into a small buffer, data is only pointed at: [#next] says how much of the
/// input is data now.
public final class BodyReader {
    /// What comes next in the input.
    public enum Part {
        /// The input is used up.
        MORE,
        /// [#dataLength] bytes of the input are data; the caller takes them from it.
        DATA,
        /// The body is complete; trailers can be asked for.
        END,
        /// A bad chunk or trailer (400, H26 "bad chunk").
        BAD
    }

    private enum State {
        LENGTH,
        UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILERS,
        DONE,
        BROKEN
    }

    private static final int MAX_CHUNK_LINE = 4096;
    private static final int MAX_TRAILERS = 16 * 1024;
    private static final int MAX_SIZE_DIGITS = 16;
    private static final int USUAL_LINE = 64;
    private static final byte[] NO_BYTES = {};

    private State state = State.DONE;
    private long left;
    private int dataLength;

    /// Empty until a chunk line comes, for most bodies have none.
    private byte[] line = NO_BYTES;

    private int lineLength;
    private int trailersEnd;

    /// Forgets the body; a buffer that long lines made is let go.
    public void reset() {
        begin(Framing.NONE, 0);
        if (line.length > USUAL_LINE) {
            line = NO_BYTES;
        }
    }

    public void begin(Framing framing, long contentLength) {
        lineLength = 0;
        trailersEnd = 0;
        left = 0;
        switch (framing) {
            case NONE -> state = State.DONE;
            case LENGTH -> {
                left = contentLength;
                state = contentLength == 0 ? State.DONE : State.LENGTH;
            }
            case CHUNKED -> state = State.CHUNK_SIZE;
            case UNTIL_CLOSE -> state = State.UNTIL_CLOSE;
        }
    }

    /// The body ends here, which its protocol says beside the bytes.
    ///
    /// @param trailers whole lines
    public void end(byte[] trailers) {
        if (trailers.length > line.length) {
            line = new byte[trailers.length];
        }
        System.arraycopy(trailers, 0, line, 0, trailers.length);
        trailersEnd = trailers.length;
        state = State.DONE;
    }

    public boolean isDone() {
        return state == State.DONE;
    }

    /// Whether the end of the connection is a right end of the body.
    public boolean mayEndHere() {
        return state == State.DONE || state == State.UNTIL_CLOSE;
    }

    /// Bytes that a body of known length still lacks; 0 for others.
    public long lacking() {
        return state == State.LENGTH ? left : 0;
    }

    /// So many bytes of a body of known length were taken from elsewhere.
    public void skip(long bytes) {
        if (bytes > lacking()) {
            throw new IllegalArgumentException(bytes + " bytes of a body that lacks " + lacking());
        }
        left -= bytes;
        if (left == 0) {
            state = State.DONE;
        }
    }

    public int dataLength() {
        return dataLength;
    }

    /// Looks at the input. After DATA the caller must take exactly [#dataLength] bytes from it.
    public Part next(ByteBuf in) {
        while (true) {
            switch (state) {
                case DONE -> {
                    return Part.END;
                }
                case BROKEN -> {
                    return Part.BAD;
                }
                case UNTIL_CLOSE -> {
                    dataLength = in.readableBytes();
                    return dataLength == 0 ? Part.MORE : Part.DATA;
                }
                case LENGTH, CHUNK_DATA -> {
                    dataLength = (int) Math.min(left, in.readableBytes());
                    if (dataLength == 0) {
                        return Part.MORE;
                    }
                    left -= dataLength;
                    if (left == 0) {
                        state = state == State.LENGTH ? State.DONE : State.CHUNK_END;
                    }
                    return Part.DATA;
                }
                case CHUNK_SIZE, CHUNK_END, TRAILERS -> {
                    int before = trailersEnd;
                    int most =
                            before
                                    + switch (state) {
                                        case CHUNK_END -> 2;
                                        case TRAILERS -> MAX_TRAILERS - before;
                                        default -> MAX_CHUNK_LINE;
                                    };
                    if (!takeLine(in, most)) {
                        return state == State.BROKEN ? Part.BAD : Part.MORE;
                    }
                    judgeLine(before);
                }
            }
        }
    }

    /// The trailer lines with their line ends, without the empty one; valid after END.
    public int trailersLength() {
        return trailersEnd;
    }

    public byte[] trailers() {
        return line;
    }

    /// Copies up to the next line feed; false when there is none yet or the line is bad.
    private boolean takeLine(ByteBuf in, int most) {
        while (in.isReadable()) {
            byte b = in.readByte();
            if (lineLength == most) {
                state = State.BROKEN;
                return false;
            }
            if (lineLength == line.length) {
                line = Arrays.copyOf(line, Math.max(USUAL_LINE, 2 * line.length));
            }
            line[lineLength++] = b;
            if (b == '\n') {
                boolean returned = lineLength - trailersEnd >= 2 && line[lineLength - 2] == '\r';
                if (!returned) {
                    state = State.BROKEN;
                }
                return returned;
            }
            if (lineLength == most) {
                state = State.BROKEN;
                return false;
            }
        }
        return false;
    }

    private void judgeLine(int start) {
        int end = lineLength - 2;
        switch (state) {
            case CHUNK_END -> {
                state = end == start ? State.CHUNK_SIZE : State.BROKEN;
                lineLength = start;
            }
            case CHUNK_SIZE -> {
                judgeSize(end);
                lineLength = 0;
            }
            case TRAILERS -> {
                if (end == start) {
                    lineLength = start;
                    state = State.DONE;
                } else if (isTrailer(start, end)) {
                    trailersEnd = lineLength;
                } else {
                    state = State.BROKEN;
                }
            }
            case LENGTH, UNTIL_CLOSE, CHUNK_DATA, DONE, BROKEN ->
                    throw new IllegalStateException("no line is awaited in " + state);
        }
    }

    private void judgeSize(int end) {
        long size = 0;
        int at = 0;
        while (at < end && Ascii.hex(line[at]) >= 0) {
            size = (size << 4) | Ascii.hex(line[at++]);
        }
        boolean extended = at < end && line[at] == ';';
        if (at == 0 || at > MAX_SIZE_DIGITS || size < 0 || (at < end && !extended)) {
            state = State.BROKEN;
            return;
        }
        for (; at < end; at++) {
            if (!Ascii.isFieldValue(line[at])) {
                state = State.BROKEN;
                return;
            }
        }
        left = size;
        state = size == 0 ? State.TRAILERS : State.CHUNK_DATA;
    }

    private boolean isTrailer(int start, int end) {
        int at = start;
        while (at < end && Ascii.isToken(line[at])) {
            at++;
        }
        if (at == start || at == end || line[at] != ':') {
            return false;
        }
        while (++at < end) {
            if (!Ascii.isFieldValue(line[at])) {
                return false;
            }
        }
        return true;
    }
}
