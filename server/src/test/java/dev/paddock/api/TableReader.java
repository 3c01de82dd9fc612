package dev.paddock.api;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// A router's end of the control link that only reads the table. For tests.
final class TableReader implements AutoCloseable {
    private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final Object lock = new Object();
    private final Map<String, AppRoute> table = new HashMap<>();

    TableReader(Path socket) throws IOException {
        channel.connect(UnixDomainSocketAddress.of(socket));
        Thread.ofPlatform().name("table-reader").daemon().start(this::read);
    }

    private void read() {
        InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
        OutputStream out = Channels.newOutputStream(channel);
        try {
            ControlCodec.write(
                    out, new ControlFrame.Hello(ControlFrame.PROTOCOL, "router", "1", 0));
            while (true) {
                take(ControlCodec.read(in), out);
            }
        } catch (IOException closed) {
            // The end of the test.
        }
    }

    private void take(ControlFrame frame, OutputStream out) throws IOException {
        if (frame instanceof ControlFrame.Ping) {
            ControlCodec.write(out, new ControlFrame.Pong());
        }
        synchronized (lock) {
            if (frame instanceof ControlFrame.Snapshot snapshot) {
                table.clear();
                snapshot.routes().apps().forEach(app -> table.put(app.name(), app));
                ControlCodec.write(out, new ControlFrame.Serving(snapshot.table()));
            }
            if (frame instanceof ControlFrame.Change change) {
                change.gone().forEach(table::remove);
                change.apps().forEach(app -> table.put(app.name(), app));
                ControlCodec.write(out, new ControlFrame.Serving(change.table()));
            }
            lock.notifyAll();
        }
    }

    /// The app's route as soon as it is so.
    AppRoute await(String app, Duration limit, Predicate<AppRoute> condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            while (true) {
                AppRoute route = table.get(app);
                if (route != null && condition.test(route)) {
                    return route;
                }
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw new AssertionError("after " + limit + " the table has " + route);
                }
                try {
                    TimeUnit.NANOSECONDS.timedWait(lock, left);
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError("interrupted");
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
