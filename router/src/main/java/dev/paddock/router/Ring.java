package dev.paddock.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoOps;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The io_uring of one event loop, as [RingWire]s and [RingListener]s use it beside Netty's own channels.
final class Ring {
    static final byte POLL_ADD = 6;
    static final byte SENDMSG = 9;
    static final byte ACCEPT = 13;
    static final byte ASYNC_CANCEL = 14;
    static final byte CONNECT = 16;
    static final byte SEND = 26;
    static final byte RECV = 27;
    static final byte SOCKET = 45;

    /// What a poll is for, as its data.
    static final int TO_READ = 0;

    static final int TO_WRITE = 1;

    private static final int AF_INET6 = 10;
    private static final int AF_INET = 2;
    private static final int ADDRESS_BYTES = 28;

    /// A connection that has been quiet for one to two of these holds no buffer.
    private static final int LOOK_MILLIS = 1000;

    private final EventLoop owner;
    private final IoEventLoop loop;
    private final ByteBufAllocator allocator;
    private final Set<RingWire> wires = new LinkedHashSet<>();
    private final Deadlines.Deadline look;

    private Ring(EventLoop owner, IoEventLoop loop) {
        this.owner = owner;
        this.loop = loop;
        allocator = owner.allocator();
        look = owner.deadlines().create(this::look);
    }

    /// Whether this machine's kernel has all that is used here: since 5.19.
    static boolean isSupported() {
        return IoUring.isAvailable() && IoUring.isAcceptMultishotEnabled();
    }

    /// Null for a loop without a ring.
    ///
    /// @param owner whose allocator and deadlines are there already
    static @Nullable Ring of(EventLoop owner, io.netty.channel.EventLoop netty) {
        return isSupported()
                        && netty instanceof IoEventLoop io
                        && io.isCompatible(IoUringIoHandle.class)
                ? new Ring(owner, io)
                : null;
    }

    void report(Throwable fault) {
        owner.report("ring", fault);
    }

    ByteBufAllocator allocator() {
        return allocator;
    }

    /// Called by the loop.
    IoRegistration register(IoHandle handle) {
        return loop.register(handle).syncUninterruptibly().getNow();
    }

    void later(Runnable task) {
        loop.execute(task);
    }

    void opened(RingWire wire) {
        if (wires.isEmpty()) {
            look.set(LOOK_MILLIS);
        }
        wires.add(wire);
    }

    void closed(RingWire wire) {
        wires.remove(wire);
    }

    private void look() {
        wires.forEach(RingWire::rest);
        if (!wires.isEmpty()) {
            look.set(LOOK_MILLIS);
        }
    }

    void cutAll() {
        new ArrayList<>(wires).forEach(RingWire::close);
    }

    /// Ends an operation; its outcome is told as ever.
    void cancel(IoRegistration of, long operation) {
        of.submit(operation(ASYNC_CANCEL, -1, 0, 0, operation, 0, 0, 0));
    }

    /// Where the kernel finds what is readable, or the room of a buffer that nothing was written to.
    static long address(ByteBuf bytes) {
        return bytes.hasMemoryAddress()
                ? bytes.memoryAddress() + bytes.readerIndex()
                : MemorySegment.ofBuffer(
                                bytes.internalNioBuffer(
                                        bytes.readerIndex(),
                                        bytes.capacity() - bytes.readerIndex()))
                        .address();
    }

    static int family(InetSocketAddress address) {
        return address.getAddress() instanceof Inet6Address ? AF_INET6 : AF_INET;
    }

    /// A `struct sockaddr_in` or `sockaddr_in6`.
    static ByteBuf encode(ByteBufAllocator allocator, InetSocketAddress address) {
        ByteBuf out = allocator.ioBuffer(ADDRESS_BYTES);
        byte[] bytes = address.getAddress().getAddress();
        out.writeShortLE(family(address)).writeShort(address.getPort());
        if (address.getAddress() instanceof Inet6Address six) {
            out.writeInt(0).writeBytes(bytes).writeIntLE(six.getScopeId());
        } else {
            out.writeBytes(bytes).writeLong(0);
        }
        return out;
    }

    /// An operation of the ring.
    ///
    /// @param priority flags that depend on the operation
    /// @param offset means something else in each operation
    /// @param flags of the call
    /// @param data comes back with the outcome
    static IoUringIoOps operation(
            byte code,
            int descriptor,
            int priority,
            long offset,
            long address,
            int length,
            int flags,
            int data) {
        return new IoUringIoOps(
                code,
                (byte) 0,
                (short) priority,
                descriptor,
                offset,
                address,
                length,
                flags,
                (long) data,
                (short) 0,
                (short) 0,
                0,
                0L);
    }
}
