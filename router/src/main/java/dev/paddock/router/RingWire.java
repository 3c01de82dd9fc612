package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.channels.NotYetConnectedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A plain connection on the ring of its event loop, without a channel between (ADR 22): one operation receives, one
/// sends, and those of many connections go to the kernel with one call.
///
/// A connection that is quiet for some seconds holds no buffer.
final class RingWire implements Wire, IoUringIoHandle {
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int ADDRESS_BYTES = 28;

    private static final int POLLIN = 0x1;
    private static final int POLLOUT = 0x4;
    private static final int POLLERR = 0x8;
    private static final int POLLRDHUP = 0x2000;
    private static final int MSG_NOSIGNAL = 0x4000;

    /// IORING_RECVSEND_POLL_FIRST: nothing is there, so do not look before something arrives.
    private static final int POLL_FIRST = 1;

    private static final int EINTR = -4;
    private static final int EAGAIN = -11;
    private static final int ECONNRESET = -104;
    private static final int ECONNREFUSED = -111;
    private static final int ECANCELED = -125;

    /// What a poll is for.
    private static final int TO_READ = 0;

    private static final int TO_WRITE = 1;

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

    /// Buffers of one call.
    private static final int MOST_PARTS = 16;

    private static final int MESSAGE_BYTES = 56;
    private static final int PART_BYTES = 16;

    private final Ring ring;
    private @Nullable Socket socket;
    private final IoRegistration registration;
    private final int lowMark;
    private final int highMark;
    private final @Nullable ClientAddress client;
    private final ArrayDeque<ByteBuf> written = new ArrayDeque<>(4);
    private @Nullable Reader reader;
    private @Nullable Consumer<@Nullable Throwable> connecting;
    private @Nullable InetSocketAddress address;
    private List<Runnable> whenWritten = List.of();

    private int readSize = FIRST_READ;
    private boolean smallBefore;
    private boolean wanted;
    private boolean reading;
    private boolean inputOver;
    private Waiting waiting = Waiting.NONE;
    private long waitOperation;

    /// Where the receive under way writes.
    private @Nullable ByteBuf incoming;

    /// The socket held no more than was read last.
    private boolean drained;

    /// Something was received since the last look.
    private boolean lively;

    /// Nothing arrived for so long that no buffer is held for it.
    private boolean quiet;

    /// Buffers of `written` that may be sent, and those that are being sent.
    private int flushed;

    private int sending;
    private long sendOperation;
    private long pending;
    private @Nullable ByteBuf message;
    private boolean full;
    private boolean broken;
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
            int lowMark,
            int highMark) {
        this.ring = ring;
        this.socket = socket;
        this.client = client;
        this.lowMark = lowMark;
        this.highMark = highMark;
        registration = ring.register(this);
        ring.opened(this);
    }

    /// The wire of a socket that was accepted. It reads when it has a reader.
    static RingWire accepted(
            Ring ring, Socket socket, @Nullable ClientAddress client, int lowMark, int highMark) {
        return new RingWire(ring, socket, client, lowMark, highMark);
    }

    /// Begins to connect; the outcome is told in a later turn: null for success, a [ChannelException] when this process
    /// has no socket for it.
    static RingWire connect(
            Ring ring,
            InetSocketAddress address,
            int lowMark,
            int highMark,
            Consumer<@Nullable Throwable> outcome) {
        RingWire wire = new RingWire(ring, null, null, lowMark, highMark);
        wire.connecting = outcome;
        wire.address = address;
        wire.waiting = Waiting.CONNECT;
        wire.waitOperation =
                wire.registration.submit(
                        Ring.operation(
                                Ring.SOCKET,
                                address.getAddress() instanceof Inet4Address ? AF_INET : AF_INET6,
                                0,
                                SOCK_STREAM | SOCK_CLOEXEC,
                                0,
                                0,
                                0,
                                0));
        return wire;
    }

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
                if (happened.userData() == TO_READ) {
                    polled(happened.res());
                } else {
                    sent(happened.res() < 0 ? happened.res() : 0);
                }
            }
            case Ring.SOCKET -> made(happened.res());
            case Ring.CONNECT -> connected(happened.res());
            case Ring.RECV -> received(happened.res());
            case Ring.SEND, Ring.SENDMSG -> sent(happened.res());
            default -> {}
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (waiting != Waiting.NONE) {
            cancel(waitOperation);
        }
        if (sending > 0) {
            cancel(sendOperation);
        } else {
            dropWritten();
        }
        ring.later(this::release);
    }

    private void cancel(long operation) {
        registration.submit(Ring.operation(Ring.ASYNC_CANCEL, -1, 0, 0, operation, 0, 0, 0));
    }

    /// Lets go of the descriptor when the kernel has nothing of ours in hand.
    private void release() {
        if (released || waiting != Waiting.NONE || sending > 0) {
            return;
        }
        released = true;
        ring.closed(this);
        registration.cancel();
        connecting = null;
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
                        Ring.operation(Ring.POLL_ADD, descriptor(), 0, 0, 0, 0, events, TO_READ));
    }

    private void receive() {
        ByteBuf room = ring.allocator().ioBuffer(readSize);
        incoming = room;
        waiting = Waiting.RECEIVE;
        lively = true;
        waitOperation =
                registration.submit(
                        Ring.operation(
                                Ring.RECV,
                                descriptor(),
                                drained ? POLL_FIRST : 0,
                                0,
                                address(room),
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
            cancel(waitOperation);
        }
    }

    /// Looked at now and then: a connection that is quiet gives its buffer back.
    void rest() {
        if (lively) {
            lively = false;
        } else if (waiting == Waiting.RECEIVE && !quiet) {
            quiet = true;
            cancel(waitOperation);
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
        ByteBuf bytes = incoming;
        incoming = null;
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
        } else if (result == ECANCELED || result == EAGAIN || result == EINTR) {
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
            if (connecting == null) {
                await();
            }
        }
    }

    // ---- writing

    @Override
    public void write(ByteBuf bytes) {
        if (closed || broken || !bytes.isReadable()) {
            bytes.release();
            return;
        }
        ByteBuf direct = bytes;
        if (!bytes.isDirect() || bytes.nioBufferCount() != 1) {
            direct = ring.allocator().ioBuffer(bytes.readableBytes());
            direct.writeBytes(bytes);
            bytes.release();
        }
        written.addLast(direct);
        pending += direct.readableBytes();
        if (!full && pending > highMark) {
            full = true;
            if (reader != null) {
                reader.writable(false);
            }
        }
    }

    @Override
    public void flush() {
        flushed = written.size();
        if (sending == 0 && flushed > 0 && connecting == null) {
            send();
        }
    }

    private void send() {
        sending = Math.min(flushed, MOST_PARTS);
        ByteBuf first = written.getFirst();
        if (sending == 1) {
            sendOperation =
                    registration.submit(
                            Ring.operation(
                                    Ring.SEND,
                                    descriptor(),
                                    0,
                                    0,
                                    address(first),
                                    first.readableBytes(),
                                    MSG_NOSIGNAL,
                                    0));
        } else {
            sendOperation =
                    registration.submit(
                            Ring.operation(
                                    Ring.SENDMSG,
                                    descriptor(),
                                    0,
                                    0,
                                    describe(),
                                    1,
                                    MSG_NOSIGNAL,
                                    0));
        }
    }

    /// A `struct msghdr` of what is being sent.
    private long describe() {
        ByteBuf said = ring.allocator().ioBuffer(MESSAGE_BYTES + MOST_PARTS * PART_BYTES);
        message = said;
        long parts = address(said) + MESSAGE_BYTES;
        said.writeLongLE(0).writeLongLE(0).writeLongLE(parts).writeLongLE(sending);
        said.writeLongLE(0).writeLongLE(0).writeLongLE(0);
        int left = sending;
        for (ByteBuf bytes : written) {
            if (left-- == 0) {
                break;
            }
            said.writeLongLE(address(bytes)).writeLongLE(bytes.readableBytes());
        }
        return address(said);
    }

    private static long address(ByteBuf bytes) {
        return bytes.hasMemoryAddress()
                ? bytes.memoryAddress() + bytes.readerIndex()
                : MemorySegment.ofBuffer(
                                bytes.internalNioBuffer(
                                        bytes.readerIndex(),
                                        bytes.capacity() - bytes.readerIndex()))
                        .address();
    }

    private void sent(int result) {
        dropMessage();
        sending = 0;
        if (closed) {
            dropWritten();
            release();
            return;
        }
        if (result == EAGAIN) {
            sending = 1;
            sendOperation =
                    registration.submit(
                            Ring.operation(
                                    Ring.POLL_ADD, descriptor(), 0, 0, 0, 0, POLLOUT, TO_WRITE));
            return;
        }
        if (result < 0) {
            broken = true;
            dropWritten();
            reader().failed(new IOException("send: " + reason(result)));
        } else {
            take(result);
        }
        if (closed) {
            return;
        }
        if (sending > 0) {
            // Whoever was told that there is room has sent already.
            return;
        }
        if (flushed > 0) {
            send();
        } else if (!whenWritten.isEmpty() && written.isEmpty()) {
            tellWritten();
        }
    }

    private void take(int bytes) {
        int left = bytes;
        pending -= bytes;
        while (left > 0) {
            ByteBuf first = written.getFirst();
            int of = first.readableBytes();
            if (of > left) {
                first.skipBytes(left);
                break;
            }
            left -= of;
            written.removeFirst();
            flushed--;
            first.release();
        }
        roomAgain();
    }

    private void roomAgain() {
        if (full && pending < lowMark) {
            full = false;
            if (reader != null && !closed) {
                reader.writable(true);
            }
        }
    }

    private void dropWritten() {
        written.forEach(ByteBuf::release);
        written.clear();
        flushed = 0;
        pending = 0;
        roomAgain();
        tellWritten();
    }

    private void tellWritten() {
        List<Runnable> told = whenWritten;
        whenWritten = List.of();
        told.forEach(ring::later);
    }

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

    @Override
    public boolean isWritable() {
        return !full && !closed;
    }

    @Override
    public long pendingBytes() {
        return pending;
    }

    // ---- connecting and ends

    /// There is a socket for the connection, or there is none.
    private void made(int result) {
        waiting = Waiting.NONE;
        if (result >= 0) {
            socket = new Socket(result);
        }
        InetSocketAddress to = address;
        if (closed || to == null) {
            release();
        } else if (result < 0) {
            tellConnected(new ChannelException("no socket: " + reason(result)));
        } else {
            try {
                socket().setTcpNoDelay(true);
            } catch (IOException _) {
                // Only slower.
            }
            ByteBuf said = ring.allocator().ioBuffer(ADDRESS_BYTES);
            message = said;
            Ring.writeAddress(said, to);
            waiting = Waiting.CONNECT;
            waitOperation =
                    registration.submit(
                            Ring.operation(
                                    Ring.CONNECT,
                                    descriptor(),
                                    0,
                                    said.readableBytes(),
                                    address(said),
                                    0,
                                    0,
                                    0));
        }
    }

    private void connected(int result) {
        waiting = Waiting.NONE;
        dropMessage();
        if (closed) {
            release();
        } else if (result < 0) {
            tellConnected(new ConnectException(reason(result)));
        } else {
            tellConnected(null);
        }
    }

    private void tellConnected(@Nullable Throwable failure) {
        Consumer<@Nullable Throwable> told = connecting;
        connecting = null;
        if (told != null) {
            told.accept(failure);
        }
    }

    private void dropMessage() {
        if (message != null) {
            message.release();
            message = null;
        }
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public void whenWritten(Written then) {
        flush();
        Runnable told = () -> then.done(!broken && !closed);
        if (written.isEmpty()) {
            ring.later(told);
        } else {
            if (whenWritten.isEmpty()) {
                whenWritten = new ArrayList<>(1);
            }
            whenWritten.add(told);
        }
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
