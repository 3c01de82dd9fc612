package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.UnixChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A connection that a Netty channel carries: what TLS and a PROXY header need, and machines without io_uring. The last
/// handler of its pipeline.
final class ChannelWire extends ChannelInboundHandlerAdapter implements Wire {
    private static final int TCP_CLOSE = 7;

    private final Function<Wire, Reader> end;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Reader reader;
    private boolean connected;

    /// @param end makes the one who reads, when the wire has its channel
    ChannelWire(Function<Wire, Reader> end) {
        this.end = end;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        connected = added.channel().isActive();
        reader = end.apply(this);
    }

    @Override
    public void channelActive(ChannelHandlerContext unused) {
        connected = true;
    }

    @Override
    public void channelRead(ChannelHandlerContext unused, Object message) {
        reader().arrived((ByteBuf) message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext unused) {
        reader().arrivedAll();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext unused) {
        reader().writable(isWritable());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext unused, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            if (connected) {
                reader().inputEnded();
            } else {
                // epoll's events are by descriptor, and this one is of the connection that had it
                // before.
                close();
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext unused, Throwable cause) {
        reader().failed(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext unused) {
        reader().gone();
    }

    @Override
    public void write(ByteBuf bytes) {
        var _ = context().write(bytes, context().voidPromise());
    }

    @Override
    public void flush() {
        context().flush();
    }

    @Override
    public boolean isWritable() {
        return channel().isWritable();
    }

    @Override
    public long pendingBytes() {
        return Sockets.pendingBytes(channel());
    }

    @Override
    public void wantBytes(boolean wanted) {
        channel().config().setAutoRead(wanted);
    }

    @Override
    public boolean isOpen() {
        return channel().isOpen();
    }

    @Override
    public void whenWritten(Written then) {
        // In a turn of its own: not in the midst of what the transport tells of several writes.
        var _ =
                context()
                        .writeAndFlush(Unpooled.EMPTY_BUFFER)
                        .addListener(written ->
                                channel()
                                        .eventLoop()
                                        .execute(() -> then.done(written.isSuccess())));
    }

    @Override
    public void endAfterWrites() {
        Sockets.endAfterWrites(channel());
    }

    @Override
    public void closeAfterWrites(boolean reset) {
        Sockets.closeAfterWrites(channel(), reset);
    }

    @Override
    public void close() {
        Sockets.close(channel());
    }

    @Override
    public @Nullable ClientAddress client() {
        return ClientAddress.of(channel());
    }

    @Override
    public int descriptor() {
        return ((UnixChannel) channel()).fd().intValue();
    }

    @Override
    public void probe() {
        Channel channel = channel();
        channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
        if (channel instanceof EpollSocketChannel) {
            channel.config().setOption(EpollChannelOption.TCP_KEEPIDLE, 1);
            channel.config().setOption(EpollChannelOption.TCP_KEEPINTVL, 1);
            channel.config().setOption(EpollChannelOption.TCP_KEEPCNT, 2);
        } else if (channel instanceof IoUringSocketChannel) {
            channel.config().setOption(IoUringChannelOption.TCP_KEEPIDLE, 1);
            channel.config().setOption(IoUringChannelOption.TCP_KEEPINTVL, 1);
            channel.config().setOption(IoUringChannelOption.TCP_KEEPCNT, 2);
        }
    }

    @Override
    public boolean isDead() {
        return switch (channel()) {
            case EpollSocketChannel epoll -> epoll.tcpInfo().state() == TCP_CLOSE;
            case IoUringSocketChannel ring -> ring.tcpInfo().state() == TCP_CLOSE;
            default -> false;
        };
    }

    private Reader reader() {
        return required(reader);
    }

    private ChannelHandlerContext context() {
        return required(context);
    }

    private Channel channel() {
        return context().channel();
    }

    private static <T> T required(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("the wire has no channel yet");
        }
        return value;
    }
}
