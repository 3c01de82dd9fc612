package dev.paddock.router;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// Says what Netty has to say on standard error, and nothing else: java's own handler reads the file of time zones for
/// its first line, and when there is no descriptor left for that, an event loop ends of it.
final class NettyMessages extends Handler {
    /// Held, for java forgets the settings of a logger that nobody holds.
    private static final Logger NETTY = Logger.getLogger("io.netty");

    private NettyMessages() {}

    static void toStandardError() {
        NETTY.setUseParentHandlers(false);
        NETTY.setLevel(Level.WARNING);
        NETTY.addHandler(new NettyMessages());
    }

    @Override
    public void publish(LogRecord line) {
        if (isLoggable(line)) {
            System.err.println("router: " + line.getMessage());
            Throwable thrown = line.getThrown();
            if (thrown != null) {
                thrown.printStackTrace(System.err);
            }
        }
    }

    @Override
    public void flush() {
        // Nothing is held.
    }

    @Override
    public void close() {
        // Standard error stays open.
    }
}
