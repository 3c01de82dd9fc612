package dev.paddock.router;

import dev.paddock.router.EventLoop.Signals;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The routing mesh of one process: listens, and serves what the newest routing table says. Safe for any thread.
final class Router implements AutoCloseable {
    private static final int PAGE_BYTES = 8192;
    private static final int CHUNK_ORDER = 6;
    private static final int APPLY_SECONDS = 30;
    private static final int POLL_MILLIS = 20;

    private final Object lock = new Object();
    private final Transport transport;
    private final EventLoopGroup group;
    private final EventLoop loop;
    private final PooledByteBufAllocator allocator;
    private final RouterStats stats = new RouterStats();
    private final List<Listener> listeners = new ArrayList<>();
    private @Nullable Promise<Certificates> certificates;
    private Map<String, RoutedApp> apps = new LinkedHashMap<>();
    private RoutingTable table = RoutingTable.EMPTY;

    Router(Transport transport, AccessLog log, Signals signals) {
        this.transport = transport;
        group =
                new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("event-loop"), transport.handlers());
        // One arena of 512 KB pieces, no caches per thread: small when idle, enough for one loop.
        allocator = new PooledByteBufAllocator(true, 0, 1, PAGE_BYTES, CHUNK_ORDER, 64, 32, true);
        loop = new EventLoop(group, transport, allocator, log, stats, signals);
    }

    /// @throws IOException when the port cannot be had, naming it
    InetSocketAddress listen(InetSocketAddress address) throws IOException {
        return open(address, null);
    }

    /// Listens for TLS.
    InetSocketAddress listenTls(InetSocketAddress address) throws IOException {
        if (certificates == null) {
            certificates = prepareTls();
        }
        return open(address, certificates);
    }

    /// Loading a TLS library takes longer than the whole rest of the start, so it happens beside it; handshakes wait.
    private Promise<Certificates> prepareTls() {
        Promise<Certificates> promise = group.next().newPromise();
        Thread.ofPlatform()
                .name("prepare-tls")
                .daemon()
                .start(() -> {
                    try {
                        promise.setSuccess(new Certificates(SelfSigned.make("paddock-router")));
                    } catch (RuntimeException | LinkageError broken) {
                        System.err.println("router: TLS cannot be used: " + broken);
                        promise.setFailure(broken);
                    }
                });
        return promise;
    }

    private InetSocketAddress open(InetSocketAddress address, @Nullable Future<Certificates> tls)
            throws IOException {
        Listener listener = Listener.open(loop, transport, address, tls);
        listeners.add(listener);
        return listener.address();
    }

    RouterStats stats() {
        return stats;
    }

    /// Bytes that hold data of connections now.
    long pinnedBytes() {
        return allocator.pinnedDirectMemory();
    }

    /// Serves this table. When it returns, no new request uses an older one.
    void apply(RoutingTable newest) {
        synchronized (lock) {
            Map<String, RoutedApp> next = LinkedHashMap.newLinkedHashMap(newest.apps().size());
            List<Backend> gone = new ArrayList<>();
            for (AppRoute route : newest.apps()) {
                put(next, route, gone);
            }
            for (Map.Entry<String, RoutedApp> old : apps.entrySet()) {
                if (!next.containsKey(old.getKey())) {
                    gone.addAll(old.getValue().retire());
                }
            }
            publish(next, newest.timeouts(), gone);
            table = newest;
        }
    }

    /// Serves the table with whole apps replaced, added and taken away.
    RoutingTable apply(ControlFrame.Change change) {
        synchronized (lock) {
            Map<String, AppRoute> routes = new LinkedHashMap<>();
            table.apps().forEach(app -> routes.put(app.name(), app));
            change.gone().forEach(routes::remove);
            change.apps().forEach(app -> routes.put(app.name(), app));
            RoutingTable changed = new RoutingTable(table.timeouts(), List.copyOf(routes.values()));
            apply(changed);
            return changed;
        }
    }

    private void put(Map<String, RoutedApp> next, AppRoute route, List<Backend> gone) {
        RoutedApp known = apps.get(route.name());
        if (known == null) {
            next.put(route.name(), new RoutedApp(route));
            return;
        }
        next.put(route.name(), known);
        if (!known.route().equals(route)) {
            gone.addAll(known.update(route));
        }
    }

    private void publish(Map<String, RoutedApp> next, Timeouts timeouts, Collection<Backend> gone) {
        RouteIndex index = RouteIndex.of(timeouts, next.values());
        CountDownLatch used = new CountDownLatch(1);
        loop.execute(() -> {
            loop.use(index, gone);
            used.countDown();
        });
        apps = next;
        try {
            if (!used.await(APPLY_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the event loop has stood still for 30 s");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// The loads of the apps that had traffic since the last call, or have requests waiting.
    List<ControlFrame.AppLoad> loads(double seconds) {
        List<RoutedApp> current;
        synchronized (lock) {
            current = new ArrayList<>(apps.values());
        }
        List<ControlFrame.AppLoad> loads = new ArrayList<>();
        for (RoutedApp app : current) {
            RoutedApp.Snapshot now = app.snapshot(System.nanoTime());
            AppLoad.Period period = app.load().take();
            boolean busy =
                    period.requests() > 0
                            || now.queued() > 0
                            || now.dynos().stream().anyMatch(dyno -> dyno.inFlight() > 0);
            if (busy) {
                loads.add(
                        new ControlFrame.AppLoad(
                                app.route().name(),
                                now.dynos(),
                                now.queued(),
                                now.oldestWaitMillis(),
                                period.requests() / seconds,
                                period.p50(),
                                period.p95(),
                                period.p99()));
            }
        }
        return loads;
    }

    /// Accepts nobody any more and waits until the requests in flight ended, at most as long as the table says; what
    /// is left then is cut (H24).
    void drain() {
        listeners.forEach(Listener::close);
        long limit = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(drainMillis());
        onLoop(loop::drain);
        while (!isEmpty() && System.nanoTime() < limit) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        onLoop(loop::cutAll);
    }

    private int drainMillis() {
        synchronized (lock) {
            return table.timeouts().drain();
        }
    }

    private boolean isEmpty() {
        boolean[] empty = {false};
        onLoop(() -> empty[0] = loop.isEmpty());
        return empty[0];
    }

    private void onLoop(Runnable task) {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            task.run();
            done.countDown();
        });
        try {
            if (!done.await(APPLY_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the event loop has stood still for 30 s");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        listeners.forEach(Listener::close);
        onLoop(loop::cutAll);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
