package dev.paddock.router;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// A port on which clients are accepted, for all event loops: one descriptor, bound without SO_REUSEPORT, so that a
/// port in use is found.
final class Listener {
    private static final int BACKLOG = 4096;
    private static final int HANDSHAKE_MILLIS = 15_000;

    /// A client that does not read holds at most 1 MB, with one read of a dyno on top of the mark.
    static final WriteBufferWaterMark ANSWER_BUFFER =
            new WriteBufferWaterMark(512 * 1024, 960 * 1024);

    private final Channel channel;

    /// Null when the channel accepts by itself.
    private final @Nullable RingListener ring;

    private Listener(Channel channel, @Nullable RingListener ring) {
        this.channel = channel;
        this.ring = ring;
    }

    /// @param certificates for TLS; null for a plain port
    /// @param behindProxy whether connections begin with a [ProxyHeader]
    /// @throws IOException when the port cannot be had, naming it
    static Listener open(
            EventLoops loops,
            Transport transport,
            InetSocketAddress address,
            @Nullable Future<Certificates> certificates,
            boolean behindProxy)
            throws IOException {
        boolean byRing = transport == Transport.IO_URING && isForRing(certificates, behindProxy);
        ChannelFuture bound =
                byRing
                        ? bind(loops, address)
                        : bootstrap(loops, certificates, behindProxy)
                                .channel(transport.serverChannel())
                                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                                .option(ChannelOption.SO_REUSEADDR, true)
                                .bind(address)
                                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen on "
                            + address.getHostString()
                            + ":"
                            + address.getPort()
                            + ": "
                            + reason(bound.cause())
                            + "; choose another port or stop what uses it");
        }
        return accepting(bound.channel(), loops, byRing);
    }

    /// Accepts on a descriptor that listens already, as another process left it.
    ///
    /// @throws IOException when it cannot be used
    static Listener adopt(
            EventLoops loops,
            Transport transport,
            int descriptor,
            @Nullable Future<Certificates> certificates,
            boolean behindProxy)
            throws IOException {
        ServerBootstrap bootstrap = bootstrap(loops, certificates, behindProxy);
        ChannelFuture adopted =
                switch (transport) {
                    case EPOLL ->
                            bootstrap
                                    .channelFactory(() -> new EpollServerSocketChannel(descriptor))
                                    .register();
                    // It has no constructor for a descriptor: its own is replaced before it
                    // accepts.
                    case IO_URING ->
                            bootstrap
                                    .channel(transport.serverChannel())
                                    .option(ChannelOption.AUTO_READ, false)
                                    .bind(InetAddress.getLoopbackAddress(), 0);
                    case NIO ->
                            throw new IOException(
                                    "this machine has no epoll, so no listener can be taken over");
                };
        adopted.awaitUninterruptibly();
        if (!adopted.isSuccess()) {
            throw new IOException(
                    "cannot take over descriptor " + descriptor + ": " + adopted.cause(),
                    adopted.cause());
        }
        Channel channel = adopted.channel();
        boolean byRing = false;
        if (transport == Transport.IO_URING) {
            Descriptors.copy(descriptor, ((UnixChannel) channel).fd().intValue());
            byRing = isForRing(certificates, behindProxy);
            channel.config().setAutoRead(!byRing);
        }
        return accepting(channel, loops, byRing);
    }

    /// A channel that only holds the descriptor. Without handlers, for Netty's bootstrap reads the annotations of its own,
    /// for which java makes classes: a tenth of a start.
    private static ChannelFuture bind(EventLoops loops, InetSocketAddress address) {
        Channel channel = new IoUringServerSocketChannel();
        channel.config().setOption(ChannelOption.SO_BACKLOG, BACKLOG);
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setOption(ChannelOption.AUTO_READ, false);
        ChannelFuture bound = loops.group().register(channel).awaitUninterruptibly();
        if (bound.isSuccess()) {
            bound = channel.bind(address).awaitUninterruptibly();
        }
        return bound.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }

    private static boolean isForRing(
            @Nullable Future<Certificates> certificates, boolean behindProxy) {
        return certificates == null && !behindProxy && Ring.isSupported();
    }

    /// A plain port is accepted on by the ring itself, into [RingWire]s.
    private static Listener accepting(Channel channel, EventLoops loops, boolean byRing) {
        if (!byRing) {
            return new Listener(channel, null);
        }
        EventLoop loop = loops.of(channel);
        int descriptor = ((UnixChannel) channel).fd().intValue();
        RingListener ring =
                channel.eventLoop()
                        .submit(() -> RingListener.begin(loops, loop, descriptor))
                        .syncUninterruptibly()
                        .getNow();
        return new Listener(channel, ring);
    }

    private static ServerBootstrap bootstrap(
            EventLoops loops, @Nullable Future<Certificates> certificates, boolean behindProxy) {
        return new ServerBootstrap()
                .group(loops.group())
                .childOption(ChannelOption.ALLOCATOR, loops.allocator())
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.AUTO_CLOSE, false)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, EventLoop.receiveBuffers())
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, ANSWER_BUFFER)
                .childHandler(new Accept(loops, certificates, behindProxy));
    }

    /// The kernel's number for it; -1 when the transport has none.
    int descriptor() {
        return channel instanceof UnixChannel unix ? unix.fd().intValue() : -1;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    void close() {
        if (ring != null) {
            channel.eventLoop().submit(ring::close).awaitUninterruptibly();
        }
        channel.close().awaitUninterruptibly();
    }

    private static String reason(@Nullable Throwable cause) {
        String message = cause == null ? "" : String.valueOf(cause.getMessage());
        int colon = message.lastIndexOf(": ");
        return colon < 0 ? message : message.substring(colon + 2);
    }

    private static final class Accept extends ChannelInitializer<Channel> {
        private final EventLoops loops;
        private final @Nullable Future<Certificates> certificates;
        private final boolean behindProxy;

        Accept(EventLoops loops, @Nullable Future<Certificates> certificates, boolean behindProxy) {
            this.loops = loops;
            this.certificates = certificates;
            this.behindProxy = behindProxy;
        }

        @Override
        protected void initChannel(Channel accepted) {
            EventLoop loop = loops.of(accepted);
            accepted.pipeline()
                    .addLast(
                            behindProxy ? new ProxyGreeting(loop, () -> first(loop)) : first(loop));
        }

        private ChannelHandler first(EventLoop loop) {
            return certificates == null
                    ? new ChannelWire(wire -> ClientConnection.at(wire, loop, null))
                    : new ServerName(loop, certificates);
        }
    }

    /// Waits for the name in the client's hello and begins TLS with the certificate for it.
    private static final class ServerName extends AbstractSniHandler<Certificates.Identity> {
        private final EventLoop loop;
        private final Future<Certificates> certificates;

        ServerName(EventLoop loop, Future<Certificates> certificates) {
            super(HANDSHAKE_MILLIS);
            this.loop = loop;
            this.certificates = certificates;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) throws Exception {
            super.handlerAdded(context);
            loop.greetingBegan();
        }

        @Override
        protected void handlerRemoved0(ChannelHandlerContext context) throws Exception {
            loop.greetingEnded();
            super.handlerRemoved0(context);
        }

        @Override
        protected Future<Certificates.Identity> lookup(
                ChannelHandlerContext context, @Nullable String name) {
            Promise<Certificates.Identity> identity = context.executor().newPromise();
            if (certificates.isDone()) {
                choose(identity, name);
            } else {
                var _ = certificates.addListener(_ -> loop.execute(() -> choose(identity, name)));
            }
            return identity;
        }

        private void choose(Promise<Certificates.Identity> identity, @Nullable String name) {
            if (certificates.isSuccess()) {
                identity.setSuccess(certificates.getNow().of(loop.index(), name));
            } else {
                identity.setFailure(certificates.cause());
            }
        }

        @Override
        protected void onLookupComplete(
                ChannelHandlerContext context,
                @Nullable String name,
                Future<Certificates.Identity> found) {
            if (!found.isSuccess()) {
                Sockets.close(context.channel());
                return;
            }
            Certificates.Identity entry = found.getNow();
            SslHandler tls = entry.context().newHandler(loop.allocator());
            tls.setHandshakeTimeoutMillis(HANDSHAKE_MILLIS);
            context.pipeline()
                    .addLast(new ProtocolChoice(loop, new TlsPeer(tls, entry)))
                    .replace(this, "tls", tls);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event)
                throws Exception {
            if (event instanceof ChannelInputShutdownEvent) {
                // Nobody half-closes TLS and waits.
                Sockets.close(context.channel());
            }
            super.userEventTriggered(context, event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // Whatever came was no TLS.
            Sockets.close(context.channel());
        }
    }
}
