package dev.paddock.engine.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// A SOCK_SEQPACKET Unix socket, which the JDK does not have. One thread reads, one writes, any may close.
final class AttachSocket implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SEQPACKET_CLOEXEC = 5 | 0x80000;
    private static final int WITHOUT_SIGNAL = 0x4000;
    private static final int WITHOUT_WAIT = 0x40;
    private static final int SHUT_WRITE = 1;
    private static final int SHUT_BOTH = 2;
    private static final int EINTR = 4;
    private static final int EAGAIN = 11;
    private static final int PATH_BYTES = 108;

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SOCKET = handle("socket", "iii");
    private static final MethodHandle CONNECT = handle("connect", "ipi");
    private static final MethodHandle RECEIVE = handle("recv", "ipli");
    private static final MethodHandle SEND = handle("send", "ipli");
    private static final MethodHandle SHUTDOWN = handle("shutdown", "ii");
    private static final MethodHandle CLOSE = handle("close", "i");

    private final int descriptor;
    private final Object lock = new Object();
    private boolean closed;

    private AttachSocket(int descriptor) {
        this.descriptor = descriptor;
    }

    static AttachSocket connect(Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length >= PATH_BYTES) {
            throw new IOException(path + " is too long for a Unix socket");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            int descriptor = (int) call(SOCKET, state, AF_UNIX, SEQPACKET_CLOEXEC, 0);
            if (descriptor < 0) {
                throw new IOException("no Unix socket: error " + errno(state));
            }
            MemorySegment address = arena.allocate(2L + PATH_BYTES);
            address.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
            long result = call(CONNECT, state, descriptor, address, (int) address.byteSize());
            AttachSocket socket = new AttachSocket(descriptor);
            if (result < 0) {
                int error = errno(state);
                socket.close();
                throw new IOException("cannot connect to " + path + ": error " + error);
            }
            return socket;
        }
    }

    /// The next packet; waits for it, holding on to the calling thread. -1 at the end.
    int receive(MemorySegment state, MemorySegment buffer) throws IOException {
        while (true) {
            long count = call(RECEIVE, state, descriptor, buffer, buffer.byteSize(), 0);
            if (count > 0) {
                return (int) count;
            }
            if (count == 0) {
                return -1;
            }
            int error = errno(state);
            if (error != EINTR) {
                throw new IOException("reading from a dyno failed: error " + error);
            }
        }
    }

    static MemorySegment callState(Arena arena) {
        return arena.allocate(CALL_STATE);
    }

    /// Sends one packet if there is room for it now.
    boolean offer(byte[] bytes, int offset, int length) throws IOException {
        synchronized (lock) {
            if (closed) {
                throw new IOException("the attachment is closed");
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment state = arena.allocate(CALL_STATE);
                MemorySegment buffer = arena.allocate(length);
                MemorySegment.copy(bytes, offset, buffer, ValueLayout.JAVA_BYTE, 0, length);
                long count =
                        call(
                                SEND,
                                state,
                                descriptor,
                                buffer,
                                (long) length,
                                WITHOUT_SIGNAL | WITHOUT_WAIT);
                if (count >= 0) {
                    return true;
                }
                int error = errno(state);
                if (error == EAGAIN || error == EINTR) {
                    return false;
                }
                throw new IOException("writing to a dyno failed: error " + error);
            }
        }
    }

    /// Tells the other side that nothing more will be sent.
    void endOutput() {
        shutdown(SHUT_WRITE);
    }

    /// Wakes up the reader with the end of the stream.
    void interrupt() {
        shutdown(SHUT_BOTH);
    }

    private void shutdown(int how) {
        synchronized (lock) {
            if (!closed) {
                try (Arena arena = Arena.ofConfined()) {
                    call(SHUTDOWN, arena.allocate(CALL_STATE), descriptor, how);
                }
            }
        }
    }

    /// Only when no thread is in [#receive]: the descriptor's number may be reused at once.
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                try (Arena arena = Arena.ofConfined()) {
                    call(CLOSE, arena.allocate(CALL_STATE), descriptor);
                }
            }
        }
    }

    private static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    private static long call(MethodHandle function, MemorySegment state, Object... arguments) {
        try {
            Object[] all = new Object[arguments.length + 1];
            all[0] = state;
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            return ((Number) function.invokeWithArguments(all)).longValue();
        } catch (Throwable e) {
            throw new IllegalStateException("a socket call failed", e);
        }
    }

    /// A function of the C library: i = int, l = size, p = pointer; sizes come back as long, the rest as int.
    @SuppressWarnings("restricted") // Native access is granted in the manifest.
    private static MethodHandle handle(String name, String parameters) {
        MemoryLayout[] layouts =
                parameters
                        .chars()
                        .mapToObj(kind ->
                                switch (kind) {
                                    case 'l' -> ValueLayout.JAVA_LONG;
                                    case 'p' -> ValueLayout.ADDRESS;
                                    default -> ValueLayout.JAVA_INT;
                                })
                        .toArray(MemoryLayout[]::new);
        boolean counts = parameters.contains("l");
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(
                        counts ? ValueLayout.JAVA_LONG : ValueLayout.JAVA_INT, layouts),
                Linker.Option.captureCallState("errno"));
    }
}
