package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.function.Supplier;

/// Waits for the [ProxyHeader] of a connection, and lets what comes behind it in. Owned by its event loop.
final class ProxyGreeting extends ChannelInboundHandlerAdapter {
    private final EventLoop loop;
    private final Supplier<ChannelHandler> next;
    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private Deadlines.Deadline deadline;

    /// @param next what goes on when the header is there
    ProxyGreeting(EventLoop loop, Supplier<ChannelHandler> next) {
        this.loop = loop;
        this.next = next;
        deadline = loop.deadlines().create(() -> {});
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        loop.greetingBegan();
        deadline = loop.deadlines().create(() -> Sockets.close(context.channel()));
        deadline.set(loop.index().timeouts().header());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        deadline.clear();
        in.release();
        in = Unpooled.EMPTY_BUFFER;
        loop.greetingEnded();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        ByteBuf all = bytes;
        if (in.isReadable()) {
            all = loop.allocator().ioBuffer(in.readableBytes() + bytes.readableBytes());
            all.writeBytes(in).writeBytes(bytes);
            bytes.release();
        }
        in.release();
        in = all;
        switch (ProxyHeader.read(in)) {
            case ProxyHeader.More _ -> {}
            case ProxyHeader.Bad _ -> Sockets.close(context.channel());
            case ProxyHeader.Said said -> {
                if (said.client() != null) {
                    said.client().tell(context.channel());
                }
                goOn(context);
            }
        }
    }

    private void goOn(ChannelHandlerContext context) {
        ByteBuf rest = in;
        in = Unpooled.EMPTY_BUFFER;
        context.pipeline().replace(this, null, next.get());
        if (rest.isReadable()) {
            context.pipeline().fireChannelRead(rest);
        } else {
            rest.release();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            Sockets.close(context.channel());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Sockets.close(context.channel());
    }
}
