package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.Bytes;
import dev.paddock.router.http.Framing;
import dev.paddock.router.http.RequestHead;
import dev.paddock.router.http.ResponseHead;
import dev.paddock.router.http.ResponseWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/// Writes the answers of one client connection in HTTP/1.1, one after the other. Owned by its event loop.
final class AnswerWriter {
    private static final byte[] CONTINUE = Ascii.bytes("HTTP/1.1 100 Continue\r\n\r\n");
    private static final byte[] PAGE_HEADERS =
            Ascii.bytes(
                    "\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-cache,"
                            + " no-store\r\nContent-Length: ");

    /// A chunk up to this size is copied into one buffer with its frame: cheaper than three.
    private static final int COPIED_CHUNK = 1024;

    /// A body up to this size is copied behind its head: one buffer, and one plain send.
    private static final int COPIED_BODY = 1024;

    private final Wire wire;
    private final EventLoop loop;
    private boolean chunked;
    private boolean untilClose;
    private boolean last;
    private long sent;

    /// A head that was not given to the wire yet, for there may be room for the body behind it.
    private @Nullable ByteBuf open;

    AnswerWriter(Wire wire, EventLoop loop) {
        this.wire = wire;
        this.loop = loop;
    }

    /// The next answer begins.
    ///
    /// @param isLast whether the client wants the connection to end with it
    void reset(boolean isLast) {
        chunked = false;
        untilClose = false;
        last = isLast;
        sent = 0;
    }

    /// The connection ends with this answer.
    void last() {
        last = true;
    }

    boolean isLast() {
        return last;
    }

    /// Whether the body that was begun ends with the connection, so that only a reset shows that it is not whole.
    boolean endsWithConnection() {
        return untilClose;
    }

    /// Whether the body that was begun is sent in chunks.
    boolean isChunked() {
        return chunked;
    }

    /// So many bytes of the body went past here.
    void poured(long bytes) {
        sent += bytes;
    }

    /// Bytes of the answer, without interim ones.
    long sentBytes() {
        return sent;
    }

    void askForBody() {
        write(Unpooled.wrappedBuffer(CONTINUE));
        flush();
    }

    void interim(ResponseHead head) {
        Bytes text = loop.scratch();
        ResponseWriter.writeInterim(text, head);
        ByteBuf out = loop.allocator().ioBuffer(text.length());
        text.writeTo(out);
        write(out);
    }

    void begin(RequestHead request, ResponseHead answer, byte[] extraLines) {
        Framing framing = ResponseWriter.framing(answer, !request.isHttp10());
        chunked = framing == Framing.CHUNKED;
        untilClose = framing == Framing.UNTIL_CLOSE;
        last |= untilClose;
        push();
        Bytes text = loop.scratch();
        ResponseWriter.write(
                text, answer, framing, request.isHead(), last, request.isHttp10(), extraLines);
        ByteBuf out = loop.allocator().ioBuffer(text.length() + COPIED_BODY);
        text.writeTo(out);
        sent += out.readableBytes();
        open = out;
    }

    void flush() {
        push();
        wire.flush();
    }

    /// Gives the wire what was held back for what might follow.
    void push() {
        ByteBuf held = open;
        if (held != null) {
            open = null;
            wire.write(held);
        }
    }

    /// The connection is gone, and with it whoever wanted this.
    void forget() {
        if (open != null) {
            open.release();
            open = null;
        }
    }

    /// Takes so many bytes out of the buffer.
    void data(ByteBuf in, int length) {
        if (length == 0) {
            return;
        }
        sent += length;
        ByteBuf head = open;
        if (!chunked && head != null && length <= head.writableBytes()) {
            // Neither a slice nor a second reference to what was read.
            head.writeBytes(in, length);
        } else if (!chunked) {
            write(in.readRetainedSlice(length));
        } else if (length <= COPIED_CHUNK) {
            write(Upload.chunk(loop.allocator(), in, length));
        } else {
            write(Upload.chunkHead(loop.allocator(), length));
            write(in.readRetainedSlice(length));
            write(Upload.lineEnd(loop.allocator()));
        }
    }

    void end(BodyReader body) {
        if (chunked) {
            write(Upload.lastChunk(loop.allocator(), body));
        }
    }

    /// From now on bytes go out as they are.
    void openTunnel() {
        chunked = false;
        untilClose = false;
    }

    /// A whole answer of the router's own.
    void page(RequestHead request, int status, byte[] page) {
        String statusLine = "HTTP/1.1 " + status + " " + StatusText.of(status);
        String ending = last ? "close" : request.isHttp10() ? "keep-alive" : "";
        byte[] tail =
                Ascii.bytes(
                        page.length
                                + (ending.isEmpty() ? "" : "\r\nConnection: " + ending)
                                + "\r\n\r\n");
        ByteBuf out =
                loop.allocator()
                        .ioBuffer(
                                statusLine.length()
                                        + PAGE_HEADERS.length
                                        + tail.length
                                        + page.length);
        out.writeBytes(Ascii.bytes(statusLine)).writeBytes(PAGE_HEADERS).writeBytes(tail);
        if (!request.isHead()) {
            out.writeBytes(page);
        }
        sent += out.readableBytes();
        write(out);
        flush();
    }

    /// Takes the buffer over; behind a head that is held back, a small one is copied.
    private void write(ByteBuf bytes) {
        ByteBuf head = open;
        if (head != null && bytes.readableBytes() <= head.writableBytes()) {
            head.writeBytes(bytes);
            bytes.release();
        } else {
            push();
            wire.write(bytes);
        }
    }
}
