package dev.paddock.router;

import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.Framing;
import dev.paddock.router.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/// The request's body on its way to the dyno. Owned by its event loop.
///
/// While a kept connection has not answered yet, what was sent is held, so that it can be sent again on a fresh one.
final class Upload {
    private static final int MOST_HELD = 64 * 1024;
    private static final byte[] LAST_CHUNK = {'0', '\r', '\n'};
    private static final int CHUNK_HEAD = 12;

    /// How reading went.
    enum Progress {
        MORE,
        COMPLETE,
        BAD
    }

    private final BodyReader body = new BodyReader();

    /// Without room until there is a body, for most requests have none.
    private final List<ByteBuf> held = new ArrayList<>(0);

    private Framing framing = Framing.NONE;
    private boolean holding;
    private boolean overflowed;
    private int heldBytes;

    /// Forgets it; another one may come.
    void reset() {
        letGo();
        body.reset();
        framing = Framing.NONE;
        overflowed = false;
    }

    /// The next body.
    ///
    /// @param framed whether chunks come as such; else what comes is the body itself, and [#end] ends it
    void begin(RequestHead head, boolean framed) {
        framing = head.framing();
        boolean bare = framing == Framing.CHUNKED && !framed;
        body.begin(bare ? Framing.UNTIL_CLOSE : framing, head.contentLength());
    }

    /// The body ends here; [#relay] passes that on.
    void end(byte[] trailers) {
        body.end(trailers);
    }

    boolean isComplete() {
        return body.isDone();
    }

    /// Bytes still to come that need not pass through here: none while what is sent may have to be sent again.
    long lacking() {
        return canRepeat() ? 0 : body.lacking();
    }

    /// So many bytes went past here.
    void poured(long bytes) {
        body.skip(bytes);
    }

    /// Passes on what is there of the body.
    Progress relay(ByteBuf in, DynoStream dyno) {
        while (true) {
            switch (body.next(in)) {
                case MORE -> {
                    return Progress.MORE;
                }
                case BAD -> {
                    return Progress.BAD;
                }
                case END -> {
                    if (framing == Framing.CHUNKED) {
                        send(lastChunk(in.alloc(), body), dyno);
                    }
                    return Progress.COMPLETE;
                }
                case DATA -> {
                    int length = body.dataLength();
                    if (framing == Framing.CHUNKED) {
                        send(chunkHead(in.alloc(), length), dyno);
                        send(in.readRetainedSlice(length), dyno);
                        send(lineEnd(in.alloc()), dyno);
                    } else {
                        send(in.readRetainedSlice(length), dyno);
                        if (body.isDone()) {
                            return Progress.COMPLETE;
                        }
                    }
                }
            }
        }
    }

    /// The dyno began to answer: nothing will be sent again.
    void letGo() {
        holding = false;
        held.forEach(ByteBuf::release);
        held.clear();
        heldBytes = 0;
    }

    /// Whether everything that was sent is still held.
    boolean canRepeat() {
        return holding && !overflowed;
    }

    /// Sends what is held from an earlier attempt. On a kept connection it is held on, and what is sent from now on
    /// too.
    void repeat(DynoStream dyno) {
        holding = dyno.isReused();
        if (!held.isEmpty()) {
            held.forEach(bytes -> dyno.send(bytes.retainedDuplicate()));
        }
        if (!holding) {
            letGo();
        }
    }

    /// Reads what is there of a body that nobody wants.
    void discard(ByteBuf in) {
        while (true) {
            switch (body.next(in)) {
                case DATA -> in.skipBytes(body.dataLength());
                case MORE, BAD, END -> {
                    return;
                }
            }
        }
    }

    private void send(ByteBuf bytes, DynoStream dyno) {
        if (holding && !overflowed) {
            heldBytes += bytes.readableBytes();
            if (heldBytes > MOST_HELD) {
                overflowed = true;
                held.forEach(ByteBuf::release);
                held.clear();
            } else {
                held.add(bytes.retainedDuplicate());
            }
        }
        dyno.send(bytes);
    }

    /// A whole chunk of the next bytes, in one buffer.
    static ByteBuf chunk(ByteBufAllocator allocator, ByteBuf in, int length) {
        ByteBuf out = allocator.ioBuffer(CHUNK_HEAD + length + 2);
        writeSize(out, length);
        out.writeBytes(in, length);
        return endLine(out);
    }

    /// `SIZE CRLF` before a chunk.
    static ByteBuf chunkHead(ByteBufAllocator allocator, int length) {
        ByteBuf head = allocator.ioBuffer(CHUNK_HEAD);
        writeSize(head, length);
        return head;
    }

    /// `CRLF` behind a chunk.
    static ByteBuf lineEnd(ByteBufAllocator allocator) {
        return endLine(allocator.ioBuffer(2));
    }

    private static void writeSize(ByteBuf out, int length) {
        for (int shift = (31 - Integer.numberOfLeadingZeros(length)) & ~3; shift >= 0; shift -= 4) {
            int digit = (length >>> shift) & 15;
            out.writeByte(digit < 10 ? '0' + digit : 'a' + digit - 10);
        }
        endLine(out);
    }

    /// The chunk of length zero with the trailers.
    static ByteBuf lastChunk(ByteBufAllocator allocator, BodyReader body) {
        ByteBuf end = allocator.ioBuffer(LAST_CHUNK.length + body.trailersLength() + 2);
        end.writeBytes(LAST_CHUNK);
        end.writeBytes(body.trailers(), 0, body.trailersLength());
        return endLine(end);
    }

    private static ByteBuf endLine(ByteBuf out) {
        return out.writeShort(('\r' << 8) | '\n');
    }
}
