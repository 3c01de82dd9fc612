package dev.paddock.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SocketsTest {
    private static final int PART = 8 << 20;

    /// io_uring tells of all three writes in one go; the end came in the middle of that once, and the event loop died.
    @ParameterizedTest
    @EnumSource(Transport.class)
    void endWaitsForWhatIsWrittenWithIt(Transport transport) throws Exception {
        assumeTrue(transport.isAvailable(), "this machine has no " + transport);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                MultiThreadIoEventLoopGroup loop =
                        new MultiThreadIoEventLoopGroup(1, transport.handlers())) {
            Channel channel =
                    new Bootstrap()
                            .group(loop)
                            .channel(transport.channel())
                            .handler(new ChannelInboundHandlerAdapter())
                            .connect(server.getLocalSocketAddress())
                            .sync()
                            .channel();
            try (Socket peer = server.accept()) {
                CompletableFuture<Integer> received = new CompletableFuture<>();
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                received.complete(peer.getInputStream().readAllBytes().length);
                            } catch (IOException broken) {
                                received.completeExceptionally(broken);
                            }
                        });

                channel.eventLoop()
                        .submit(() -> {
                            var _ = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[PART]));
                            Sockets.endAfterWrites(channel);
                            var _ = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[10]));
                        })
                        .sync();

                assertThat(received.get(10, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(PART);
                channel.close().sync();
                assertThat(loop.next().submit(() -> "alive").get()).isEqualTo("alive");
            }
        }
    }
}
