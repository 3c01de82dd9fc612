package dev.paddock.router;

import io.netty.util.internal.logging.AbstractInternalLogger;
import io.netty.util.internal.logging.FormattingTuple;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.MessageFormatter;
import org.jspecify.annotations.Nullable;

/// Says what Netty warns of on standard error, and nothing else. Java's own logging reads its settings, every jar and, for
/// its first line, the file of time zones: that takes a tenth of a start, and when there is no descriptor left for it, an
/// event loop ends of it.
final class NettyMessages extends InternalLoggerFactory {
    private NettyMessages() {}

    /// To be called before Netty's first class is used.
    static void toStandardError() {
        InternalLoggerFactory.setDefaultFactory(new NettyMessages());
    }

    @Override
    protected InternalLogger newInstance(String name) {
        return new Warnings(name);
    }

    private static void say(@Nullable String message, @Nullable Throwable thrown) {
        System.err.println("router: " + message);
        if (thrown != null) {
            thrown.printStackTrace(System.err);
        }
    }

    private static void say(FormattingTuple line) {
        say(line.getMessage(), line.getThrowable());
    }

    private static final class Warnings extends AbstractInternalLogger {
        private static final long serialVersionUID = 1L;

        Warnings(String name) {
            super(name);
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public void trace(String message) {}

        @Override
        public void trace(String format, Object argument) {}

        @Override
        public void trace(String format, Object first, Object second) {}

        @Override
        public void trace(String format, Object... arguments) {}

        @Override
        public void trace(String message, Throwable thrown) {}

        @Override
        public boolean isDebugEnabled() {
            return false;
        }

        @Override
        public void debug(String message) {}

        @Override
        public void debug(String format, Object argument) {}

        @Override
        public void debug(String format, Object first, Object second) {}

        @Override
        public void debug(String format, Object... arguments) {}

        @Override
        public void debug(String message, Throwable thrown) {}

        @Override
        public boolean isInfoEnabled() {
            return false;
        }

        @Override
        public void info(String message) {}

        @Override
        public void info(String format, Object argument) {}

        @Override
        public void info(String format, Object first, Object second) {}

        @Override
        public void info(String format, Object... arguments) {}

        @Override
        public void info(String message, Throwable thrown) {}

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public void warn(String message) {
            say(message, null);
        }

        @Override
        public void warn(String format, Object argument) {
            say(MessageFormatter.format(format, argument));
        }

        @Override
        public void warn(String format, Object first, Object second) {
            say(MessageFormatter.format(format, first, second));
        }

        @Override
        public void warn(String format, Object... arguments) {
            say(MessageFormatter.arrayFormat(format, arguments));
        }

        @Override
        public void warn(String message, Throwable thrown) {
            say(message, thrown);
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }

        @Override
        public void error(String message) {
            say(message, null);
        }

        @Override
        public void error(String format, Object argument) {
            say(MessageFormatter.format(format, argument));
        }

        @Override
        public void error(String format, Object first, Object second) {
            say(MessageFormatter.format(format, first, second));
        }

        @Override
        public void error(String format, Object... arguments) {
            say(MessageFormatter.arrayFormat(format, arguments));
        }

        @Override
        public void error(String message, Throwable thrown) {
            say(message, thrown);
        }
    }
}
