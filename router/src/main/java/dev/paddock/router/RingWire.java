package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.NotYetConnectedException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A plain connection on the ring of its event loop, without a channel between (ADR 22): one operation receives, one
/// sends, and those of many connections go to the kernel with one call.
///
/// A connection that is quiet for some seconds holds no buffer.
final class RingWire implements Wire, RingOutput.Owner, IoUringIoHandle {
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;

    private static final int POLLIN = 0x1;
    private static final int POLLERR = 0x8;
    private static final int POLLRDHUP = 0x2000;

    /// IORING_RECVSEND_POLL_FIRST: nothing is there, so do not look before something arrives.
    private static final int POLL_FIRST = 1;

    private static final int EINTR = -4;
    private static final int EAGAIN = -11;
    private static final int ECONNRESET = -104;
    private static final int ECONNREFUSED = -111;
    private static final int ECANCELED = -125;

    private static final int SOL_TCP = 6;
    private static final int TCP_KEEPIDLE = 4;
    private static final int TCP_KEEPINTVL = 5;
    private static final int TCP_KEEPCNT = 6;
    private static final int TCP_INFO = 11;
    private static final int TCP_CLOSE = 7;

    private static final int FIRST_READ = 2048;
    private static final int LEAST_READ = 512;
    private static final int MOST_READ = 64 * 1024;

    /// A larger buffer is taken when there is something to read: one that waits is in no cache by then.
    private static final int MOST_POSTED = 2048;

    private final Ring ring;
    private @Nullable Socket socket;
    private final IoRegistration registration;
    private final RingOutput output;
    private final @Nullable ClientAddress client;
    private @Nullable Reader reader;
    private @Nullable Dial dial;

    private int readSize = FIRST_READ;
    private boolean smallBefore;
    private boolean wanted;
    private boolean reading;
    private boolean inputOver;
    private Waiting waiting = Waiting.NONE;
    private long waitOperation;

    /// Memory of the operation waited for: where a receive writes, where a connect finds its address.
    private @Nullable ByteBuf inHand;

    /// The socket held no more than was read last.
    private boolean drained;

    /// Something was received since the last look.
    private boolean lively;

    /// Nothing arrived for so long that no buffer is held for it.
    private boolean quiet;

    private boolean closed;
    private boolean released;

    /// What the ring has in hand for what may arrive; one at a time.
    private enum Waiting {
        NONE,
        CONNECT,
        /// A receive, which holds a buffer.
        RECEIVE,
        /// A poll for something to read.
        INPUT,
        /// A poll for the end of a connection of which nothing is read.
        END
    }

    private RingWire(
            Ring ring,
            @Nullable Socket socket,
            @Nullable ClientAddress client,
            WriteBufferWaterMark marks) {
        this.ring = ring;
        this.socket = socket;
        this.client = client;
        registration = ring.register(this);
        output = new RingOutput(ring, registration, marks, this);
        ring.opened(this);
    }

    /// The wire of a socket that was accepted. It reads when it has a reader.
    static RingWire accepted(
            Ring ring, Socket socket, ClientAddress client, WriteBufferWaterMark marks) {
        return new RingWire(ring, socket, client, marks);
    }

    /// Begins to connect; the outcome is told in a later turn: null for success, a [ChannelException] when this process
    /// has no socket for it. Then it reads.
    static RingWire connect(
            Ring ring,
            InetSocketAddress address,
            WriteBufferWaterMark marks,
            Reader reader,
            Consumer<@Nullable Throwable> outcome) {
        RingWire wire = new RingWire(ring, null, null, marks);
        wire.dial = new Dial(address, reader, outcome);
        wire.waiting = Waiting.CONNECT;
        wire.waitOperation =
                wire.registration.submit(
                        Ring.operation(
                                Ring.SOCKET,
                                Ring.family(address),
                                0,
                                SOCK_STREAM | SOCK_CLOEXEC,
                                0,
                                0,
                                0,
                                0));
        return wire;
    }

    /// A connection that is being made.
    private record Dial(
            InetSocketAddress address, Reader reader, Consumer<@Nullable Throwable> outcome) {}

    /// Who hears what arrives; from now on it is read.
    void tell(Reader told) {
        reader = told;
        wantBytes(true);
    }

    // ---- the ring

    @Override
    public void handle(IoRegistration unused, IoEvent event) {
        try {
            handle((IoUringIoEvent) event);
        } catch (RuntimeException | Error fault) {
            if (reader == null || closed) {
                ring.report(fault);
            } else {
                reader.failed(fault);
            }
        }
    }

    private void handle(IoUringIoEvent happened) {
        switch (happened.opcode()) {
            case Ring.POLL_ADD -> {
                if (happened.userData() == Ring.TO_READ) {
                    polled(happened.res());
                } else {
                    // Room, and nothing sent yet.
                    sent(Math.min(0, happened.res()));
                }
            }
            case Ring.SOCKET -> made(happened.res());
            case Ring.CONNECT -> connected(happened.res());
            case Ring.RECV -> received(happened.res());
            case Ring.SEND, Ring.SENDMSG -> sent(happened.res());
            default -> {}
        }
    }

    private void sent(int result) {
        output.sent(result);
        if (closed) {
            release();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (waiting != Waiting.NONE) {
            ring.cancel(registration, waitOperation);
        }
        output.close();
        ring.later(this::release);
    }

    /// Lets go of the descriptor when the kernel has nothing of ours in hand.
    private void release() {
        if (released || waiting != Waiting.NONE || output.isSending()) {
            return;
        }
        released = true;
        ring.closed(this);
        registration.cancel();
        dial = null;
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException _) {
                // It is gone either way.
            }
        }
        if (reader != null) {
            reader.gone();
        }
    }

    // ---- reading

    private void poll(Waiting what, int events) {
        waiting = what;
        waitOperation =
                registration.submit(
                        Ring.operation(
                                Ring.POLL_ADD, descriptor(), 0, 0, 0, 0, events, Ring.TO_READ));
    }

    private void receive() {
        ByteBuf room = ring.allocator().ioBuffer(readSize);
        inHand = room;
        waiting = Waiting.RECEIVE;
        lively = true;
        waitOperation =
                registration.submit(
                        Ring.operation(
                                Ring.RECV,
                                descriptor(),
                                drained ? POLL_FIRST : 0,
                                0,
                                Ring.address(room),
                                room.writableBytes(),
                                0,
                                0));
    }

    /// Waits for what is wanted; at least for the end of the connection, which is told of whether anybody reads or not.
    private void await() {
        if (closed || inputOver || reading || reader == null) {
            return;
        }
        if (waiting == Waiting.NONE) {
            if (!wanted) {
                poll(Waiting.END, POLLRDHUP);
            } else if (quiet || readSize > MOST_POSTED) {
                poll(Waiting.INPUT, POLLIN | POLLRDHUP);
            } else {
                receive();
            }
        } else if (wanted && waiting == Waiting.END) {
            // Its end begins another.
            ring.cancel(registration, waitOperation);
        }
    }

    /// Looked at now and then: a connection that is quiet gives its buffer back.
    void rest() {
        if (lively) {
            lively = false;
        } else if (waiting == Waiting.RECEIVE && !quiet) {
            quiet = true;
            ring.cancel(registration, waitOperation);
        }
    }

    private void polled(int result) {
        Waiting was = waiting;
        waiting = Waiting.NONE;
        if (closed) {
            release();
        } else if (result < 0) {
            if (result == ECANCELED) {
                await();
            } else {
                lost("poll", result);
            }
        } else if (was == Waiting.INPUT) {
            quiet = false;
            drained = false;
            if (wanted) {
                receive();
            } else {
                await();
            }
        } else if (wanted) {
            await();
        } else if ((result & POLLERR) != 0) {
            // Nobody is there any more, and nobody would find out while nothing is read.
            drained = false;
            receive();
        }
    }

    private void received(int result) {
        waiting = Waiting.NONE;
        ByteBuf bytes = inHand;
        inHand = null;
        if (bytes == null) {
            throw new IllegalStateException("a receive without a buffer");
        }
        if (closed || result <= 0) {
            bytes.release();
        }
        if (closed) {
            release();
        } else if (result > 0) {
            quiet = false;
            drained = result < bytes.writableBytes();
            adapt(result, bytes.writableBytes());
            bytes.writerIndex(result);
            reading = true;
            try {
                reader().arrived(bytes);
                if (!closed) {
                    reader().arrivedAll();
                }
            } finally {
                reading = false;
            }
            await();
        } else if (result == 0) {
            inputOver = true;
            reader().inputEnded();
        } else if (result == ECANCELED || result == EINTR) {
            await();
        } else if (result == EAGAIN) {
            // A socket that does not block, on an older kernel: the next receive comes after a
            // poll.
            quiet = true;
            await();
        } else {
            lost("recv", result);
        }
    }

    /// The next read is as large as this one made likely.
    private void adapt(int got, int room) {
        if (got == room) {
            readSize = Math.min(4 * readSize, MOST_READ);
            smallBefore = false;
        } else if (got <= readSize / 2 && readSize > LEAST_READ) {
            if (smallBefore) {
                readSize /= 2;
            }
            smallBefore = !smallBefore;
        } else {
            smallBefore = false;
        }
    }

    @Override
    public void wantBytes(boolean now) {
        if (wanted != now) {
            wanted = now;
            await();
        }
    }

    // ---- writing

    @Override
    public void write(ByteBuf bytes) {
        output.write(bytes);
    }

    @Override
    public void flush() {
        output.flush();
    }

    @Override
    public boolean isWritable() {
        return !output.isFull() && !closed;
    }

    @Override
    public long pendingBytes() {
        return output.pending();
    }

    @Override
    public void whenWritten(Written then) {
        output.whenWritten(then);
    }

    @Override
    public void full(boolean now) {
        if (reader != null) {
            reader.writable(!now);
        }
    }

    @Override
    public void broken(int error) {
        reader().failed(new IOException("send: " + reason(error)));
    }

    // ---- connecting and ends

    private void lost(String call, int result) {
        inputOver = true;
        reader().failed(new IOException(call + ": " + reason(result)));
        if (!closed) {
            reader().inputEnded();
        }
    }

    private static String reason(int result) {
        return switch (result) {
            case ECONNRESET -> "connection reset";
            case ECONNREFUSED -> "connection refused";
            default -> "error " + -result;
        };
    }

    /// There is a socket for the connection, or there is none.
    private void made(int result) {
        waiting = Waiting.NONE;
        if (result >= 0) {
            socket = new Socket(result);
        }
        Dial dialled = dial;
        if (closed || dialled == null) {
            release();
        } else if (result < 0) {
            tellConnected(new ChannelException("no socket: " + reason(result)));
        } else {
            try {
                socket().setTcpNoDelay(true);
            } catch (IOException _) {
                // Only slower.
            }
            ByteBuf said = Ring.encode(ring.allocator(), dialled.address());
            inHand = said;
            waiting = Waiting.CONNECT;
            waitOperation =
                    registration.submit(
                            Ring.operation(
                                    Ring.CONNECT,
                                    descriptor(),
                                    0,
                                    said.readableBytes(),
                                    Ring.address(said),
                                    0,
                                    0,
                                    0));
        }
    }

    private void connected(int result) {
        waiting = Waiting.NONE;
        if (inHand != null) {
            inHand.release();
            inHand = null;
        }
        if (closed) {
            release();
        } else {
            tellConnected(result < 0 ? new ConnectException(reason(result)) : null);
        }
    }

    private void tellConnected(@Nullable Throwable failure) {
        Dial dialled = dial;
        dial = null;
        if (dialled != null) {
            if (failure == null) {
                tell(dialled.reader());
            }
            dialled.outcome().accept(failure);
        }
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void endAfterWrites() {
        whenWritten(_ -> {
            if (!closed) {
                try {
                    socket().shutdown(false, true);
                } catch (IOException | NotYetConnectedException _) {
                    // Whether it succeeds does not matter to anybody.
                }
            }
        });
    }

    @Override
    public void closeAfterWrites(boolean reset) {
        whenWritten(_ -> {
            if (reset && !closed) {
                try {
                    socket().setSoLinger(0);
                } catch (IOException _) {
                    // It is gone already.
                }
            }
            close();
        });
    }

    @Override
    public @Nullable ClientAddress client() {
        return client;
    }

    @Override
    public int descriptor() {
        return socket().intValue();
    }

    @Override
    public void probe() {
        try {
            socket().setKeepAlive(true);
            socket().setIntOpt(SOL_TCP, TCP_KEEPIDLE, 1);
            socket().setIntOpt(SOL_TCP, TCP_KEEPINTVL, 1);
            socket().setIntOpt(SOL_TCP, TCP_KEEPCNT, 2);
        } catch (IOException gone) {
            throw new ChannelException(gone);
        }
    }

    @Override
    public boolean isDead() {
        try {
            return (socket().getIntOpt(SOL_TCP, TCP_INFO) & 0xff) == TCP_CLOSE;
        } catch (IOException gone) {
            return true;
        }
    }

    private Socket socket() {
        if (socket == null) {
            throw new IllegalStateException("the wire has no socket yet");
        }
        return socket;
    }

    private Reader reader() {
        if (reader == null) {
            throw new IllegalStateException("nobody reads this wire yet");
        }
        return reader;
    }
}
