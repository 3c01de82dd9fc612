package dev.paddock.router;

import dev.paddock.router.http.HpackBlock;
import dev.paddock.router.http.Http2FieldList;
import dev.paddock.router.http.RequestHead;
import dev.paddock.routes.AppRoute;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionEncoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A client's HTTP/2 connection over TLS: its streams, its limits, its end. Owned by its event loop.
///
/// Frames, HPACK and windows are Netty's; each stream's request runs through the same [Exchange] as HTTP/1.1's.
final class Http2ClientConnection extends Http2ConnectionHandler implements Peer, ClientChannel {
    static final int MOST_STREAMS = 100;

    /// Bytes of answers that wait for the client, of all streams together.
    static final int MOST_UNSENT = 960 * 1024;

    /// Bytes of request bodies that wait for dynos, of all streams together.
    private static final int UPLOAD_WINDOW = 1 << 20;

    /// Of one request, and of all requests that run at the same time.
    private static final int MOST_HEADER_BYTES = 1 << 20;

    /// Frames that are not flow controlled and that the client does not read: it will not.
    private static final int MOST_UNREAD = 4 << 20;

    private static final int MOST_SMALL_CONTINUATIONS = 16;

    private static final int LINGER_MILLIS = 2000;

    /// What the channel takes before frames wait in their streams, where a reset still reaches them.
    private static final WriteBufferWaterMark CHANNEL_BUFFER =
            new WriteBufferWaterMark(64 * 1024, 128 * 1024);

    private static final long DRAIN_PING = 0x7061_6464_6f63_6bL;

    private enum State {
        OPEN,
        /// The client was told to open no more streams, and may not know yet.
        DRAINING,
        /// A GOAWAY with the last stream is on its way; the connection ends with that stream.
        ENDING,
        /// The client broke the rules and was told so; what still comes is thrown away, so that no reset overtakes
        /// the GOAWAY.
        BROKEN,
        CLOSED
    }

    private final EventLoop loop;
    private final TlsPeer tls;
    private final ClientAddress peer;
    private final FloodGuard budget;
    private final Deadlines.Deadline deadline;
    private final Set<Http2Request> streams = new LinkedHashSet<>();
    private State state = State.OPEN;
    private @Nullable ChannelHandlerContext context;
    private int unsent;
    private int headBytes;
    private long taken;
    private long takenBefore;
    private long pendingBefore;
    private int paused;
    private boolean reading;
    private boolean flushDue;

    private Http2ClientConnection(
            EventLoop loop,
            TlsPeer tls,
            ClientAddress peer,
            FloodGuard budget,
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings) {
        super(decoder, encoder, settings, true, true);
        this.loop = loop;
        this.tls = tls;
        this.peer = peer;
        this.budget = budget;
        deadline = loop.deadlines().create(this::expired);
    }

    static Http2ClientConnection of(EventLoop loop, TlsPeer tls, ClientAddress peer) {
        FloodGuard budget = new FloodGuard(System.nanoTime());
        DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
        // The client is held to it before it acknowledged the settings, too.
        connection.remote().maxActiveStreams(MOST_STREAMS);
        connection
                .remote()
                .flowController(
                        new DefaultHttp2RemoteFlowController(
                                connection, new UniformStreamByteDistributor(connection)));
        Http2ConnectionEncoder encoder =
                new DefaultHttp2ConnectionEncoder(
                        connection, new DefaultHttp2FrameWriter(new HpackWriter()));
        Http2ConnectionDecoder decoder =
                new DefaultHttp2ConnectionDecoder(
                        connection,
                        encoder,
                        new GuardedFrameReader(
                                new DefaultHttp2FrameReader(
                                        new FieldsDecoder(), MOST_SMALL_CONTINUATIONS),
                                budget),
                        Http2PromisedRequestVerifier.ALWAYS_VERIFY,
                        true,
                        true,
                        false,
                        false);
        Http2Settings settings =
                new Http2Settings()
                        .maxConcurrentStreams(MOST_STREAMS)
                        .maxHeaderListSize(MOST_HEADER_BYTES);
        Http2ClientConnection made =
                new Http2ClientConnection(loop, tls, peer, budget, decoder, encoder, settings);
        Http2Frames requests = new Http2Frames(made, connection);
        decoder.frameListener(requests);
        connection.addListener(requests);
        return made;
    }

    /// Gives fields as they come, to be judged by us.
    private static final class FieldsDecoder extends DefaultHttp2HeadersDecoder {
        FieldsDecoder() {
            super(false, MOST_HEADER_BYTES);
        }

        @Override
        protected Http2Headers newHeaders() {
            return new Http2FieldList();
        }
    }

    // ---- the channel

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        context = added;
        added.channel().config().setWriteBufferWaterMark(CHANNEL_BUFFER);
        loop.opened(this);
        deadline.set(loop.index().timeouts().header());
        super.handlerAdded(added);
        connection()
                .local()
                .flowController()
                .incrementWindowSize(
                        connection().connectionStream(),
                        UPLOAD_WINDOW
                                - connection()
                                        .local()
                                        .flowController()
                                        .windowSize(connection().connectionStream()));
        flush(added);
        if (!tls.mayCarryHttp2()) {
            onError(
                    added,
                    false,
                    Http2Exception.connectionError(
                            Http2Error.INADEQUATE_SECURITY, "the cipher suite is too weak"));
        } else if (loop.isDraining()) {
            drain(true);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) throws Exception {
        if (state == State.BROKEN || state == State.CLOSED) {
            ((ByteBuf) message).release();
            return;
        }
        reading = true;
        super.channelRead(from, message);
        if (Sockets.pendingBytes(channel()) > MOST_UNREAD) {
            onError(
                    from,
                    false,
                    Http2Exception.connectionError(
                            Http2Error.ENHANCE_YOUR_CALM, "answers are not read"));
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext from) throws Exception {
        reading = false;
        super.channelReadComplete(from);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext from, Object event) throws Exception {
        if (event instanceof ChannelInputShutdownEvent) {
            // Nobody half-closes TLS and waits.
            Sockets.close(from.channel());
        } else {
            super.userEventTriggered(from, event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext from) throws Exception {
        state = State.CLOSED;
        deadline.clear();
        super.channelInactive(from);
        loop.closed(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        if (!(cause instanceof java.io.IOException) && !TlsPeer.isTlsTrouble(cause)) {
            loop.report("HTTP/2 client connection", cause);
        }
        Sockets.close(from.channel());
    }

    /// Flushes once for all that is written in this turn of the loop.
    void flushSoon() {
        if (!reading && !flushDue) {
            flushDue = true;
            loop.execute(() -> {
                flushDue = false;
                if (state != State.CLOSED) {
                    flush(context());
                }
            });
        }
    }

    // ---- errors

    @Override
    public void onError(ChannelHandlerContext from, boolean outbound, Throwable cause) {
        boolean known =
                cause instanceof Http2Exception || cause.getCause() instanceof Http2Exception;
        if (!known && !(cause instanceof java.io.IOException)) {
            loop.report("HTTP/2 client connection", cause);
        }
        super.onError(from, outbound, cause);
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext from,
            boolean outbound,
            Throwable cause,
            @Nullable Http2Exception known) {
        if (state == State.BROKEN || state == State.CLOSED) {
            return;
        }
        state = State.BROKEN;
        Http2Error error = known == null ? Http2Error.INTERNAL_ERROR : known.error();
        String why = known == null ? "internal error" : String.valueOf(known.getMessage());
        var _ =
                frameWriter()
                        .writeGoAway(
                                from,
                                connection().remote().lastStreamCreated(),
                                error.code(),
                                ByteBufUtil.writeAscii(loop.allocator(), why),
                                from.newPromise());
        new ArrayList<>(streams).forEach(Http2Request::abandon);
        Sockets.endAfterWrites(from.channel());
        deadline.set(LINGER_MILLIS);
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext from,
            boolean outbound,
            Throwable cause,
            Http2Exception.StreamException known) {
        if (isOfNoStream(known)) {
            onConnectionError(
                    from,
                    outbound,
                    cause,
                    Http2Exception.connectionError(
                            Http2Error.PROTOCOL_ERROR, "%s", known.getMessage()));
        } else if (budget.spend(FloodGuard.RESET, System.nanoTime())) {
            super.onStreamError(from, outbound, cause, known);
            Http2Stream stream = connection().stream(known.streamId());
            if (stream != null) {
                forgetIfReset(stream);
            }
        } else {
            onConnectionError(
                    from,
                    outbound,
                    cause,
                    Http2Exception.connectionError(
                            Http2Error.ENHANCE_YOUR_CALM, "too many stream errors"));
        }
    }

    /// Ends a stream whose answer has not ended.
    void reset(Http2Stream stream, Http2Error error) {
        ChannelHandlerContext to = context();
        var _ = resetStream(to, stream.id(), error.code(), to.newPromise());
        forgetIfReset(stream);
        flushSoon();
    }

    /// What waits for a window in a stream is dropped with the reset: the codec holds the stream open until the reset
    /// is sent, and would send the rest behind it.
    private static void forgetIfReset(Http2Stream stream) {
        if (stream.isResetSent()) {
            var _ = stream.close();
        }
    }

    /// A stream that nobody opened cannot be reset (RFC 9113 section 6.4); and where the codec threw a request away
    /// without reading its fields, what later ones say in HPACK would be misread.
    private boolean isOfNoStream(Http2Exception.StreamException known) {
        return !connection().streamMayHaveExisted(known.streamId())
                && known.error() != Http2Error.REFUSED_STREAM
                && !(known instanceof Http2Exception.HeaderListSizeException);
    }

    @Override
    protected void handleServerHeaderDecodeSizeError(
            ChannelHandlerContext from, Http2Stream stream) {
        RequestHead nothing = loop.takeRequestHead();
        Http2Request.logRefusal(loop, this, nothing, RouterFailure.Client.BAD_HEADER);
        loop.giveBack(nothing);
        var _ =
                encoder()
                        .writeHeaders(
                                from,
                                stream.id(),
                                HpackBlock.own(
                                        RouterFailure.Client.BAD_HEADER.status(), new byte[0]),
                                0,
                                true,
                                from.newPromise());
    }

    // ---- streams

    void opened(Http2Request stream) {
        streams.add(stream);
        deadline.set(loop.index().timeouts().keepalive());
    }

    void closed(Http2Request stream) {
        streams.remove(stream);
        if (stream.leavePause()) {
            paused--;
        }
        if (!streams.isEmpty() || state == State.CLOSED || state == State.BROKEN) {
            return;
        }
        if (state == State.ENDING) {
            end();
        } else {
            deadline.set(loop.index().timeouts().keepalive());
        }
    }

    /// Whether a request head of this size may be kept beside the others of this connection.
    boolean admits(int bytes) {
        if (headBytes > 0 && headBytes + bytes > MOST_HEADER_BYTES) {
            return false;
        }
        headBytes += bytes;
        return true;
    }

    void forgetHead(int bytes) {
        headBytes -= bytes;
    }

    /// Bytes of an answer were given to be sent.
    void given(int bytes) {
        unsent += bytes;
        budget.earnBytes(bytes);
        if (unsent >= MOST_UNSENT) {
            for (Http2Request stream : streams) {
                if (stream.pause()) {
                    paused++;
                }
            }
        }
    }

    /// Bytes of an answer were sent, or never will be.
    void sent(int bytes) {
        unsent -= bytes;
        taken += bytes;
        if (paused > 0 && state != State.CLOSED) {
            for (Http2Request stream : new ArrayList<>(streams)) {
                if (stream.resume(room() / 2)) {
                    paused--;
                }
            }
        }
    }

    /// Whether the stream may be given more; a stream that its client lets stand may hold no more than is left for all
    /// others.
    boolean hasRoom(Http2Request stream) {
        if (stream.unsent() < room()) {
            return true;
        }
        if (stream.pause()) {
            paused++;
        }
        return false;
    }

    private int room() {
        return MOST_UNSENT - unsent;
    }

    void answered() {
        budget.earn(FloodGuard.ANSWER);
    }

    // ---- the end

    private void expired() {
        if (state == State.BROKEN || (state == State.ENDING && streams.isEmpty())) {
            Sockets.close(channel());
        } else if (streams.isEmpty()) {
            end();
        } else {
            lookForProgress();
        }
    }

    /// Streams have limits of their own, but none of them ends for a client that takes nothing at all.
    private void lookForProgress() {
        long pending = Sockets.pendingBytes(channel());
        if (pending > 0 && pending == pendingBefore && taken == takenBefore) {
            Sockets.close(channel());
            return;
        }
        pendingBefore = pending;
        takenBefore = taken;
        deadline.set(loop.index().timeouts().keepalive());
    }

    /// Says goodbye and closes.
    private void end() {
        state = State.ENDING;
        goAway(connection().remote().lastStreamCreated());
        deadline.set(LINGER_MILLIS);
        Sockets.endAfterWrites(channel());
    }

    private void goAway(int lastStream) {
        ChannelHandlerContext to = context();
        var _ =
                goAway(
                        to,
                        lastStream,
                        Http2Error.NO_ERROR.code(),
                        Unpooled.EMPTY_BUFFER,
                        to.newPromise());
        flush(to);
    }

    /// Streams that the client opened before it heard of the end are served too (RFC 9113 section 6.8): first it is
    /// asked to stop, and when an answered ping proves that it knows, the last stream is named.
    @Override
    public void drain(boolean idleToo) {
        if (state != State.OPEN) {
            return;
        }
        state = State.DRAINING;
        ChannelHandlerContext to = context();
        goAway(Integer.MAX_VALUE);
        var _ = encoder().writePing(to, false, DRAIN_PING, to.newPromise());
        flush(to);
    }

    void pingAnswered(long data) {
        if (state == State.DRAINING && data == DRAIN_PING) {
            state = State.ENDING;
            if (streams.isEmpty()) {
                end();
            } else {
                goAway(connection().remote().lastStreamCreated());
            }
        }
    }

    @Override
    public void forceClose() {
        new ArrayList<>(streams).forEach(Http2Request::forceClose);
        Sockets.close(channel());
    }

    // ---- what exchanges ask about the connection

    @Override
    public byte[] address() {
        return peer.text();
    }

    @Override
    public int port() {
        return peer.port();
    }

    @Override
    public boolean isTls() {
        return true;
    }

    @Override
    public String tlsVersion() {
        return tls.version();
    }

    @Override
    public String protocol() {
        return "http2.0";
    }

    @Override
    public boolean isMisdirected(AppRoute route, RequestHead request) {
        return tls.isMisdirected(route, request);
    }

    EventLoop loop() {
        return loop;
    }

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("the connection has no channel yet");
        }
        return context;
    }

    private Channel channel() {
        return context().channel();
    }
}
