package dev.paddock.router;

import dev.paddock.router.EventLoop.Signals;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The routing mesh of one process: listens, and serves what the newest routing table says. Safe for any thread.
final class Router implements AutoCloseable {
    private static final int POLL_MILLIS = 20;

    private final Object lock = new Object();
    private final Transport transport;
    private final EventLoops loops;
    private final RouterStats stats;
    private final List<Listener> listeners = new ArrayList<>();
    private @Nullable Promise<Certificates> certificates;
    private Inherited inherited = Inherited.none();
    private boolean behindProxy;
    private Map<String, RoutedApp> apps = new HashMap<>();

    /// Apps of which some dyno left the table and may still have requests in flight.
    private final Set<RoutedApp> departing = new LinkedHashSet<>();

    private Timeouts timeouts = Timeouts.DEFAULT;
    private RouteIndex index = RouteIndex.unknown();

    /// @param loopCount how many threads serve, each its own connections
    Router(int loopCount, Transport transport, AccessLog log, Signals signals) {
        this.transport = transport;
        stats = new RouterStats(loopCount);
        loops = new EventLoops(loopCount, transport, log, stats, signals);
    }

    /// @throws IOException when the port cannot be had, naming it
    InetSocketAddress listen(InetSocketAddress address) throws IOException {
        return open(address, null);
    }

    /// Listens for TLS; handshakes wait until the certificates are ready, for which this router then answers.
    InetSocketAddress listenTls(InetSocketAddress address, Promise<Certificates> preparing)
            throws IOException {
        certificates = preparing;
        return open(address, preparing);
    }

    private InetSocketAddress open(InetSocketAddress address, @Nullable Future<Certificates> tls)
            throws IOException {
        List<Integer> descriptors = inherited.take(address);
        if (descriptors.isEmpty()) {
            listeners.add(Listener.open(loops, transport, address, tls, behindProxy));
        }
        for (int descriptor : descriptors) {
            listeners.add(Listener.adopt(loops, transport, descriptor, tls, behindProxy));
        }
        return descriptors.isEmpty() ? listeners.getLast().address() : address;
    }

    /// Called before [#listen]: every connection begins with a [ProxyHeader].
    void expectProxy() {
        behindProxy = true;
    }

    /// Called before [#listen]: addresses that are among these are not bound but taken over.
    void inherit(Inherited descriptors) {
        inherited = descriptors;
    }

    /// What a younger router needs to accept in our place.
    List<Integer> descriptors() {
        return listeners.stream().map(Listener::descriptor).toList();
    }

    /// Whether an older router left us its listeners.
    boolean isHeir() {
        return inherited.isFromRouter();
    }

    /// Waits until TLS connections can be served, if any are listened for.
    ///
    /// @throws IOException when they never can
    void awaitTls() throws IOException {
        Promise<Certificates> preparing = certificates;
        if (preparing != null && !preparing.awaitUninterruptibly().isSuccess()) {
            throw new IOException("TLS cannot be used: " + preparing.cause(), preparing.cause());
        }
    }

    RouterStats stats() {
        return stats;
    }

    /// Bytes that hold data of connections now.
    long pinnedBytes() {
        return loops.allocator().pinnedDirectMemory();
    }

    /// Serves this table. When it returns, no new request uses an older one.
    void apply(RoutingTable newest) {
        synchronized (lock) {
            Map<String, RoutedApp> next = HashMap.newHashMap(newest.apps().size());
            Gone gone = Gone.nothing();
            for (AppRoute route : newest.apps()) {
                RoutedApp known = apps.get(route.name());
                next.put(route.name(), known == null ? new RoutedApp(route) : known);
                if (known != null) {
                    update(known, route, gone);
                }
            }
            for (Map.Entry<String, RoutedApp> old : apps.entrySet()) {
                if (!next.containsKey(old.getKey())) {
                    retire(old.getValue(), gone);
                }
            }
            apps = next;
            timeouts = newest.timeouts();
            index = RouteIndex.of(timeouts, next.values());
            publish(index, gone);
        }
    }

    /// Serves the table with whole apps replaced, added and taken away: costs as much as these apps do, whatever the
    /// size of the table. When it returns, no new request uses an older one.
    void apply(ControlFrame.Change change) {
        synchronized (lock) {
            Gone gone = Gone.nothing();
            RouteIndex.Hosts without = new RouteIndex.Hosts();
            RouteIndex.Hosts with = new RouteIndex.Hosts();
            for (String name : change.gone()) {
                RoutedApp old = apps.remove(name);
                if (old != null) {
                    without.add(old.route().hosts(), old);
                    retire(old, gone);
                }
            }
            for (AppRoute route : change.apps()) {
                RoutedApp known = apps.get(route.name());
                if (known == null) {
                    RoutedApp app = new RoutedApp(route);
                    apps.put(route.name(), app);
                    with.add(route.hosts(), app);
                    continue;
                }
                if (!known.route().hosts().equals(route.hosts())) {
                    without.add(known.route().hosts(), known);
                    with.add(route.hosts(), known);
                }
                update(known, route, gone);
            }
            index = index.with(without, with);
            publish(index, gone);
        }
    }

    private void update(RoutedApp app, AppRoute route, Gone gone) {
        if (app.route().equals(route)) {
            return;
        }
        List<Backend> left = app.update(route);
        if (!left.isEmpty()) {
            departing.add(app);
            gone.dynos().addAll(left);
        }
    }

    private void retire(RoutedApp app, Gone gone) {
        gone.add(app);
        departing.add(app);
    }

    /// The dynos that are no longer up in the table and still have requests in flight.
    List<ControlFrame.Leaving> leaving() {
        synchronized (lock) {
            List<ControlFrame.Leaving> leaving = new ArrayList<>(0);
            departing.removeIf(app -> {
                List<String> addresses = app.leaving();
                String id = app.route().id();
                addresses.forEach(it -> leaving.add(new ControlFrame.Leaving(id, it)));
                return addresses.isEmpty();
            });
            return leaving;
        }
    }

    /// The same route, with as much of it as is served already: so a table that comes again is no garbage that only a
    /// full collection would find.
    AppRoute known(AppRoute read) {
        synchronized (lock) {
            RoutedApp app = apps.get(read.name());
            return app == null ? read : read.sharing(app.route());
        }
    }

    /// The whole table as it is served now.
    RoutingTable table() {
        synchronized (lock) {
            return new RoutingTable(
                    timeouts, apps.values().stream().map(RoutedApp::route).toList());
        }
    }

    private void publish(RouteIndex newest, Gone gone) {
        loops.onEach(loop -> loop.use(newest, gone));
    }

    /// The loads of the apps that had traffic since the last call, or have requests in flight or waiting.
    List<ControlFrame.AppLoad> loads(double seconds) {
        return stats.loads(seconds);
    }

    /// What the app's dynos do at this moment, with the rates of the last second.
    ControlFrame.AppLoad loadNow(RoutedApp app) {
        return stats.loadNow(app);
    }

    /// Accepts nobody any more and waits until the requests in flight ended, at most as long as the table says; what
    /// is left then is cut (H24).
    ///
    /// @param idleToo whether clients that wait for nothing are sent away at once, not with their next answer
    void drain(boolean idleToo) {
        listeners.forEach(Listener::close);
        long limit = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(drainMillis());
        loops.onEach(loop -> loop.drain(idleToo));
        while (!isEmpty() && System.nanoTime() < limit) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        loops.onEach(EventLoop::cutAll);
    }

    private int drainMillis() {
        synchronized (lock) {
            return timeouts.drain();
        }
    }

    private boolean isEmpty() {
        AtomicBoolean empty = new AtomicBoolean(true);
        loops.onEach(loop -> {
            if (!loop.isEmpty()) {
                empty.set(false);
            }
        });
        return empty.get();
    }

    @Override
    public void close() {
        listeners.forEach(Listener::close);
        loops.close();
        Promise<Certificates> prepared = certificates;
        if (prepared != null && prepared.awaitUninterruptibly().isSuccess()) {
            prepared.getNow().close();
        }
    }
}
