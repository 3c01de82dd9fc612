package dev.paddock.router;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Offers this router's listening descriptors on a Unix socket (0600; our own user only): a younger router that
/// connects gets them all, and when it says that it accepts, this one may stop. One that ends before changes nothing.
final class HandoverOffer implements AutoCloseable {
    private final EventLoopGroup group;
    private final Channel server;
    private final Supplier<List<Integer>> descriptors;
    private final Runnable taken;
    private final int uid;

    /// The younger router that is being served; owned by the group's only thread.
    private @Nullable Channel younger;

    private HandoverOffer(Path socket, Supplier<List<Integer>> descriptors, Runnable taken)
            throws IOException {
        this.descriptors = descriptors;
        this.taken = taken;
        uid = Inherited.uidOfThisProcess();
        group =
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("handover", true), EpollIoHandler.newFactory());
        // Under another name until it is closed to others; the rename also replaces an older
        // router's.
        Path fresh =
                socket.resolveSibling(socket.getFileName() + "." + ProcessHandle.current().pid());
        Files.deleteIfExists(fresh);
        ChannelFuture bound =
                new ServerBootstrap()
                        .group(group)
                        .channel(EpollServerDomainSocketChannel.class)
                        .childHandler(
                                new ChannelInitializer<EpollDomainSocketChannel>() {
                                    @Override
                                    protected void initChannel(EpollDomainSocketChannel accepted) {
                                        accepted.pipeline().addLast(new Conversation());
                                    }
                                })
                        .bind(new DomainSocketAddress(fresh.toString()))
                        .awaitUninterruptibly();
        server = bound.channel();
        if (!bound.isSuccess()) {
            close();
            throw new IOException(
                    "cannot listen on the socket " + fresh + ": " + bound.cause(), bound.cause());
        }
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
        Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
    }

    /// @param taken called when a younger router accepts on all of them
    static HandoverOffer open(Path socket, Supplier<List<Integer>> descriptors, Runnable taken)
            throws IOException {
        return new HandoverOffer(socket, descriptors, taken);
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
        var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private final class Conversation extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) throws IOException {
            EpollDomainSocketChannel channel = (EpollDomainSocketChannel) context.channel();
            if (younger != null || channel.peerCredentials().uid() != uid) {
                Sockets.close(channel);
                return;
            }
            younger = channel;
            for (int descriptor : descriptors.get()) {
                var _ = context.write(new FileDescriptor(descriptor));
            }
            var _ =
                    context.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
                            .addListener(_ -> {
                                var _ = channel.shutdownOutput();
                            });
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            if (context.channel().equals(younger)) {
                taken.run();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (context.channel().equals(younger)) {
                younger = null;
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            System.err.println("router: a hand-over failed: " + cause);
            Sockets.close(context.channel());
        }
    }
}
