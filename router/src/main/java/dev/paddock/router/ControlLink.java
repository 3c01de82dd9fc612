package dev.paddock.router;

import dev.paddock.core.ErrorCode;
import dev.paddock.router.EventLoop.Signals;
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
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The router's end of the control link (control-link.md): takes routing tables, tells when they are served, and what
/// the platform should look at. While the link is down the last table is served on.
///
/// One thread reads and applies, one writes, one looks around each second; [Signals] come from event loops and never
/// wait.
final class ControlLink implements Signals, AutoCloseable {
    private static final int FIRST_PAUSE_MILLIS = 50;
    private static final int LONGEST_PAUSE_MILLIS = 1000;
    private static final int QUICK_ATTEMPTS = 200;
    private static final int PING_MILLIS = 2000;
    private static final int PINGS_MISSED = 3;
    private static final int TICK_MILLIS = 1000;
    private static final int LOOK_AT_LEAVING_MILLIS = 10;

    private final Path socket;
    private final TableFile kept;
    private final TableKeeper keeper;
    private final TableLease lease;
    private final Outbox outbox = new Outbox();

    // Apps whose wake and whose queue was told in this second.
    private final Set<RoutedApp> woken = ConcurrentHashMap.newKeySet();
    private final Set<RoutedApp> queueing = ConcurrentHashMap.newKeySet();

    private final CountDownLatch firstTable = new CountDownLatch(1);
    private volatile Consumer<Path> handover = _ -> {};
    private volatile boolean closed;
    private volatile @Nullable SocketChannel channel;
    private volatile @Nullable Router router;
    private volatile long heardNanos;

    private final Object tableLock = new Object();

    // All guarded by tableLock.
    private long served;

    /// What the platform was last told of dynos that leave.
    private List<ControlFrame.Leaving> leaving = List.of();

    /// The table of the last run, until it is known whether there is a newer one.
    private ControlFrame.@Nullable Snapshot unproven;

    ControlLink(Path socket, Path state) {
        this(socket, state, new TableLease());
    }

    /// @param state the directory where the table is kept
    ControlLink(Path socket, Path state, TableLease lease) {
        this.socket = socket;
        this.lease = lease;
        kept = new TableFile(state.resolve("table.json"));
        keeper = new TableKeeper(kept, state.resolve("table.lock"), this::table);
    }

    /// For a router that has no platform.
    static Signals nobody() {
        return new Signals() {
            @Override
            public void wake(RoutedApp app) {
                // A routes file cannot start dynos.
            }

            @Override
            public void queueBegan(RoutedApp app) {
                // Nobody would look.
            }

            @Override
            public void trouble(RoutedApp app, Backend dyno, ErrorCode code) {
                // Nobody would look.
            }

            @Override
            public boolean isTableVoid(long nowNanos) {
                // A file does not give addresses away behind our back.
                return false;
            }
        };
    }

    /// Called before [#start]: what to do when the platform says where an older router hands over its listeners.
    void onHandover(Consumer<Path> takeOver) {
        handover = takeOver;
    }

    /// Connects, and stays connected. The table of the last run is served when there is no platform to ask.
    void start(Router serving) {
        router = serving;
        synchronized (tableLock) {
            unproven = kept.read().orElse(null);
        }
        keeper.start();
        Thread.ofPlatform().name("control-link").daemon().start(() -> stayConnected(serving));
        Thread.ofPlatform().name("control-ticker").daemon().start(() -> tick(serving));
        Thread.ofPlatform().name("control-leaving").daemon().start(() -> watchLeaving(serving));
    }

    /// Waits until a table is served. A platform that is there but does not answer in time stops nobody: the table of
    /// the last run is served then.
    void awaitTable(Duration limit) {
        try {
            if (!firstTable.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                useUnproven();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Number of the table that is served, 0 for none.
    long servedTable() {
        synchronized (tableLock) {
            return served;
        }
    }

    /// The disk belongs to the next router from now on.
    void stopKeeping() {
        keeper.close();
    }

    @Override
    public void wake(RoutedApp app) {
        if (woken.add(app)) {
            outbox.report(new ControlFrame.Wake(app.route().name()));
        }
    }

    @Override
    public void queueBegan(RoutedApp app) {
        Router serving = router;
        // Once a second for each app; the ticker tells the rest.
        if (serving != null && queueing.add(app)) {
            outbox.report(new ControlFrame.Load(List.of(serving.loadNow(app))));
        }
    }

    @Override
    public void trouble(RoutedApp app, Backend dyno, ErrorCode code) {
        String kind = code == ErrorCode.H19 ? "timeout" : "refused";
        outbox.report(new ControlFrame.Trouble(app.route().name(), dyno.name(), kind));
    }

    @Override
    public boolean isTableVoid(long nowNanos) {
        return lease.isOver(nowNanos);
    }

    @Override
    public void close() {
        closed = true;
        synchronized (tableLock) {
            tableLock.notifyAll();
        }
        disconnect();
        keeper.close();
    }

    private void stayConnected(Router serving) {
        int attempts = 0;
        while (!closed) {
            long begun = System.nanoTime();
            try (SocketChannel open = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                // A platform that stands still accepts nobody; not to wait for it in connect.
                open.configureBlocking(false);
                if (open.connect(UnixDomainSocketAddress.of(socket))) {
                    open.configureBlocking(true);
                    attempts = 0;
                    channel = open;
                    talk(open, serving);
                } else {
                    lease.renew(begun);
                }
            } catch (IOException _) {
                // The platform is away, or speaks something else; the table stays.
                if (channel == null) {
                    lease.renew(begun);
                    useUnproven();
                    firstTable.countDown();
                }
            } finally {
                channel = null;
            }
            attempts++;
            pause(attempts < QUICK_ATTEMPTS ? FIRST_PAUSE_MILLIS : LONGEST_PAUSE_MILLIS);
        }
    }

    private void talk(SocketChannel open, Router serving) throws IOException {
        InputStream in = new BufferedInputStream(Channels.newInputStream(open));
        OutputStream out = Channels.newOutputStream(open);
        heardNanos = System.nanoTime();
        outbox.clear();
        Conversation conversation = new Conversation(serving);
        Thread writer =
                Thread.ofPlatform()
                        .name("control-writer")
                        .daemon()
                        .start(() -> writeUntilBroken(open, out));
        try {
            while (!closed) {
                conversation.take(ControlCodec.read(in, serving::known));
            }
        } finally {
            writer.interrupt();
        }
    }

    /// One connection, from its hello on. Owned by the reading thread.
    private final class Conversation {
        private final Router serving;
        private final long begunNanos = System.nanoTime();

        /// Our table is void, so this link begins with a whole one.
        private boolean afresh = lease.isOver(begunNanos);

        Conversation(Router serving) {
            this.serving = serving;
            outbox.hello(greeting(afresh ? 0 : have()));
        }

        void take(ControlFrame frame) throws IOException {
            long now = System.nanoTime();
            heardNanos = now;
            if (!afresh && lease.isOver(now)) {
                throw new IOException("the table became void: what this link has is old as well");
            }
            switch (frame) {
                case ControlFrame.Hello hello -> prove(hello.haveTable());
                case ControlFrame.Snapshot snapshot -> {
                    apply(snapshot, serving);
                    if (afresh) {
                        lease.begin(begunNanos);
                        afresh = false;
                    }
                    acknowledge(serving);
                }
                case ControlFrame.Change change -> {
                    prove(change.from());
                    if (apply(change, serving)) {
                        acknowledge(serving);
                    } else {
                        // A change is missing: the platform answers with the whole table.
                        outbox.hello(greeting(have()));
                    }
                }
                case ControlFrame.Handover(String path) -> handover.accept(Path.of(path));
                case ControlFrame.Ping _ -> outbox.pong();
                case ControlFrame.Pong _ -> {}
                case ControlFrame.Serving _,
                        ControlFrame.Wake _,
                        ControlFrame.Load _,
                        ControlFrame.Trouble _ -> {
                    // Not for this side.
                }
            }
        }
    }

    private void acknowledge(Router serving) {
        synchronized (tableLock) {
            leaving = serving.leaving();
            outbox.serving(new ControlFrame.Serving(served, leaving));
            tableLock.notifyAll();
        }
    }

    /// Tells when a dyno that left the table has had its last answer: the platform stops it then.
    private void watchLeaving(Router serving) {
        try {
            while (!closed) {
                synchronized (tableLock) {
                    while (leaving.isEmpty() && !closed) {
                        tableLock.wait();
                    }
                }
                Thread.sleep(LOOK_AT_LEAVING_MILLIS);
                synchronized (tableLock) {
                    if (!serving.leaving().equals(leaving)) {
                        acknowledge(serving);
                    }
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static ControlFrame.Hello greeting(long have) {
        return new ControlFrame.Hello(
                ControlFrame.PROTOCOL,
                "router-" + ProcessHandle.current().pid(),
                RouterMain.version(),
                have);
    }

    private long have() {
        synchronized (tableLock) {
            return unproven == null ? served : unproven.table();
        }
    }

    private void apply(ControlFrame.Snapshot snapshot, Router serving) {
        synchronized (tableLock) {
            unproven = null;
            serving.apply(snapshot.routes());
            served = snapshot.table();
        }
        keeper.keepWhole();
        firstTable.countDown();
    }

    /// Returns false when it does not continue our table.
    private boolean apply(ControlFrame.Change change, Router serving) {
        synchronized (tableLock) {
            if (served == 0 || served != change.from()) {
                return false;
            }
            serving.apply(change);
            served = change.table();
        }
        keeper.keep(change);
        return true;
    }

    /// The platform's table is known to be this one.
    private void prove(long table) {
        ControlFrame.Snapshot last;
        synchronized (tableLock) {
            last = unproven;
        }
        if (last != null && last.table() == table) {
            useUnproven();
        }
    }

    private void useUnproven() {
        synchronized (tableLock) {
            ControlFrame.Snapshot last = unproven;
            Router serving = router;
            if (last == null || serving == null) {
                return;
            }
            unproven = null;
            serving.apply(last.routes());
            served = last.table();
        }
        keeper.keepWhole();
        firstTable.countDown();
    }

    private ControlFrame.Snapshot table() {
        Router serving = router;
        if (serving == null) {
            throw new IllegalStateException("nothing is kept before the start");
        }
        synchronized (tableLock) {
            return new ControlFrame.Snapshot(served, serving.table());
        }
    }

    private void writeUntilBroken(SocketChannel open, OutputStream out) {
        try {
            while (true) {
                ControlFrame frame = outbox.take();
                long begun = System.nanoTime();
                ControlCodec.write(out, frame);
                lease.renew(begun);
            }
        } catch (IOException _) {
            disconnect(open);
        } catch (InterruptedException _) {
            // The reader ended.
        }
    }

    /// Each second: what waits, what the apps do, and whether the platform lives.
    private void tick(Router serving) {
        long last = System.nanoTime();
        long pinged = last;
        while (!closed) {
            pause(TICK_MILLIS);
            long now = System.nanoTime();
            var loads = serving.loads((now - last) / 1e9);
            last = now;
            woken.clear();
            queueing.clear();
            for (ControlFrame.AppLoad load : loads) {
                boolean up = !load.dynos().isEmpty();
                if (load.queued() > 0 && !up) {
                    outbox.report(new ControlFrame.Wake(load.app()));
                }
            }
            SocketChannel open = channel;
            if (open != null) {
                if (!loads.isEmpty()) {
                    outbox.report(new ControlFrame.Load(loads));
                }
                if (now - pinged >= TimeUnit.MILLISECONDS.toNanos(PING_MILLIS - 100)) {
                    pinged = now;
                    outbox.ping();
                }
                long silence = now - heardNanos;
                if (silence > TimeUnit.MILLISECONDS.toNanos((long) PINGS_MISSED * PING_MILLIS)) {
                    disconnect(open);
                }
            }
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
