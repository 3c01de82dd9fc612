package dev.paddock.router;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/// Ends of connections, plain and over TLS. Whether an end succeeds does not matter to anybody.
final class Sockets {
    private Sockets() {}

    static void close(Channel channel) {
        var _ = channel.close();
    }

    /// Ends the sending side when everything is written; the other side may go on sending.
    static void endAfterWrites(Channel channel) {
        afterWrites(
                channel,
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER),
                () -> {
                    SslHandler tls = channel.pipeline().get(SslHandler.class);
                    if (tls == null) {
                        shutdownOutput(channel);
                    } else {
                        afterWrites(
                                channel,
                                tls.closeOutbound(channel.newPromise()),
                                () -> shutdownOutput(channel));
                    }
                });
    }

    private static void shutdownOutput(Channel channel) {
        if (channel.isActive()) {
            var _ = ((DuplexChannel) channel).shutdownOutput();
        }
    }

    /// Closes when everything is written.
    ///
    /// @param reset whether an orderly end could be taken for the end of the body
    static void closeAfterWrites(Channel channel, boolean reset) {
        afterWrites(
                channel,
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER),
                () -> {
                    if (reset && channel.isOpen()) {
                        channel.config().setOption(ChannelOption.SO_LINGER, 0);
                    }
                    close(channel);
                });
    }

    /// Not at once: with io_uring, several writes are told of in one go, and an end in the middle of that would take the
    /// rest away from under the transport, which is the end of its event loop.
    private static void afterWrites(Channel channel, ChannelFuture written, Runnable end) {
        var _ = written.addListener(_ -> channel.eventLoop().execute(end));
    }

    /// Bytes that the other side has not taken yet.
    static long pendingBytes(Channel channel) {
        ChannelOutboundBuffer pending = channel.unsafe().outboundBuffer();
        return pending == null ? 0 : pending.totalPendingWriteBytes();
    }
}
