package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;

/// A connection to a dyno: moves bytes between a channel and the exchange that it serves now. Owned by its event loop.
final class DynoConnection extends ChannelInboundHandlerAdapter implements DynoStream {
    private final EventLoop loop;
    private final Backend backend;
    private @Nullable Exchange exchange;
    private @Nullable Channel channel;
    private Deadlines.@Nullable Deadline idle;
    private @Nullable Pour toClient;
    private @Nullable Pour fromClient;
    private boolean reused;
    private boolean connected;
    private boolean readBroken;
    private boolean ended;

    DynoConnection(EventLoop loop, Backend backend, Exchange exchange) {
        this.loop = loop;
        this.backend = backend;
        this.exchange = exchange;
    }

    Backend backend() {
        return backend;
    }

    /// The connection was kept and serves another exchange.
    void serve(Exchange next) {
        exchange = next;
        reused = true;
        if (idle != null) {
            idle.clear();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        channel = context.channel();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        connected = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            if (exchange == null) {
                // Nobody asked: whatever it is, it must not become the answer to the next request.
                closeKept();
            } else {
                exchange.dynoBytes(bytes);
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (exchange != null) {
            exchange.dynoFlushed();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (exchange != null && context.channel().isWritable()) {
            exchange.dynoWritable();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            if (connected) {
                end();
            } else {
                // As below: of the connection that had this one's descriptor before.
                Sockets.close(context.channel());
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        readBroken = true;
        end();
    }

    /// A write that fails says nothing about bytes that the dyno sent before; a read that fails ends the stream.
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (message.contains("read") || message.contains("recv") || message.contains("reset")) {
            readBroken = true;
        }
        if (cause instanceof NotYetConnectedException) {
            // Reset between two reads: the socket is no more, and no end will be told. Or it was
            // never connected: epoll's events are by descriptor, and one of a connection that was
            // just closed came to this one, which has its number now and cannot be used any more.
            // Connector makes another.
            readBroken = true;
            Sockets.close(context.channel());
        } else if (!(cause instanceof java.io.IOException)) {
            loop.report("dyno connection to " + backend, cause);
            Sockets.close(context.channel());
        }
    }

    @Override
    public void send(ByteBuf bytes) {
        Channel to = channel();
        var _ = to.write(bytes, to.voidPromise());
    }

    @Override
    public void flush() {
        channel().flush();
    }

    @Override
    public boolean isWritable() {
        return channel().isWritable() && (fromClient == null || !fromClient.awaitsTarget());
    }

    @Override
    public void wantBytes(boolean wanted) {
        channel().config().setAutoRead(wanted);
    }

    @Override
    public boolean pourTo(ClientStream client, long bytes, Pour.Receiver receiver) {
        Channel target = client.socket();
        Pours pours = loop.pours();
        if (target == null || pours == null || ended) {
            return false;
        }
        wantBytes(false);
        toClient = pours.begin(channel(), target, bytes, receiver);
        return toClient != null;
    }

    @Override
    public boolean pourFrom(ClientStream client, long bytes, Pour.Receiver receiver) {
        Channel source = client.socket();
        Pours pours = loop.pours();
        if (source == null || pours == null || ended) {
            return false;
        }
        fromClient = pours.begin(source, channel(), bytes, receiver);
        return fromClient != null;
    }

    @Override
    public boolean isPourStalled() {
        return toClient != null && toClient.awaitsTarget();
    }

    @Override
    public boolean isReused() {
        return reused;
    }

    @Override
    public void endOfTunnel() {
        Sockets.endAfterWrites(channel());
    }

    @Override
    public void keep(long nowNanos) {
        exchange = null;
        toClient = null;
        fromClient = null;
        if (ended || !channel().isActive()) {
            close();
            return;
        }
        wantBytes(true);
        if (idle == null) {
            idle = loop.deadlines().create(this::closeKept);
        }
        idle.set(loop.index().timeouts().dynoKeepalive(), nowNanos);
        loop.connector().keep(this);
    }

    @Override
    public void close() {
        exchange = null;
        if (toClient != null) {
            toClient.cancel();
            toClient = null;
        }
        if (fromClient != null) {
            fromClient.cancel();
            fromClient = null;
        }
        if (idle != null) {
            idle.clear();
        }
        Sockets.close(channel());
    }

    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        if (exchange != null) {
            exchange.dynoEnded(readBroken);
        } else {
            closeKept();
        }
    }

    private void closeKept() {
        loop.connector().forget(this);
        close();
    }

    private Channel channel() {
        if (channel == null) {
            throw new IllegalStateException("the connection has no channel yet");
        }
        return channel;
    }
}
