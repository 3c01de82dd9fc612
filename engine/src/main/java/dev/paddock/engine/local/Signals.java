package dev.paddock.engine.local;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.function.LongPredicate;

/// Sends signals through pid file descriptors: the process that was checked is the one that gets the signal, even
/// when its pid has been given to another one meanwhile.
final class Signals {
    static final int HANGUP = 1;
    static final int KILL = 9;
    static final int TERMINATE = 15;

    private static final long PIDFD_SEND_SIGNAL = 424;
    private static final long PIDFD_OPEN = 434;
    private static final MethodHandle SYSCALL =
            handle(
                    "syscall",
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.ADDRESS,
                            ValueLayout.JAVA_LONG),
                    Linker.Option.firstVariadicArg(1));
    private static final MethodHandle CLOSE =
            handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private Signals() {}

    /// Signals the process if it still is the wanted one; false when there is no such process any more.
    static boolean send(long pid, int signal, LongPredicate wanted) {
        long descriptor = syscall(PIDFD_OPEN, pid, 0);
        if (descriptor < 0) {
            return false;
        }
        try {
            return wanted.test(pid) && syscall(PIDFD_SEND_SIGNAL, descriptor, signal) == 0;
        } finally {
            close((int) descriptor);
        }
    }

    static boolean send(ProcessIdentity process, int signal) {
        return send(process.pid(), signal, pid -> process.alive());
    }

    private static long syscall(long number, long first, long second) {
        try {
            return (long) SYSCALL.invokeExact(number, first, second, MemorySegment.NULL, 0L);
        } catch (Throwable e) {
            throw new IllegalStateException("system call " + number, e);
        }
    }

    private static void close(int descriptor) {
        try {
            int ignored = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException("close", e);
        }
    }

    @SuppressWarnings("restricted") // Native access is granted in the manifest.
    private static MethodHandle handle(
            String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }
}
