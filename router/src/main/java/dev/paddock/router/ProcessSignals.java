package dev.paddock.router;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/// Signals of the operating system. The JDK has them in a class that may only be used reflectively without a warning.
final class ProcessSignals {
    private ProcessSignals() {}

    /// Runs the task on a thread of its own each time the signal (`HUP`, `TERM`) arrives.
    static void on(String name, Runnable task) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler call =
                    (proxy, method, arguments) ->
                            switch (method.getName()) {
                                case "handle" -> {
                                    Thread.ofPlatform().name("signal-" + name).start(task);
                                    yield null;
                                }
                                case "equals" -> false;
                                case "hashCode" -> System.identityHashCode(proxy);
                                default -> "handler of " + name;
                            };
            Object proxy =
                    Proxy.newProxyInstance(
                            ProcessSignals.class.getClassLoader(), new Class<?>[] {handler}, call);
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (ReflectiveOperationException missing) {
            throw new IllegalStateException("this JDK has no signals", missing);
        }
    }
}
