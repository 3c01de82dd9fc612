package dev.paddock.router;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The system calls that move bytes between sockets without a copy: `pipe2`, `splice`, `close`. For one event loop.
final class Splices {
    /// A result of [#move]: nothing can be moved now.
    static final long AGAIN = -1;

    /// A result of [#move]: one of the two is broken.
    static final long BROKEN = -2;

    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;

    /// SPLICE_F_MOVE | SPLICE_F_NONBLOCK
    private static final int FLAGS = 3;

    private static final int F_SETPIPE_SZ = 1031;

    private static final int PIPE_BYTES = 256 * 1024;

    private static final int EINTR = 4;
    private static final int EAGAIN = 11;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            STATE.varHandle(StructLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SPLICE =
            call(
                    "splice",
                    FunctionDescriptor.of(
                            LONG, INT, ValueLayout.ADDRESS, INT, ValueLayout.ADDRESS, LONG, INT),
                    Linker.Option.captureCallState("errno"));
    private static final MethodHandle PIPE =
            call("pipe2", FunctionDescriptor.of(INT, ValueLayout.ADDRESS, INT));
    private static final MethodHandle CONTROL =
            call(
                    "fcntl",
                    FunctionDescriptor.of(INT, INT, INT, INT),
                    Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(INT, INT));

    private final MemorySegment state = Arena.ofAuto().allocate(STATE);
    private final MemorySegment pair = Arena.ofAuto().allocate(INT, 2);

    /// Both ends of a pipe.
    record Pipe(int in, int out) {
        void close() {
            Splices.close(in);
            Splices.close(out);
        }
    }

    // Calling libc is what this class is for.
    @SuppressWarnings("restricted")
    private static MethodHandle call(
            String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    /// Null when there are no more descriptors.
    @Nullable Pipe open() {
        try {
            if ((int) PIPE.invokeExact(pair, O_NONBLOCK | O_CLOEXEC) != 0) {
                return null;
            }
            Pipe pipe = new Pipe(pair.getAtIndex(INT, 1), pair.getAtIndex(INT, 0));
            // Refused when this user has too many; then it stays at 64 KB.
            int _ = (int) CONTROL.invokeExact(pipe.in(), F_SETPIPE_SZ, PIPE_BYTES);
            return pipe;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// Moves up to so many bytes; how many, 0 when the source has ended, or one of the results above.
    long move(int from, int to, long most) {
        while (true) {
            long moved;
            try {
                moved =
                        (long)
                                SPLICE.invokeExact(
                                        state,
                                        from,
                                        MemorySegment.NULL,
                                        to,
                                        MemorySegment.NULL,
                                        most,
                                        FLAGS);
            } catch (Throwable impossible) {
                throw new IllegalStateException(impossible);
            }
            if (moved >= 0) {
                return moved;
            }
            int errno = (int) ERRNO.get(state, 0L);
            if (errno != EINTR) {
                return errno == EAGAIN ? AGAIN : BROKEN;
            }
        }
    }

    private static void close(int descriptor) {
        try {
            int _ = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
