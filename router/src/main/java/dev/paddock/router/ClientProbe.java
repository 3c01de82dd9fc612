package dev.paddock.router;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringSocketChannel;

/// Finds out whether a client that ended its sending side still listens.
///
/// TCP says the same when a client only shut down its sending side, and waits, as when it closed and is gone. A byte
/// sent to it tells them apart: the kernel of one that is gone answers with a reset. Before the answer that byte is a
/// `100 Continue`, which every client skips; within an answer it is TCP's keep-alive.
final class ClientProbe implements Runnable {
    private static final int LOOK_MILLIS = 20;
    private static final int LONGEST_LOOK_MILLIS = 1000;
    private static final int TCP_CLOSE = 7;

    private final ClientConnection client;
    private final Channel channel;
    private final Deadlines.Deadline deadline;
    private int pauseMillis = LOOK_MILLIS;

    private ClientProbe(ClientConnection client) {
        this.client = client;
        channel = client.context().channel();
        deadline = client.loop().deadlines().create(this);
    }

    static void send(ClientConnection client) {
        Channel channel = client.context().channel();
        if (client.canProbe()) {
            client.askForBody();
        }
        try {
            keepAlive(channel);
        } catch (ChannelException e) {
            // What was written last found the client gone.
            Sockets.close(channel);
            return;
        }
        new ClientProbe(client).deadline.set(LOOK_MILLIS);
    }

    private static void keepAlive(Channel channel) {
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
    public void run() {
        if (!client.isWaiting() || !channel.isActive()) {
            return;
        }
        if (isClosed()) {
            Sockets.close(channel);
        } else {
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_LOOK_MILLIS);
            deadline.set(pauseMillis);
        }
    }

    private boolean isClosed() {
        return switch (channel) {
            case EpollSocketChannel epoll -> epoll.tcpInfo().state() == TCP_CLOSE;
            case IoUringSocketChannel ring -> ring.tcpInfo().state() == TCP_CLOSE;
            default -> false;
        };
    }
}
