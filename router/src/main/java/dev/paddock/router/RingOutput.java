package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoRegistration;
import io.netty.channel.WriteBufferWaterMark;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a [RingWire] has to send: buffers in their order, one send in the ring at a time, several buffers with one call.
/// Owned by its event loop.
final class RingOutput {
    private static final int POLLOUT = 0x4;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int EAGAIN = -11;

    /// Buffers of one call.
    private static final int MOST_PARTS = 16;

    private static final int MESSAGE_BYTES = 56;
    private static final int PART_BYTES = 16;

    private final Ring ring;
    private final IoRegistration registration;
    private final WriteBufferWaterMark marks;
    private final Owner owner;
    private final ArrayDeque<ByteBuf> written = new ArrayDeque<>(4);
    private List<Runnable> whenWritten = List.of();

    /// Buffers of `written` that may be sent.
    private int flushed;

    /// Those of them that the ring has in hand.
    private int sending;

    private long operation;
    private long pending;

    /// The `struct msghdr` of the send under way.
    private @Nullable ByteBuf message;

    private boolean full;
    private boolean broken;
    private boolean closed;

    /// The wire's side of it.
    interface Owner {
        int descriptor();

        /// [#isFull()] changed.
        void full(boolean now);

        /// Nothing can be sent any more; called once.
        void broken(int error);
    }

    RingOutput(Ring ring, IoRegistration registration, WriteBufferWaterMark marks, Owner owner) {
        this.ring = ring;
        this.registration = registration;
        this.marks = marks;
        this.owner = owner;
    }

    /// Takes the buffer over.
    void write(ByteBuf bytes) {
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
        if (!full && pending > marks.high()) {
            full = true;
            owner.full(true);
        }
    }

    void flush() {
        flushed = written.size();
        if (sending == 0 && flushed > 0) {
            send();
        }
    }

    boolean isFull() {
        return full;
    }

    /// Bytes that are not in the socket yet.
    long pending() {
        return pending;
    }

    /// Whether the kernel reads buffers of ours.
    boolean isSending() {
        return sending > 0;
    }

    /// Flushes, and calls back in a later turn of the loop when all is in the socket, or nothing can be sent any more.
    void whenWritten(Wire.Written then) {
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

    /// Drops what is not sent. A send under way is ended first, which [#sent] tells.
    void close() {
        closed = true;
        if (sending > 0) {
            ring.cancel(registration, operation);
        } else {
            drop();
        }
    }

    private void send() {
        sending = Math.min(flushed, MOST_PARTS);
        ByteBuf first = written.getFirst();
        operation =
                sending == 1
                        ? submit(Ring.SEND, Ring.address(first), first.readableBytes())
                        : submit(Ring.SENDMSG, describe(), 1);
    }

    private long submit(byte code, long address, int length) {
        return registration.submit(
                Ring.operation(code, owner.descriptor(), 0, 0, address, length, MSG_NOSIGNAL, 0));
    }

    /// A `struct msghdr` of what is being sent.
    private long describe() {
        ByteBuf said = ring.allocator().ioBuffer(MESSAGE_BYTES + MOST_PARTS * PART_BYTES);
        message = said;
        long parts = Ring.address(said) + MESSAGE_BYTES;
        said.writeLongLE(0).writeLongLE(0).writeLongLE(parts).writeLongLE(sending);
        said.writeLongLE(0).writeLongLE(0).writeLongLE(0);
        int left = sending;
        for (ByteBuf bytes : written) {
            if (left-- == 0) {
                break;
            }
            said.writeLongLE(Ring.address(bytes)).writeLongLE(bytes.readableBytes());
        }
        return Ring.address(said);
    }

    /// The send under way has ended.
    ///
    /// @param result bytes that the socket took, or the negative number of an error
    void sent(int result) {
        if (message != null) {
            message.release();
            message = null;
        }
        if (!closed && result == EAGAIN) {
            // Not before there is room; until then this send counts as under way.
            operation =
                    registration.submit(
                            Ring.operation(
                                    Ring.POLL_ADD,
                                    owner.descriptor(),
                                    0,
                                    0,
                                    0,
                                    0,
                                    POLLOUT,
                                    Ring.TO_WRITE));
            return;
        }
        sending = 0;
        if (closed) {
            drop();
            return;
        }
        if (result < 0) {
            broken = true;
            drop();
            owner.broken(result);
            return;
        }
        take(result);
        if (closed || sending > 0) {
            // Whoever was told that there is room has closed it, or sent already.
            return;
        }
        if (flushed > 0) {
            send();
        } else if (written.isEmpty()) {
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
        if (full && pending < marks.low()) {
            full = false;
            if (!closed) {
                owner.full(false);
            }
        }
    }

    private void drop() {
        written.forEach(ByteBuf::release);
        written.clear();
        flushed = 0;
        pending = 0;
        roomAgain();
        tellWritten();
    }

    private void tellWritten() {
        List<Runnable> told = whenWritten;
        if (!told.isEmpty()) {
            whenWritten = List.of();
            told.forEach(ring::later);
        }
    }
}
