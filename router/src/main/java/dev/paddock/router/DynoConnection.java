package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;

/// A connection to a dyno: moves bytes between a wire and the exchange that it serves now. Owned by its event loop.
final class DynoConnection implements Wire.Reader, DynoStream {
    private final EventLoop loop;
    private final Backend backend;
    private @Nullable Exchange exchange;
    private @Nullable Wire wire;
    private Deadlines.@Nullable Deadline idle;
    private @Nullable Pour toClient;
    private @Nullable Pour fromClient;
    private boolean reused;
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

    /// What it reads and writes from now on.
    void use(Wire made) {
        wire = made;
    }

    @Override
    public void arrived(ByteBuf bytes) {
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
    public void arrivedAll() {
        if (exchange != null) {
            exchange.dynoFlushed();
        }
    }

    @Override
    public void writable(boolean now) {
        if (exchange != null && now) {
            exchange.dynoWritable();
        }
    }

    @Override
    public void inputEnded() {
        end();
    }

    @Override
    public void gone() {
        readBroken = true;
        end();
    }

    /// A write that fails says nothing about bytes that the dyno sent before; a read that fails ends the stream.
    @Override
    public void failed(Throwable cause) {
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
            wire().close();
        } else if (!(cause instanceof java.io.IOException)) {
            loop.report("dyno connection to " + backend, cause);
            wire().close();
        }
    }

    @Override
    public void send(ByteBuf bytes) {
        wire().write(bytes);
    }

    @Override
    public void flush() {
        wire().flush();
    }

    @Override
    public boolean isWritable() {
        return wire().isWritable() && (fromClient == null || !fromClient.awaitsTarget());
    }

    @Override
    public void wantBytes(boolean wanted) {
        wire().wantBytes(wanted);
    }

    @Override
    public boolean pourTo(ClientStream client, long bytes, Pour.Receiver receiver) {
        Wire target = client.socket();
        Pours pours = loop.pours();
        if (target == null || pours == null || ended) {
            return false;
        }
        wantBytes(false);
        toClient = pours.begin(wire(), target, bytes, receiver);
        return toClient != null;
    }

    @Override
    public boolean pourFrom(ClientStream client, long bytes, Pour.Receiver receiver) {
        Wire source = client.socket();
        Pours pours = loop.pours();
        if (source == null || pours == null || ended) {
            return false;
        }
        fromClient = pours.begin(source, wire(), bytes, receiver);
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
        wire().endAfterWrites();
    }

    @Override
    public void keep(long nowNanos) {
        exchange = null;
        toClient = null;
        fromClient = null;
        if (ended || !wire().isOpen()) {
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

    /// Its exchange goes on without it.
    void leave() {
        exchange = null;
    }

    @Override
    public void close() {
        leave();
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
        wire().close();
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

    private Wire wire() {
        if (wire == null) {
            throw new IllegalStateException("the connection has no wire yet");
        }
        return wire;
    }
}
