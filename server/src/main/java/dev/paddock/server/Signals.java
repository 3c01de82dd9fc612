package dev.paddock.server;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.IntConsumer;

/// SIGINT, SIGTERM and SIGUSR1 as calls. The JDK's only way to see a second signal is `sun.misc.Signal`, which the compiler
/// refuses under -Werror; hence the reflection.
public final class Signals {
    private final IntConsumer handler;

    private Signals(IntConsumer handler) {
        this.handler = handler;
    }

    /// The number of the signal that ends the platform alone.
    public static final int USR1 = 10;

    /// Calls `handler` with the signal's number for each SIGINT (2), SIGTERM (15) and SIGUSR1, on a thread of its own.
    public static void handle(IntConsumer handler) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            MethodHandle forward =
                    MethodHandles.lookup()
                            .bind(
                                    new Signals(handler),
                                    "received",
                                    MethodType.methodType(void.class, Object.class))
                            .asType(MethodType.methodType(void.class, signal));
            Object forwarder = MethodHandleProxies.asInterfaceInstance(handlerType, forward);
            for (String name : new String[] {"INT", "TERM", Replacement.SIGNAL}) {
                signal.getMethod("handle", signal, handlerType)
                        .invoke(
                                null,
                                signal.getConstructor(String.class).newInstance(name),
                                forwarder);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("This java has no sun.misc.Signal", e);
        }
    }

    @SuppressWarnings("UnusedMethod") // The method handle above finds it by its name.
    private void received(Object signal) throws ReflectiveOperationException {
        handler.accept((int) signal.getClass().getMethod("getNumber").invoke(signal));
    }
}
