package dev.paddock.router;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Opens connections to dynos and keeps the idle ones. Owned by its event loop.
final class Connector {
    /// Kept connections to one dyno; more of them are closed after use.
    private static final int MOST_KEPT = 128;

    /// Channels of one attempt: that one cannot be used is rare.
    private static final int MOST_BEGUN = 4;

    /// What may wait for a dyno that does not read.
    private static final WriteBufferWaterMark UPLOAD_BUFFER =
            new WriteBufferWaterMark(32 * 1024, 128 * 1024);

    private final EventLoop loop;
    private final Bootstrap bootstrap;
    private final Map<Backend, ArrayDeque<DynoConnection>> kept = new HashMap<>();

    /// Who waits for a connection.
    interface Attempt {
        void connected(DynoStream dyno);

        void notConnected();

        /// This process has no socket for it; the dyno has nothing to do with that.
        void noSocket();
    }

    /// A connection that is being opened.
    interface Pending {
        void cancel();
    }

    Connector(EventLoop loop, Transport transport) {
        this.loop = loop;
        bootstrap =
                new Bootstrap()
                        .group(loop.group())
                        .channel(transport.channel())
                        .option(ChannelOption.ALLOCATOR, loop.allocator())
                        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        .option(ChannelOption.AUTO_CLOSE, false)
                        // The exchange has a limit of its own, which the table sets.
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, EventLoop.receiveBuffers())
                        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, UPLOAD_BUFFER);
    }

    /// A kept connection to this dyno, the one used last; null for none.
    @Nullable DynoStream takeKept(Backend backend, Exchange exchange) {
        ArrayDeque<DynoConnection> idle = kept.get(backend);
        DynoConnection connection = idle == null ? null : idle.pollLast();
        if (connection != null) {
            connection.serve(exchange);
        }
        return connection;
    }

    Opening connect(Backend backend, Exchange exchange, Attempt waiting) {
        return new Opening(backend, exchange, waiting);
    }

    void keep(DynoConnection connection) {
        ArrayDeque<DynoConnection> idle =
                kept.computeIfAbsent(connection.backend(), _ -> new ArrayDeque<>());
        if (connection.backend().isRetired() || loop.isDraining() || idle.size() >= MOST_KEPT) {
            connection.close();
        } else {
            idle.addLast(connection);
        }
    }

    void forget(DynoConnection connection) {
        ArrayDeque<DynoConnection> idle = kept.get(connection.backend());
        if (idle != null) {
            idle.remove(connection);
            if (idle.isEmpty()) {
                kept.remove(connection.backend());
            }
        }
    }

    /// These dynos are gone, or their addresses will belong to others.
    void closeKept(Collection<Backend> gone) {
        for (Backend backend : gone) {
            ArrayDeque<DynoConnection> idle = kept.remove(backend);
            if (idle != null) {
                idle.forEach(DynoConnection::close);
            }
        }
    }

    /// An attempt that its exchange may give up.
    final class Opening implements Pending {
        private final Backend backend;
        private final Exchange exchange;
        private final Attempt waiting;
        private DynoConnection connection;
        private @Nullable Wire wire;

        /// Null when the ring carries it.
        private @Nullable Channel channel;

        private int begun;
        private boolean cancelled;

        Opening(Backend backend, Exchange exchange, Attempt waiting) {
            this.backend = backend;
            this.exchange = exchange;
            this.waiting = waiting;
            begin();
        }

        private void begin() {
            begun++;
            connection = new DynoConnection(loop, backend, exchange);
            Ring ring = loop.ring();
            if (ring == null) {
                beginOnChannel(connection);
            } else {
                beginOnRing(ring, connection);
            }
        }

        private void beginOnRing(Ring ring, DynoConnection reader) {
            RingWire made =
                    RingWire.connect(ring, backend.address(), UPLOAD_BUFFER, reader, this::ended);
            wire = made;
            reader.use(made);
        }

        private void beginOnChannel(DynoConnection reader) {
            ChannelFuture opening =
                    bootstrap
                            .clone()
                            .handler(
                                    new ChannelWire(made -> {
                                        wire = made;
                                        reader.use(made);
                                        return reader;
                                    }))
                            .connect(backend.address());
            channel = opening.channel();
            // Of a socket that could not be made another thread tells.
            var _ =
                    opening.addListener(done -> {
                        if (loop.isHere()) {
                            ended(done.cause());
                        } else {
                            loop.execute(() -> ended(done.cause()));
                        }
                    });
        }

        private void ended(@Nullable Throwable failure) {
            if (failure instanceof ClosedChannelException && !cancelled && begun < MOST_BEGUN) {
                // Not the dyno's doing: it was closed before it was connected.
                begin();
                return;
            }
            if (failure instanceof ChannelException) {
                close();
                if (!cancelled) {
                    waiting.noSocket();
                }
                return;
            }
            // An address that left the table meanwhile may be another app's.
            boolean connected = failure == null && !backend.isRetired();
            if (cancelled || !connected) {
                close();
            }
            if (!cancelled) {
                if (connected) {
                    waiting.connected(connection);
                } else {
                    waiting.notConnected();
                }
            }
        }

        /// Null when the ring carries it.
        @Nullable Channel channel() {
            return channel;
        }

        @Override
        public void cancel() {
            cancelled = true;
            close();
        }

        private void close() {
            connection.leave();
            // A channel has its wire as soon as it is registered, and cannot be closed before.
            if (wire != null) {
                wire.close();
            }
        }
    }
}
