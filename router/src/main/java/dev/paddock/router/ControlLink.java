package dev.paddock.router;

import dev.paddock.core.ErrorCode;
import dev.paddock.router.EventLoop.Signals;
import dev.paddock.routes.ControlCodec;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutingTable;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The router's end of the control link (control-link.md): takes routing tables, tells when they are served, and what
/// the platform should look at. While the link is down the last table is served on.
///
/// One thread reads and applies, one writes; [Signals] come from the event loop and never wait.
final class ControlLink implements Signals, AutoCloseable {
    private static final int FIRST_PAUSE_MILLIS = 50;
    private static final int LONGEST_PAUSE_MILLIS = 1000;
    private static final int QUICK_ATTEMPTS = 200;
    private static final int MOST_WAITING = 1024;
    private static final int PING_MILLIS = 2000;
    private static final int PINGS_MISSED = 3;
    private static final int TICK_MILLIS = 1000;

    private final Path socket;
    private final TableFile kept;
    private final BlockingQueue<ControlFrame> outgoing = new ArrayBlockingQueue<>(MOST_WAITING);
    private final Set<RoutedApp> waking = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;
    private volatile @Nullable SocketChannel channel;
    private volatile long heardNanos;
    private volatile ControlFrame.@Nullable Snapshot newest;
    private long keptTable;

    ControlLink(Path socket, TableFile kept) {
        this.socket = socket;
        this.kept = kept;
    }

    /// For a router that has no platform.
    static Signals nobody() {
        return new Signals() {
            @Override
            public void wake(RoutedApp app) {
                // A routes file cannot start dynos.
            }

            @Override
            public void trouble(RoutedApp app, Backend dyno, ErrorCode code) {
                // Nobody would look.
            }
        };
    }

    /// Serves the table of the last run until the platform sends a newer one.
    void loadKept(Router router) {
        kept.read()
                .ifPresent(table -> {
                    router.apply(table.routes());
                    newest = table;
                    keptTable = table.table();
                });
    }

    void start(Router router) {
        Thread.ofPlatform().name("control-link").daemon().start(() -> stayConnected(router));
        Thread.ofPlatform().name("control-ticker").daemon().start(() -> tick(router));
    }

    @Override
    public void wake(RoutedApp app) {
        if (waking.add(app)) {
            outgoing.offer(new ControlFrame.Wake(app.route().name()));
        }
    }

    @Override
    public void trouble(RoutedApp app, Backend dyno, ErrorCode code) {
        String kind = code == ErrorCode.H19 ? "timeout" : "refused";
        outgoing.offer(new ControlFrame.Trouble(app.route().name(), dyno.name(), kind));
    }

    @Override
    public void close() {
        closed = true;
        disconnect();
        keep();
    }

    private void stayConnected(Router router) {
        int attempts = 0;
        while (!closed) {
            try (SocketChannel open = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                open.connect(UnixDomainSocketAddress.of(socket));
                attempts = 0;
                channel = open;
                talk(open, router);
            } catch (IOException _) {
                // The platform is away, or speaks something else; the table stays.
            } finally {
                channel = null;
            }
            attempts++;
            pause(attempts < QUICK_ATTEMPTS ? FIRST_PAUSE_MILLIS : LONGEST_PAUSE_MILLIS);
        }
    }

    private void talk(SocketChannel open, Router router) throws IOException {
        InputStream in = new BufferedInputStream(Channels.newInputStream(open));
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(open));
        heardNanos = System.nanoTime();
        outgoing.clear();
        Thread writer =
                Thread.ofPlatform()
                        .name("control-writer")
                        .daemon()
                        .unstarted(() -> writeUntilBroken(open, out));
        hello();
        writer.start();
        try {
            while (!closed) {
                take(ControlCodec.read(in), router);
            }
        } finally {
            writer.interrupt();
        }
    }

    private void hello() {
        ControlFrame.Snapshot have = newest;
        outgoing.offer(
                new ControlFrame.Hello(
                        ControlFrame.PROTOCOL,
                        "router-" + ProcessHandle.current().pid(),
                        RouterMain.Version.text(),
                        have == null ? 0 : have.table()));
    }

    private void take(ControlFrame frame, Router router) {
        heardNanos = System.nanoTime();
        switch (frame) {
            case ControlFrame.Snapshot snapshot -> {
                router.apply(snapshot.routes());
                serving(snapshot);
            }
            case ControlFrame.Change change -> {
                ControlFrame.Snapshot have = newest;
                if (have == null || have.table() != change.from()) {
                    // A change is missing: the platform answers with the whole table.
                    hello();
                } else {
                    RoutingTable changed = router.apply(change);
                    serving(new ControlFrame.Snapshot(change.table(), changed));
                }
            }
            case ControlFrame.Ping _ -> outgoing.offer(new ControlFrame.Pong());
            case ControlFrame.Pong _, ControlFrame.Hello _ -> {}
            case ControlFrame.Serving _,
                    ControlFrame.Wake _,
                    ControlFrame.Load _,
                    ControlFrame.Trouble _,
                    ControlFrame.Handover _ -> {
                // Not for this side, or of a later version.
            }
        }
    }

    private void serving(ControlFrame.Snapshot table) {
        newest = table;
        outgoing.offer(new ControlFrame.Serving(table.table()));
    }

    private void writeUntilBroken(SocketChannel open, OutputStream out) {
        try {
            while (true) {
                ControlCodec.write(out, outgoing.take());
            }
        } catch (IOException _) {
            disconnect(open);
        } catch (InterruptedException _) {
            // The reader ended.
        }
    }

    /// Each second: what waits, what the apps do, whether the platform lives; and the table goes to disk.
    private void tick(Router router) {
        long last = System.nanoTime();
        long pinged = last;
        while (!closed) {
            pause(TICK_MILLIS);
            long now = System.nanoTime();
            var loads = router.loads((now - last) / 1e9);
            last = now;
            waking.clear();
            for (ControlFrame.AppLoad load : loads) {
                boolean up = !load.dynos().isEmpty();
                if (load.queued() > 0 && !up) {
                    outgoing.offer(new ControlFrame.Wake(load.app()));
                }
            }
            SocketChannel open = channel;
            if (open != null) {
                if (!loads.isEmpty()) {
                    outgoing.offer(new ControlFrame.Load(loads));
                }
                if (now - pinged >= TimeUnit.MILLISECONDS.toNanos(PING_MILLIS - 100)) {
                    pinged = now;
                    outgoing.offer(new ControlFrame.Ping());
                }
                long silence = now - heardNanos;
                if (silence > TimeUnit.MILLISECONDS.toNanos((long) PINGS_MISSED * PING_MILLIS)) {
                    disconnect(open);
                }
            }
            keep();
        }
    }

    private synchronized void keep() {
        ControlFrame.Snapshot table = newest;
        if (table == null || table.table() == keptTable) {
            return;
        }
        try {
            kept.write(table);
            keptTable = table.table();
        } catch (IOException full) {
            System.err.println("router: the routes cannot be kept: " + full.getMessage());
        }
    }

    private void disconnect() {
        SocketChannel open = channel;
        if (open != null) {
            disconnect(open);
        }
    }

    private static void disconnect(SocketChannel open) {
        try {
            open.close();
        } catch (IOException _) {
            // It is closed anyhow.
        }
    }

    private static void pause(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
