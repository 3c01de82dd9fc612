package dev.paddock.router;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// System calls on descriptors that neither the JDK nor Netty has. Loaded only by those who need them.
final class Descriptors {
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 0x800;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private static final MethodHandle FCNTL =
            call("fcntl", FunctionDescriptor.of(INT, INT, INT, INT), 2);
    private static final MethodHandle DUP2 = call("dup2", FunctionDescriptor.of(INT, INT, INT), -1);

    private Descriptors() {}

    // Calling libc is what this class is for.
    @SuppressWarnings("restricted")
    private static MethodHandle call(String name, FunctionDescriptor type, int firstVariadic) {
        Linker linker = Linker.nativeLinker();
        Linker.Option[] options =
                firstVariadic < 0
                        ? new Linker.Option[0]
                        : new Linker.Option[] {Linker.Option.firstVariadicArg(firstVariadic)};
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    static void makeNonBlocking(int descriptor) {
        check("fcntl", descriptor, invoke(FCNTL, descriptor, F_SETFL, O_NONBLOCK));
    }

    /// Makes `over` another name of what `descriptor` is.
    static void copy(int descriptor, int over) {
        check("dup2", descriptor, invoke(DUP2, descriptor, over));
    }

    private static int invoke(MethodHandle call, int... arguments) {
        try {
            return arguments.length == 2
                    ? (int) call.invokeExact(arguments[0], arguments[1])
                    : (int) call.invokeExact(arguments[0], arguments[1], arguments[2]);
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void check(String call, int descriptor, int result) {
        if (result < 0) {
            throw new IllegalStateException(call + " on descriptor " + descriptor + " failed");
        }
    }
}
