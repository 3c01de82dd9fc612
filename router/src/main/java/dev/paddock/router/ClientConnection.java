package dev.paddock.router;

import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.RequestHead;
import dev.paddock.router.http.ResponseHead;
import dev.paddock.routes.AppRoute;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import org.jspecify.annotations.Nullable;

/// A client's HTTP/1.1 connection: parses requests one after the other, gives each to an [Exchange], writes the
/// answers. Owned by its event loop.
final class ClientConnection extends ChannelInboundHandlerAdapter
        implements ClientChannel, ClientStream, Peer {
    private enum State {
        /// Nothing of the next request has arrived.
        IDLE,
        HEAD,
        /// An exchange runs.
        EXCHANGE,
        /// The last answer was given; what still comes is thrown away, so that no reset overtakes the answer.
        LINGERING,
        CLOSED
    }

    /// Bytes read ahead of what an exchange takes; beyond, the channel is not read.
    private static final int MOST_BUFFERED = 64 * 1024;

    private static final int LINGER_MILLIS = 2000;

    private final EventLoop loop;
    private final @Nullable TlsPeer tls;
    private final Deadlines.Deadline deadline;
    private State state = State.IDLE;
    private @Nullable ChannelHandlerContext context;
    private @Nullable AnswerWriter writer;
    private @Nullable RequestHead head;
    private @Nullable Exchange exchange;
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private ClientAddress peer = ClientAddress.NOBODY;
    private boolean headTimed;
    private boolean processing;
    private boolean wanted;
    private boolean tunnel;
    private boolean paused;

    /// Whether bytes are being taken right now, so that the channel waits for none.
    private boolean arriving;

    private boolean inputEnded;
    private long pendingAtDeadline;

    ClientConnection(EventLoop loop, @Nullable TlsPeer tls) {
        this.loop = loop;
        this.tls = tls;
        deadline = loop.deadlines().create(this::expired);
    }

    // ---- the channel

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        writer = new AnswerWriter(added, loop);
        ClientAddress known = ClientAddress.of(added.channel());
        if (known == null) {
            // What it sent before it left may follow, and would be nobody's.
            state = State.CLOSED;
            Sockets.close(added.channel());
            return;
        }
        peer = known;
        loop.opened(this);
        deadline.set(loop.index().timeouts().header());
    }

    @Override
    public void channelRead(ChannelHandlerContext unused, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (state == State.LINGERING || state == State.CLOSED) {
            bytes.release();
            return;
        }
        if (in.isReadable()) {
            ByteBuf joined = loop.allocator().ioBuffer(in.readableBytes() + bytes.readableBytes());
            joined.writeBytes(in).writeBytes(bytes);
            in.release();
            bytes.release();
            in = joined;
        } else {
            in.release();
            in = bytes;
        }
        arriving = true;
        try {
            process();
        } finally {
            arriving = false;
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext unused, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext unused) {
        if (exchange != null) {
            exchange.clientWritable(channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext unused) {
        gone();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext unused, Throwable cause) {
        if (!(cause instanceof java.io.IOException) && !TlsPeer.isTlsTrouble(cause)) {
            loop.report("client connection", cause);
        }
        Sockets.close(channel());
    }

    private void gone() {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        deadline.clear();
        Exchange running = exchange;
        if (running != null) {
            running.clientGone();
        }
        forgetExchange();
        in.release();
        in = Unpooled.EMPTY_BUFFER;
        writer().forget();
        loop.closed(this);
    }

    /// The client sends nothing more, but it may still wait for its answer.
    private void inputEnded() {
        inputEnded = true;
        if (exchange == null) {
            Sockets.close(channel());
        } else if (tls != null && !tunnel) {
            // Nobody half-closes TLS and waits.
            Sockets.close(channel());
        } else {
            exchange.clientEnded();
            if (exchange != null && !tunnel) {
                ClientProbe.send(this);
            }
        }
    }

    // ---- requests

    private void process() {
        if (processing) {
            return;
        }
        processing = true;
        try {
            while (step()) {
                // Each step takes bytes or changes the state.
            }
        } finally {
            processing = false;
        }
        if (!in.isReadable()) {
            in.release();
            in = Unpooled.EMPTY_BUFFER;
        }
        if (state != State.CLOSED) {
            channel().config().setAutoRead(!paused && in.readableBytes() < MOST_BUFFERED);
        }
    }

    private boolean step() {
        return switch (state) {
            case IDLE -> {
                if (!in.isReadable()) {
                    yield false;
                }
                state = State.HEAD;
                head = loop.takeRequestHead();
                headTimed = false;
                yield true;
            }
            case HEAD -> readHead();
            case EXCHANGE -> {
                int before = in.readableBytes();
                if (wanted && before > 0 && exchange != null) {
                    exchange.clientBytes(in);
                    yield in.readableBytes() < before;
                }
                yield false;
            }
            case LINGERING, CLOSED -> {
                in.skipBytes(in.readableBytes());
                yield false;
            }
        };
    }

    private boolean readHead() {
        RequestHead reading = head();
        switch (reading.feed(in)) {
            case MORE -> {
                if (!headTimed) {
                    // From its first bytes on, and not for one that comes as a whole.
                    headTimed = true;
                    deadline.set(loop.index().timeouts().header());
                }
                return false;
            }
            case DONE -> {
                deadline.clear();
                state = State.EXCHANGE;
                wanted = false;
                writer().reset(!reading.isKeepAlive());
                Exchange started = new Exchange(loop, this, this, reading, System.nanoTime());
                exchange = started;
                started.start();
            }
            case BAD -> refuse(RouterFailure.Client.BAD_HEADER);
            case TOO_LONG -> refuse(RouterFailure.Client.TARGET_TOO_LONG);
            case NO_TUNNELS -> refuse(RouterFailure.Client.METHOD);
            case UNKNOWN_CODING -> refuse(RouterFailure.Client.UNKNOWN_CODING);
            case VERSION -> refuse(RouterFailure.Client.VERSION);
            case ANCIENT -> Sockets.close(channel());
        }
        return true;
    }

    /// Answers a request that cannot be understood, and ends the connection.
    private void refuse(RouterFailure failure) {
        RequestHead refused = head();
        writer().reset(true);
        RoutedApp app =
                refused.guessHost()
                        ? loop.index()
                                .find(refused.bytes(), refused.hostStart(), refused.hostNameEnd())
                        : null;
        page(failure.status(), ErrorPages.page(failure), true);
        loop.log(
                app,
                refused,
                null,
                new RequestLine.Facts(
                        failure, null, -1, -1, failure.status(), -1, protocol(), tlsVersion()),
                0);
        linger(inputEnded, System.nanoTime());
    }

    private void expired() {
        switch (state) {
            case IDLE, LINGERING -> {
                // What was answered waits for a client that takes it, however slowly.
                long pending = Sockets.pendingBytes(channel());
                if (pending > 0 && pending != pendingAtDeadline) {
                    pendingAtDeadline = pending;
                    deadline.set(loop.index().timeouts().keepalive());
                } else {
                    Sockets.close(channel());
                }
            }
            case HEAD -> {
                if (head().isBegun()) {
                    refuse(RouterFailure.Client.SLOW_HEAD);
                } else {
                    Sockets.close(channel());
                }
            }
            case EXCHANGE, CLOSED -> {}
        }
    }

    // ---- answers

    @Override
    public boolean framesBodies() {
        return true;
    }

    @Override
    public void askForBody() {
        writer().askForBody();
    }

    @Override
    public void interim(ResponseHead interim) {
        if (!head().isHttp10()) {
            writer().interim(interim);
        }
    }

    @Override
    public void begin(ResponseHead answer, boolean last, byte[] extraLines) {
        endAfterAnswer(last);
        writer().begin(head(), answer, extraLines);
    }

    @Override
    public void data(ByteBuf bytes, int length) {
        writer().data(bytes, length);
    }

    @Override
    public @Nullable Channel socket() {
        return tls == null && !writer().isChunked() ? channel() : null;
    }

    @Override
    public void poured(long bytes) {
        writer().poured(bytes);
    }

    @Override
    public boolean canPause() {
        return arriving && !in.isReadable();
    }

    @Override
    public void pausedForPour(boolean nowPaused) {
        paused = nowPaused;
        channel().config().setAutoRead(!paused && in.readableBytes() < MOST_BUFFERED);
    }

    @Override
    public void end(BodyReader body) {
        writer().end(body);
    }

    @Override
    public void page(int status, byte[] page, boolean last) {
        endAfterAnswer(last);
        writer().page(head(), status, page);
    }

    private void endAfterAnswer(boolean last) {
        if (last || loop.isDraining()) {
            writer().last();
        }
    }

    @Override
    public void openTunnel() {
        tunnel = true;
        wanted = true;
        writer().openTunnel();
    }

    @Override
    public void endOfTunnel() {
        writer().push();
        Sockets.endAfterWrites(channel());
    }

    @Override
    public void flush() {
        writer().flush();
    }

    @Override
    public boolean isWritable() {
        return channel().isWritable();
    }

    @Override
    public void wantBytes(boolean now) {
        wanted = now;
        if (now && in.isReadable()) {
            process();
        }
    }

    @Override
    public ByteBuf buffered() {
        return in;
    }

    @Override
    public long sentBytes() {
        return writer().sentBytes();
    }

    @Override
    public void finished(boolean mayGoOn, long nowNanos) {
        flush();
        boolean silent = mayGoOn && head().isLast() && !in.isReadable();
        forgetExchange();
        if (state == State.CLOSED) {
            return;
        }
        if (!mayGoOn || writer().isLast() || inputEnded || loop.isDraining()) {
            linger(inputEnded || silent, nowNanos);
            return;
        }
        state = State.IDLE;
        deadline.set(loop.index().timeouts().keepalive(), nowNanos);
        if (in.isReadable()) {
            process();
        } else {
            channel().config().setAutoRead(true);
        }
    }

    @Override
    public void cut() {
        forgetExchange();
        if (state == State.CLOSED) {
            return;
        }
        state = State.LINGERING;
        pendingAtDeadline = 0;
        deadline.set(LINGER_MILLIS);
        writer().push();
        Sockets.closeAfterWrites(channel(), writer().endsWithConnection());
    }

    /// @param silent whether nothing more can come that a close would answer with a reset
    private void linger(boolean silent, long nowNanos) {
        state = State.LINGERING;
        pendingAtDeadline = 0;
        deadline.set(LINGER_MILLIS, nowNanos);
        writer().push();
        in.skipBytes(in.readableBytes());
        if (silent) {
            Sockets.closeAfterWrites(channel(), false);
        } else {
            channel().config().setAutoRead(true);
            Sockets.endAfterWrites(channel());
        }
    }

    private void forgetExchange() {
        exchange = null;
        tunnel = false;
        paused = false;
        if (head != null) {
            loop.giveBack(head);
            head = null;
        }
    }

    // ---- going down

    @Override
    public void drain(boolean idleToo) {
        if (idleToo && (state == State.IDLE || (state == State.HEAD && !head().isBegun()))) {
            Sockets.close(channel());
        }
    }

    @Override
    public void forceClose() {
        if (exchange != null) {
            exchange.forceClose();
        }
        Sockets.close(channel());
    }

    // ---- what the exchange asks about the connection

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
        return tls != null;
    }

    @Override
    public String tlsVersion() {
        return tls == null ? "" : tls.version();
    }

    @Override
    public String protocol() {
        return "http1.1";
    }

    @Override
    public boolean isMisdirected(AppRoute route, RequestHead request) {
        return tls != null && tls.isMisdirected(route, request);
    }

    /// Whether a 100 may be sent now, which a client that is still there ignores.
    boolean canProbe() {
        return exchange != null && sentBytes() == 0 && !head().isHttp10();
    }

    /// Whether an exchange runs for a client that sends nothing more.
    boolean isWaiting() {
        return exchange != null && inputEnded;
    }

    EventLoop loop() {
        return loop;
    }

    private RequestHead head() {
        if (head == null) {
            throw new IllegalStateException("no request is being read or answered");
        }
        return head;
    }

    private AnswerWriter writer() {
        if (writer == null) {
            throw new IllegalStateException("the connection has no channel yet");
        }
        return writer;
    }

    private Channel channel() {
        return context().channel();
    }

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("the connection has no channel yet");
        }
        return context;
    }
}
