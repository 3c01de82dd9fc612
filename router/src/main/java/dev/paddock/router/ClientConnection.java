package dev.paddock.router;

import dev.paddock.router.http.BodyReader;
import dev.paddock.router.http.RequestHead;
import dev.paddock.router.http.ResponseHead;
import dev.paddock.routes.AppRoute;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/// A client's HTTP/1.1 connection: parses requests one after the other, gives each to an [Exchange], writes the
/// answers. Owned by its event loop.
final class ClientConnection implements Wire.Reader, ClientChannel, ClientStream, Peer {
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

    /// Bytes read ahead of what an exchange takes; beyond, the wire is not read.
    private static final int MOST_BUFFERED = 64 * 1024;

    private static final int LINGER_MILLIS = 2000;

    private final EventLoop loop;
    private final Wire wire;
    private final @Nullable TlsPeer tls;
    private final AnswerWriter writer;
    private final Deadlines.Deadline deadline;
    private State state = State.IDLE;
    private @Nullable RequestHead head;
    private @Nullable Exchange exchange;
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private ClientAddress peer = ClientAddress.NOBODY;
    private boolean headTimed;
    private boolean processing;
    private boolean wanted;
    private boolean tunnel;
    private boolean paused;

    /// Whether bytes are being taken right now, so that the wire waits for none.
    private boolean arriving;

    private boolean inputEnded;
    private long pendingAtDeadline;

    private ClientConnection(EventLoop loop, Wire wire, @Nullable TlsPeer tls) {
        this.loop = loop;
        this.wire = wire;
        this.tls = tls;
        writer = new AnswerWriter(wire, loop);
        deadline = loop.deadlines().create(this::expired);
    }

    /// The end of a client's wire.
    static ClientConnection at(Wire wire, EventLoop loop, @Nullable TlsPeer tls) {
        ClientConnection made = new ClientConnection(loop, wire, tls);
        made.begin();
        return made;
    }

    // ---- the wire

    private void begin() {
        ClientAddress known = wire.client();
        if (known == null) {
            // What it sent before it left may follow, and would be nobody's.
            state = State.CLOSED;
            wire.close();
            return;
        }
        peer = known;
        loop.opened(this);
        deadline.set(loop.index().timeouts().header());
    }

    @Override
    public void arrived(ByteBuf bytes) {
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
    public void arrivedAll() {
        // Each piece is answered as it comes.
    }

    @Override
    public void writable(boolean now) {
        if (exchange != null) {
            exchange.clientWritable(now);
        }
    }

    @Override
    public void failed(Throwable cause) {
        if (!(cause instanceof java.io.IOException) && !TlsPeer.isTlsTrouble(cause)) {
            loop.report("client connection", cause);
        }
        wire.close();
    }

    @Override
    public void gone() {
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
        writer.forget();
        loop.closed(this);
    }

    /// The client sends nothing more, but it may still wait for its answer.
    @Override
    public void inputEnded() {
        inputEnded = true;
        if (exchange == null) {
            wire.close();
        } else if (tls != null && !tunnel) {
            // Nobody half-closes TLS and waits.
            wire.close();
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
            wire.wantBytes(!paused && in.readableBytes() < MOST_BUFFERED);
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
                writer.reset(!reading.isKeepAlive());
                Exchange started = new Exchange(loop, this, this, reading, System.nanoTime());
                exchange = started;
                started.start();
            }
            case BAD -> refuse(RouterFailure.Client.BAD_HEADER);
            case TOO_LONG -> refuse(RouterFailure.Client.TARGET_TOO_LONG);
            case NO_TUNNELS -> refuse(RouterFailure.Client.METHOD);
            case UNKNOWN_CODING -> refuse(RouterFailure.Client.UNKNOWN_CODING);
            case VERSION -> refuse(RouterFailure.Client.VERSION);
            case ANCIENT -> wire.close();
        }
        return true;
    }

    /// Answers a request that cannot be understood, and ends the connection.
    private void refuse(RouterFailure failure) {
        RequestHead refused = head();
        writer.reset(true);
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
                long pending = wire.pendingBytes();
                if (pending > 0 && pending != pendingAtDeadline) {
                    pendingAtDeadline = pending;
                    deadline.set(loop.index().timeouts().keepalive());
                } else {
                    wire.close();
                }
            }
            case HEAD -> {
                if (head().isBegun()) {
                    refuse(RouterFailure.Client.SLOW_HEAD);
                } else {
                    wire.close();
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
        writer.askForBody();
    }

    @Override
    public void interim(ResponseHead interim) {
        if (!head().isHttp10()) {
            writer.interim(interim);
        }
    }

    @Override
    public void begin(ResponseHead answer, boolean last, byte[] extraLines) {
        endAfterAnswer(last);
        writer.begin(head(), answer, extraLines);
    }

    @Override
    public void data(ByteBuf bytes, int length) {
        writer.data(bytes, length);
    }

    @Override
    public @Nullable Wire socket() {
        return tls == null && !writer.isChunked() ? wire : null;
    }

    @Override
    public void poured(long bytes) {
        writer.poured(bytes);
    }

    @Override
    public boolean canPause() {
        return arriving && !in.isReadable();
    }

    @Override
    public void pausedForPour(boolean nowPaused) {
        paused = nowPaused;
        wire.wantBytes(!paused && in.readableBytes() < MOST_BUFFERED);
    }

    @Override
    public void end(BodyReader body) {
        writer.end(body);
    }

    @Override
    public void page(int status, byte[] page, boolean last) {
        endAfterAnswer(last);
        writer.page(head(), status, page);
    }

    private void endAfterAnswer(boolean last) {
        if (last || loop.isDraining()) {
            writer.last();
        }
    }

    @Override
    public void openTunnel() {
        tunnel = true;
        wanted = true;
        writer.openTunnel();
    }

    @Override
    public void endOfTunnel() {
        writer.push();
        wire.endAfterWrites();
    }

    @Override
    public void flush() {
        writer.flush();
    }

    @Override
    public boolean isWritable() {
        return wire.isWritable();
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
        return writer.sentBytes();
    }

    @Override
    public void finished(boolean mayGoOn, long nowNanos) {
        flush();
        boolean silent = mayGoOn && head().isLast() && !in.isReadable();
        forgetExchange();
        if (state == State.CLOSED) {
            return;
        }
        if (!mayGoOn || writer.isLast() || inputEnded || loop.isDraining()) {
            linger(inputEnded || silent, nowNanos);
            return;
        }
        state = State.IDLE;
        deadline.set(loop.index().timeouts().keepalive(), nowNanos);
        if (in.isReadable()) {
            process();
        } else {
            wire.wantBytes(true);
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
        writer.push();
        wire.closeAfterWrites(writer.endsWithConnection());
    }

    /// @param silent whether nothing more can come that a close would answer with a reset
    private void linger(boolean silent, long nowNanos) {
        state = State.LINGERING;
        pendingAtDeadline = 0;
        deadline.set(LINGER_MILLIS, nowNanos);
        writer.push();
        in.skipBytes(in.readableBytes());
        if (silent) {
            wire.closeAfterWrites(false);
        } else {
            wire.wantBytes(true);
            wire.endAfterWrites();
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
            wire.close();
        }
    }

    @Override
    public void forceClose() {
        if (exchange != null) {
            exchange.forceClose();
        }
        wire.close();
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

    Wire wire() {
        return wire;
    }
}
