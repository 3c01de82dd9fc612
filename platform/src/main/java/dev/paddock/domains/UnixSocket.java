package dev.paddock.domains;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/// A Unix stream socket made by system calls of our own: the JDK tells the user at the other end, but not the
/// process. Reading and writing block the thread, so they belong on platform threads. Safe for one reader and one
/// writer at a time; [#shutdown()] may come from any thread.
final class UnixSocket implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SHUT_RDWR = 2;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int EINTR = 4;
    private static final int ECONNABORTED = 103;
    private static final int BACKLOG = 16;

    /// sun_path of sockaddr_un, with its final zero.
    private static final int MAX_PATH_BYTES = 108;

    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int CREDENTIALS_BYTES = 12;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO =
            STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET = call("socket", INT, INT, INT, INT);
    private static final MethodHandle BIND = call("bind", INT, INT, POINTER, INT);
    private static final MethodHandle LISTEN = call("listen", INT, INT, INT);
    private static final MethodHandle ACCEPT = call("accept4", INT, INT, POINTER, POINTER, INT);
    private static final MethodHandle GET_OPTION =
            call("getsockopt", INT, INT, INT, INT, POINTER, POINTER);
    private static final MethodHandle RECEIVE = call("recv", LONG, INT, POINTER, LONG, INT);
    private static final MethodHandle SEND = call("send", LONG, INT, POINTER, LONG, INT);
    private static final MethodHandle SHUTDOWN = call("shutdown", INT, INT, INT);
    private static final MethodHandle CLOSE = call("close", INT, INT);

    private final int descriptor;
    private final Object lock = new Object();
    private boolean closed;

    private UnixSocket(int descriptor) {
        this.descriptor = descriptor;
    }

    // Calling libc is what this class is for.
    @SuppressWarnings("restricted")
    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"));
    }

    /// Binds to a path where nothing is; nobody can connect before [#listen()].
    static UnixSocket bind(Path path) throws IOException {
        byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
        if (name.length >= MAX_PATH_BYTES) {
            throw new IOException("The socket path " + path + " is longer than 107 bytes.");
        }
        UnixSocket socket = new UnixSocket(socketOf(SOCK_STREAM_CLOEXEC));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(2 + MAX_PATH_BYTES, 2);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
            MemorySegment state = arena.allocate(STATE);
            int result =
                    (int)
                            BIND.invokeExact(
                                    state, socket.descriptor, address, (int) address.byteSize());
            if (result < 0) {
                socket.close();
                throw failure("bind " + path, state);
            }
            return socket;
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    private static int socketOf(int type) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int descriptor = (int) SOCKET.invokeExact(state, AF_UNIX, type, 0);
            if (descriptor < 0) {
                throw failure("make a socket", state);
            }
            return descriptor;
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    void listen() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            if ((int) LISTEN.invokeExact(state, descriptor, BACKLOG) < 0) {
                throw failure("listen", state);
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// Waits for the next connection; fails once [#shutdown()] was called.
    UnixSocket accept() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            while (true) {
                int accepted =
                        (int)
                                ACCEPT.invokeExact(
                                        state,
                                        descriptor,
                                        MemorySegment.NULL,
                                        MemorySegment.NULL,
                                        SOCK_CLOEXEC);
                if (accepted >= 0) {
                    return new UnixSocket(accepted);
                }
                int errno = state.get(INT, ERRNO);
                if (errno != EINTR && errno != ECONNABORTED) {
                    throw failure("accept a connection", state);
                }
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// The process that connected, as it was at that moment.
    Peer peer() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            MemorySegment credentials = arena.allocate(CREDENTIALS_BYTES, INT.byteAlignment());
            MemorySegment length = arena.allocateFrom(INT, CREDENTIALS_BYTES);
            int result =
                    (int)
                            GET_OPTION.invokeExact(
                                    state,
                                    descriptor,
                                    SOL_SOCKET,
                                    SO_PEERCRED,
                                    credentials,
                                    length);
            if (result < 0) {
                throw failure("ask for the peer", state);
            }
            return new Peer(credentials.getAtIndex(INT, 0), credentials.getAtIndex(INT, 1));
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    InputStream input() {
        return new InputStream() {
            private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES);

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                Objects.checkFromIndexSize(offset, length, into.length);
                if (length == 0) {
                    return 0;
                }
                int count = transfer(RECEIVE, buffer, Math.min(length, BUFFER_BYTES), 0);
                MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, into, offset, count);
                return count == 0 ? -1 : count;
            }
        };
    }

    OutputStream output() {
        return new OutputStream() {
            private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES);

            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                Objects.checkFromIndexSize(offset, length, from.length);
                int done = 0;
                while (done < length) {
                    int step = Math.min(length - done, BUFFER_BYTES);
                    MemorySegment.copy(from, offset + done, buffer, ValueLayout.JAVA_BYTE, 0, step);
                    done += transfer(SEND, buffer, step, MSG_NOSIGNAL);
                }
            }
        };
    }

    private int transfer(MethodHandle call, MemorySegment buffer, int length, int flags)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            while (true) {
                long count =
                        (long) call.invokeExact(state, descriptor, buffer, (long) length, flags);
                if (count >= 0) {
                    return (int) count;
                }
                if (state.get(INT, ERRNO) != EINTR) {
                    throw failure("use the connection", state);
                }
            }
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /// Ends every wait in this socket's other methods; its threads then close it.
    void shutdown() {
        synchronized (lock) {
            if (!closed) {
                ignoringResult(SHUTDOWN, true);
            }
        }
    }

    /// Called when no thread is inside any other method, for the descriptor's number is used again.
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                ignoringResult(CLOSE, false);
            }
        }
    }

    private void ignoringResult(MethodHandle call, boolean shutdown) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            // The only error is that the other end is gone already.
            int _ =
                    shutdown
                            ? (int) call.invokeExact(state, descriptor, SHUT_RDWR)
                            : (int) call.invokeExact(state, descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static IOException failure(String tried, MemorySegment state) {
        return new IOException("Could not " + tried + ": errno " + state.get(INT, ERRNO));
    }

    /// Method handles declare Throwable; none of ours throws anything that is checked but IOException.
    private static IOException rethrown(Throwable e) {
        return switch (e) {
            case IOException io -> io;
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            default -> new IOException(e);
        };
    }

    /// The other end.
    record Peer(int pid, int uid) {}
}
