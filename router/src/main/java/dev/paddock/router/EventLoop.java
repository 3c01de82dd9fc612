package dev.paddock.router;

import dev.paddock.core.ErrorCode;
import dev.paddock.router.http.Bytes;
import dev.paddock.router.http.Forwarding;
import dev.paddock.router.http.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// One thread of the data path with everything that only it touches: its connections, limits, spare heads and newest
/// routes.
final class EventLoop implements Executor {
    private static final int MOST_SPARE = 256;
    private static final int USUAL_HEAD = 2048;

    /// What a large head made is let go.
    private static final int MOST_KEPT = 64 * 1024;

    private final io.netty.channel.EventLoop netty;
    private final ByteBufAllocator allocator;
    private final Deadlines deadlines;
    private final Connector connector;
    private final AccessLog log;
    private final RouterStats stats;
    private final LoopStats counts;
    private final Signals signals;
    private final RequestLine line = new RequestLine();
    private final Bytes scratch = new Bytes();
    private ByteBuf scratchBuffer = Unpooled.buffer(USUAL_HEAD);
    private final SplittableRandom random = new SplittableRandom(new SecureRandom().nextLong());
    private final ArrayDeque<RequestHead> spareRequestHeads = new ArrayDeque<>();
    private final ArrayDeque<ExchangeParts> spareParts = new ArrayDeque<>();
    private final Set<ClientChannel> clients = new LinkedHashSet<>();
    private RouteIndex index = RouteIndex.unknown();
    private boolean draining;
    private final @Nullable Ring ring;
    private @Nullable Pours pours;

    /// Whether this loop cannot pour.
    private boolean copies;

    /// Accepted connections whose TLS has not begun.
    private int greetings;

    /// What the data path tells the control plane. Called on the event loop; must not block.
    interface Signals {
        void wake(RoutedApp app);

        /// Requests begin to wait for a free dyno.
        void queueBegan(RoutedApp app);

        void trouble(RoutedApp app, Backend dyno, ErrorCode code);

        /// Whether an address in the table may belong to another dyno by now, so that nothing is to be served.
        boolean isTableVoid(long nowNanos);
    }

    EventLoop(
            io.netty.channel.EventLoop netty,
            Transport transport,
            ByteBufAllocator allocator,
            AccessLog log,
            RouterStats stats,
            Signals signals) {
        this.netty = netty;
        this.allocator = allocator;
        this.log = log;
        this.stats = stats;
        counts = stats.addLoop();
        this.signals = signals;
        deadlines = new Deadlines(netty);
        ring = Ring.of(this, netty);
        connector = new Connector(this, transport);
    }

    static RecvByteBufAllocator receiveBuffers() {
        return new AdaptiveRecvByteBufAllocator(512, 4096, 64 * 1024).maxMessagesPerRead(4);
    }

    @Override
    public void execute(Runnable task) {
        netty.execute(task);
    }

    /// Null where only Netty's channels carry connections.
    @Nullable Ring ring() {
        return ring;
    }

    /// Null where bodies can only be copied.
    @Nullable Pours pours() {
        if (pours == null && !copies) {
            pours = Pours.of(netty);
            copies = pours == null;
        }
        return pours;
    }

    /// Where this loop's own channels are registered.
    EventLoopGroup group() {
        return netty;
    }

    boolean owns(Channel channel) {
        return channel.eventLoop().equals(netty);
    }

    /// Whether this is its thread.
    boolean isHere() {
        return netty.inEventLoop();
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    /// Empty; whoever takes it is done with it before anybody else can ask.
    Bytes scratch() {
        return scratch.clear();
    }

    /// Like [#scratch()], for what is read as a buffer; not to be released.
    ByteBuf scratchBuffer() {
        if (scratchBuffer.capacity() > MOST_KEPT) {
            scratchBuffer = Unpooled.buffer(USUAL_HEAD);
        }
        return scratchBuffer.clear();
    }

    Deadlines deadlines() {
        return deadlines;
    }

    Connector connector() {
        return connector;
    }

    SplittableRandom random() {
        return random;
    }

    RouteIndex index() {
        return index;
    }

    boolean isDraining() {
        return draining;
    }

    /// New requests use this table; dynos that it does not hold get no byte more over kept connections.
    void use(RouteIndex newest, Gone gone) {
        index = newest;
        connector.closeKept(gone.dynos());
        counts.forget(gone.dynos(), gone.apps());
    }

    RequestHead takeRequestHead() {
        RequestHead spare = spareRequestHeads.pollLast();
        return spare == null ? new RequestHead() : spare;
    }

    void giveBack(RequestHead head) {
        if (spareRequestHeads.size() < MOST_SPARE) {
            head.reset();
            spareRequestHeads.addLast(head);
        }
    }

    ExchangeParts takeParts() {
        ExchangeParts spare = spareParts.pollLast();
        return spare == null ? ExchangeParts.make() : spare;
    }

    void giveBack(ExchangeParts parts) {
        if (spareParts.size() < MOST_SPARE) {
            parts.reset();
            spareParts.addLast(parts);
        }
    }

    /// A request of the app was given a dyno or waits for one.
    void notice(RoutedApp app) {
        stats.notice(app);
    }

    void wake(RoutedApp app) {
        signals.wake(app);
    }

    void queueBegan(RoutedApp app) {
        signals.queueBegan(app);
    }

    boolean isTableVoid(long nowNanos) {
        return signals.isTableVoid(nowNanos);
    }

    void trouble(RoutedApp app, Backend dyno, RouterFailure why) {
        signals.trouble(app, dyno, ErrorCode.valueOf(why.code()));
    }

    void log(
            @Nullable RoutedApp app,
            RequestHead head,
            @Nullable Forwarding forwarding,
            RequestLine.Facts facts,
            long nanos) {
        if (!log.isOff()) {
            line.write(head, forwarding, facts);
            log.write(app == null ? "" : app.route().id(), line.text());
        }
        counts.count(app, facts, nanos);
    }

    /// A fault of our own: said, counted, survived.
    void report(String where, Throwable fault) {
        stats.countFault();
        System.err.println("router: " + where + ": " + fault);
        fault.printStackTrace(System.err);
    }

    void opened(ClientChannel client) {
        clients.add(client);
        stats.opened();
    }

    void closed(ClientChannel client) {
        if (clients.remove(client)) {
            stats.closed();
        }
    }

    void greetingBegan() {
        greetings++;
    }

    void greetingEnded() {
        greetings--;
    }

    /// Every client is sent away with its next answer.
    ///
    /// @param idleToo whether those that wait for nothing go at once: a request of theirs may be on its way
    void drain(boolean idleToo) {
        draining = true;
        new ArrayList<>(clients).forEach(client -> client.drain(idleToo));
    }

    boolean isEmpty() {
        return clients.isEmpty() && greetings == 0;
    }

    /// Cuts what is still there.
    void cutAll() {
        new ArrayList<>(clients).forEach(ClientChannel::forceClose);
        if (ring != null) {
            ring.cutAll();
        }
        if (pours != null) {
            pours.close();
        }
    }
}
