package dev.paddock.router;

import dev.paddock.router.http.Ascii;
import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.Framing;
import dev.paddock.router.http.HpackBlock;
import dev.paddock.router.http.Http2FieldList;
import dev.paddock.router.http.Http2Head;
import dev.paddock.router.http.RequestHead;
import dev.paddock.router.http.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/// One request of an HTTP/2 connection and its answer. Owned by its event loop.
final class Http2Request implements ClientStream {
    private static final int MOST_TRAILER_BYTES = 16 * 1024;
    private static final int LINGER_MILLIS = 2000;
    private static final byte[] NOTHING = {};
    private static final String PAGE_LINES =
            "content-type: text/html; charset=utf-8\r\ncache-control: no-cache,"
                    + " no-store\r\ncontent-length: ";

    private final Http2ClientConnection connection;
    private final Http2Stream stream;
    private final EventLoop loop;
    private @Nullable RequestHead head;
    private @Nullable Exchange exchange;
    private Deadlines.@Nullable Deadline undelivered;
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private byte[] trailers = NOTHING;

    /// Announced length of the body, -1 for none.
    private long announced = -1;

    private long received;
    private boolean requestEnded;
    private boolean bodyEnded;
    private boolean wanted;
    private boolean processing;
    private boolean answerEnded;
    private boolean cut;
    private boolean closed;
    private boolean paused;
    private int unsent;
    private long sentBytes;
    private int headBytes;

    /// How the stream is ended when the client has not ended it.
    private Http2Error resetCode = Http2Error.NO_ERROR;

    Http2Request(Http2ClientConnection connection, Http2Stream stream) {
        this.connection = connection;
        this.stream = stream;
        loop = connection.loop();
    }

    // ---- the request

    void start(Http2FieldList fields, boolean end) throws Http2Exception {
        if (!connection.admits(fields.length())) {
            throw Http2Exception.streamError(
                    stream.id(), Http2Error.REFUSED_STREAM, "too many header bytes at a time");
        }
        headBytes = fields.length();
        RequestHead reading = loop.takeRequestHead();
        head = reading;
        requestEnded = end;
        ByteBuf text = loop.scratchBuffer();
        if (!Http2Head.write(fields, !end, text)) {
            throw malformed("malformed header fields");
        }
        RequestHead.Result result = reading.feed(text);
        switch (result) {
            case DONE -> begin(reading);
            case BAD, MORE, ANCIENT -> refuse(RouterFailure.Client.BAD_HEADER);
            case TOO_LONG -> refuse(RouterFailure.Client.TARGET_TOO_LONG);
            case NO_TUNNELS -> refuse(RouterFailure.Client.METHOD);
            case UNKNOWN_CODING -> refuse(RouterFailure.Client.UNKNOWN_CODING);
            case VERSION -> refuse(RouterFailure.Client.VERSION);
        }
    }

    private void begin(RequestHead reading) throws Http2Exception {
        if (reading.framing() == Framing.LENGTH) {
            announced = reading.contentLength();
            if (requestEnded && announced > 0) {
                throw malformed("the body is shorter than announced");
            }
        }
        Exchange started = new Exchange(loop, this, connection, reading, System.nanoTime());
        exchange = started;
        started.start();
    }

    /// The request is none; Netty resets the stream.
    private Http2Exception malformed(String why) {
        logRefusal(loop, connection, head(), RouterFailure.Client.BAD_HEADER);
        release();
        return Http2Exception.streamError(stream.id(), Http2Error.PROTOCOL_ERROR, "%s", why);
    }

    private void refuse(RouterFailure failure) {
        page(failure.status(), ErrorPages.page(failure), false);
        logRefusal(loop, connection, head(), failure);
        finished(false, System.nanoTime());
    }

    static void logRefusal(EventLoop loop, Peer peer, RequestHead refused, RouterFailure failure) {
        RoutedApp app =
                refused.guessHost()
                        ? loop.index()
                                .find(refused.bytes(), refused.hostStart(), refused.hostNameEnd())
                        : null;
        loop.log(
                app,
                refused,
                null,
                new RequestLine.Facts(
                        failure,
                        null,
                        -1,
                        -1,
                        failure.status(),
                        -1,
                        peer.protocol(),
                        peer.tlsVersion()),
                0);
    }

    /// Bytes of the body.
    ///
    /// @return how many of them need no room any more
    int body(ByteBuf data, boolean end) {
        int length = data.readableBytes();
        received += length;
        requestEnded = end;
        if (announced >= 0 && (received > announced || (end && received < announced))) {
            breakBody();
            return length;
        }
        if (exchange == null) {
            return length;
        }
        if (!in.isReadable()) {
            take(data);
        }
        int left = exchange == null ? 0 : data.readableBytes();
        if (left > 0) {
            hold(data);
        }
        tellEnd();
        return length - left;
    }

    void trailers(Http2FieldList fields, boolean end) {
        ByteBuf lines = loop.scratchBuffer();
        if (!end
                || !Http2Head.writeTrailers(fields, lines)
                || lines.readableBytes() > MOST_TRAILER_BYTES
                || (announced >= 0 && received < announced)) {
            breakBody();
            return;
        }
        trailers = ByteBufUtil.getBytes(lines);
        requestEnded = true;
        tellEnd();
    }

    /// The body is not what was announced: it must not reach the dyno as if it were whole.
    private void breakBody() {
        resetCode = Http2Error.PROTOCOL_ERROR;
        Exchange running = exchange;
        if (running != null) {
            running.fail(RouterFailure.Client.BAD_CHUNK);
        } else {
            reset(resetCode);
        }
    }

    private void take(ByteBuf bytes) {
        if (processing) {
            return;
        }
        processing = true;
        try {
            while (wanted && exchange != null && bytes.isReadable()) {
                int before = bytes.readableBytes();
                exchange.clientBytes(bytes);
                if (bytes.readableBytes() == before) {
                    return;
                }
            }
        } finally {
            processing = false;
        }
    }

    /// Copied, so that a small frame does not hold the large buffer that it came in.
    private void hold(ByteBuf bytes) {
        if (!in.isReadable()) {
            in.release();
            in = loop.allocator().ioBuffer(bytes.readableBytes());
        }
        in.discardReadBytes();
        in.writeBytes(bytes);
    }

    private void tellEnd() {
        Exchange running = exchange;
        if (requestEnded && !bodyEnded && wanted && running != null && !in.isReadable()) {
            bodyEnded = true;
            running.bodyEnded(trailers);
        }
    }

    @Override
    public boolean framesBodies() {
        return false;
    }

    @Override
    public void wantBytes(boolean now) {
        wanted = now;
        if (!now || processing) {
            return;
        }
        int before = in.readableBytes();
        take(in);
        giveWindow(before - in.readableBytes());
        tellEnd();
    }

    /// The client may send as much again.
    private void giveWindow(int bytes) {
        if (bytes > 0 && !closed) {
            try {
                connection.connection().local().flowController().consumeBytes(stream, bytes);
                connection.flushSoon();
            } catch (Http2Exception impossible) {
                loop.report("flow control", impossible);
            }
        }
    }

    @Override
    public ByteBuf buffered() {
        return in;
    }

    // ---- the answer

    @Override
    public void askForBody() {
        HpackBlock block = HpackBlock.own(100, NOTHING);
        writeHeaders(block, false);
        flush();
    }

    @Override
    public void interim(ResponseHead interim) {
        writeHeaders(HpackBlock.interim(interim), false);
    }

    @Override
    public void begin(ResponseHead answer, boolean last, byte[] extraLines) {
        HpackBlock block = HpackBlock.answer(answer, extraLines);
        sentBytes += block.length();
        answerEnded =
                answer.framing() == Framing.NONE
                        || (answer.framing() == Framing.LENGTH && answer.contentLength() == 0);
        writeHeaders(block, answerEnded);
    }

    @Override
    public void data(ByteBuf bytes, int length) {
        if (length == 0 || closed) {
            bytes.skipBytes(length);
            return;
        }
        sentBytes += length;
        writeData(bytes.readRetainedSlice(length), false);
    }

    @Override
    public void end(BodyReader body) {
        if (answerEnded || closed) {
            return;
        }
        answerEnded = true;
        if (body.trailersLength() > 0) {
            HpackBlock block = HpackBlock.trailers(body.trailers(), body.trailersLength());
            sentBytes += block.length();
            writeHeaders(block, true);
        } else {
            writeData(Unpooled.EMPTY_BUFFER, true);
        }
    }

    @Override
    public void page(int status, byte[] page, boolean last) {
        HpackBlock block = HpackBlock.own(status, Ascii.bytes(PAGE_LINES + page.length + "\r\n"));
        sentBytes += block.length();
        answerEnded = true;
        boolean bodiless = head().isHead();
        writeHeaders(block, bodiless);
        if (!bodiless) {
            sentBytes += page.length;
            writeData(Unpooled.wrappedBuffer(page), true);
        }
        flush();
    }

    private void writeHeaders(HpackBlock block, boolean end) {
        if (closed) {
            return;
        }
        ChannelHandlerContext to = connection.context();
        ChannelPromise written = to.newPromise();
        if (end) {
            var _ =
                    written.addListener(done -> {
                        if (done.isSuccess()) {
                            written(true);
                        }
                    });
        }
        var _ = connection.encoder().writeHeaders(to, stream.id(), block, 0, end, written);
    }

    /// Takes the buffer over.
    private void writeData(ByteBuf bytes, boolean end) {
        if (closed) {
            bytes.release();
            return;
        }
        int size = bytes.readableBytes();
        ChannelHandlerContext to = connection.context();
        ChannelPromise written = to.newPromise();
        var _ =
                written.addListener(done -> {
                    unsent -= size;
                    connection.sent(size);
                    if (done.isSuccess()) {
                        written(end);
                    }
                });
        unsent += size;
        var _ = connection.encoder().writeData(to, stream.id(), bytes, 0, end, written);
        connection.given(size);
    }

    /// Bytes of the answer are on their way.
    ///
    /// @param last whether these were the last ones
    private void written(boolean last) {
        if (closed) {
            return;
        }
        if (last) {
            if (undelivered != null) {
                undelivered.clear();
            }
            if (!requestEnded || resetCode != Http2Error.NO_ERROR) {
                // A client that still sends its body is told to stop (RFC 9113 section 8.1).
                reset(resetCode);
            }
        } else if (cut && unsent == 0) {
            reset(resetCode);
        } else if (undelivered != null && !cut) {
            undelivered.set(loop.index().timeouts().keepalive());
        }
    }

    private void reset(Http2Error error) {
        if (!closed) {
            connection.reset(stream, error);
        }
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public boolean isWritable() {
        return closed || connection.hasRoom(this);
    }

    @Override
    public void openTunnel() {
        throw new IllegalStateException("no upgrade can be asked for in HTTP/2");
    }

    @Override
    public void endOfTunnel() {
        throw new IllegalStateException("there are no tunnels in HTTP/2");
    }

    @Override
    public long sentBytes() {
        return sentBytes;
    }

    // ---- ends

    @Override
    public void finished(boolean mayGoOn, long nowNanos) {
        connection.answered();
        dropBody();
        release();
        if (unsent > 0 && !closed) {
            linger(loop.index().timeouts().keepalive());
        }
        connection.flushSoon();
    }

    @Override
    public void cut() {
        dropBody();
        release();
        if (closed) {
            return;
        }
        cut = true;
        if (resetCode == Http2Error.NO_ERROR) {
            resetCode = Http2Error.INTERNAL_ERROR;
        }
        if (unsent == 0) {
            reset(resetCode);
        } else {
            linger(LINGER_MILLIS);
            connection.flushSoon();
        }
    }

    /// What was answered waits for the client, but not for ever.
    private void linger(long millis) {
        Deadlines.Deadline limit = loop.deadlines().create(() -> reset(Http2Error.CANCEL));
        undelivered = limit;
        limit.set(millis);
    }

    private void dropBody() {
        int left = in.readableBytes();
        in.release();
        in = Unpooled.EMPTY_BUFFER;
        giveWindow(left);
    }

    private void release() {
        exchange = null;
        wanted = false;
        if (head != null) {
            loop.giveBack(head);
            head = null;
            connection.forgetHead(headBytes);
        }
    }

    /// The stream is closed, by whichever side.
    void closed() {
        closed = true;
        if (undelivered != null) {
            undelivered.clear();
        }
        abandon();
        dropBody();
        release();
        connection.closed(this);
    }

    /// The client is not there any more.
    void abandon() {
        Exchange running = exchange;
        if (running != null) {
            running.clientGone();
        }
    }

    void forceClose() {
        Exchange running = exchange;
        if (running != null) {
            running.forceClose();
        }
    }

    // ---- how much may wait for the client

    int unsent() {
        return unsent;
    }

    /// The dyno's bytes must wait.
    ///
    /// @return whether they did not before
    boolean pause() {
        if (paused || closed) {
            return false;
        }
        paused = true;
        if (exchange != null) {
            exchange.clientWritable(false);
        }
        return true;
    }

    /// The dyno's bytes may come again if no more than this waits.
    ///
    /// @return whether they had to wait before and may come now
    boolean resume(int most) {
        if (!paused || unsent > most) {
            return false;
        }
        paused = false;
        if (exchange != null) {
            exchange.clientWritable(true);
        }
        return true;
    }

    /// Whether the stream was paused, which it is no more.
    boolean leavePause() {
        boolean was = paused;
        paused = false;
        return was;
    }

    private RequestHead head() {
        if (head == null) {
            throw new IllegalStateException("no request is being read or answered");
        }
        return head;
    }
}
