package dev.paddock.domains;

import dev.paddock.core.AppId;
import dev.paddock.daemons.SystemUser;
import dev.paddock.dyno.DynoAddress;
import dev.paddock.routes.AppRoute;
import dev.paddock.routes.ControlFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The platform's end of all control links: listens on the socket, sends tables, collects acknowledgements. Safe for
/// any thread.
///
/// A router without a link serves on from its last table, so it goes on counting until it is heard of again, its
/// process is gone, or it has given no sign of life for long enough (control-link.md).
public final class Routers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Routers.class);

    /// One serves, one takes over, and a few more for a restart loop.
    private static final int MAX_LINKS = 16;

    /// How often a lost router's process is looked for.
    private static final Duration LOOK = Duration.ofMillis(100);

    private final Path path;
    private final LongConsumer served;
    private final Consumer<ControlFrame> frames;
    private final Timing timing;
    private final Object lock = new Object();

    private final AppLoads loads = new AppLoads(System::nanoTime);
    private final LeavingDynos leaving;

    // All below: guarded by lock.
    private final TableHistory tables = new TableHistory();
    private final Set<RouterLink> links = new HashSet<>();
    private final Map<PeerProcess, Absent> absent = new HashMap<>();
    private Optional<SystemUser> routerUser = Optional.empty();
    private Optional<TakeOver> takeOver = Optional.empty();
    private long servedByAll;
    private boolean closed;
    private @Nullable UnixSocket listener;

    /// @param served called with the newest table number that every connected router serves; a lower number may come
    ///     after a higher one and then means nothing
    /// @param frames what routers report: wake, load, trouble
    /// @param busy told which dynos of an app left the table and still have requests in flight, when that changes and
    ///     before `served` is told of the table
    public Routers(
            Path socket,
            LongConsumer served,
            Consumer<ControlFrame> frames,
            BiConsumer<AppId, Set<DynoAddress>> busy) {
        this(socket, served, frames, busy, Timing.USUAL);
    }

    Routers(
            Path socket,
            LongConsumer served,
            Consumer<ControlFrame> frames,
            BiConsumer<AppId, Set<DynoAddress>> busy,
            Timing timing) {
        this.path = socket;
        this.served = served;
        this.frames = frames;
        this.timing = timing;
        leaving = new LeavingDynos(this::leaving, busy);
    }

    private List<ControlFrame.Leaving> leaving() {
        synchronized (lock) {
            return links.stream().flatMap(link -> link.leaving.stream()).toList();
        }
    }

    /// Lets this user's processes connect as well, not only our own; called before [#start()].
    public void allow(SystemUser user) {
        synchronized (lock) {
            routerUser = Optional.of(user);
        }
    }

    /// A router that has outlived the last platform and will connect: until it does (or is gone) nothing counts as
    /// served, for it still routes by an old table. Called before [#start()].
    public void expect(long pid) {
        PeerProcess process = PeerProcess.of(pid);
        if (process.alive()) {
            synchronized (lock) {
                absent.put(process, new Absent(0, System.nanoTime()));
            }
        }
    }

    /// Tells this router, once it has the newest table, to take the listeners of an older one over.
    ///
    /// @param socket where the older one offers them, as routers see it
    public void handOver(long pid, Path socket) {
        synchronized (lock) {
            takeOver = Optional.of(new TakeOver(pid, socket.toString()));
            lock.notifyAll();
        }
    }

    /// What routers report of the apps' traffic.
    public AppLoads loads() {
        return loads;
    }

    /// Begins to accept routers.
    public void start() {
        synchronized (lock) {
            try {
                Files.deleteIfExists(path);
                UnixSocket bound = UnixSocket.bind(path);
                listener = bound;
                // Nobody can connect before listen, so there is no moment with other permissions.
                if (routerUser.isPresent()) {
                    Files.setAttribute(path, "unix:gid", routerUser.get().gid());
                    permit("rw-rw----");
                } else {
                    permit("rw-------");
                }
                int ourUid = (int) Files.getAttribute(path, "unix:uid");
                bound.listen();
                Thread _ =
                        Thread.ofPlatform()
                                .daemon()
                                .name("router-accept")
                                .start(() -> accept(bound, ourUid));
            } catch (IOException e) {
                throw new UncheckedIOException(
                        "Could not listen for routers on " + path + ": " + e.getMessage(), e);
            }
        }
        Thread _ = Thread.ofVirtual().name("router-watch").start(this::watch);
    }

    private void permit(String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private void accept(UnixSocket listening, int ourUid) {
        try {
            while (true) {
                UnixSocket socket = listening.accept();
                UnixSocket.Peer peer = socket.peer();
                if (!admit(socket, peer, ourUid)) {
                    log.warn(
                            "Refused process {} of user {} at the routers' socket",
                            peer.pid(),
                            peer.uid());
                    socket.close();
                }
            }
        } catch (IOException e) {
            synchronized (lock) {
                if (!closed) {
                    log.error("No more routers can connect to {}", path, e);
                }
            }
        } finally {
            listening.close();
        }
    }

    private boolean admit(UnixSocket socket, UnixSocket.Peer peer, int ourUid) {
        synchronized (lock) {
            boolean known =
                    peer.uid() == ourUid
                            || routerUser.filter(user -> user.uid() == peer.uid()).isPresent();
            if (!known || closed || links.size() >= MAX_LINKS) {
                return false;
            }
            RouterLink link = new RouterLink(socket, PeerProcess.of(peer.pid()), this);
            link.pingNanos = System.nanoTime() + timing.ping().toNanos();
            links.add(link);
            link.start();
            return true;
        }
    }

    ControlFrame hello() {
        String version = Routers.class.getPackage().getImplementationVersion();
        synchronized (lock) {
            return new ControlFrame.Hello(
                    ControlFrame.PROTOCOL,
                    "platform",
                    version == null ? "development" : version,
                    tables.newest());
        }
    }

    void greeted(RouterLink link, ControlFrame.Hello hello) {
        long advanced;
        synchronized (lock) {
            absent.remove(link.process());
            link.greeted = true;
            resume(link, hello);
            advanced = advance();
        }
        announce(advanced);
    }

    private void resume(RouterLink link, ControlFrame.Hello hello) {
        boolean ours = tables.knows(hello.haveTable());
        link.sent = ours ? hello.haveTable() : 0;
        // A router serves what it has; it need not tell so again.
        link.acknowledged = Math.max(link.acknowledged, link.sent);
        link.heardNanos = System.nanoTime();
        lock.notifyAll();
    }

    void received(RouterLink link, ControlFrame frame) {
        long advanced = 0;
        synchronized (lock) {
            link.heardNanos = System.nanoTime();
            switch (frame) {
                // It noticed a gap.
                case ControlFrame.Hello hello -> resume(link, hello);
                case ControlFrame.Serving serving -> {
                    if (serving.table() <= link.sent) {
                        link.acknowledged = Math.max(link.acknowledged, serving.table());
                        link.leaving = serving.leaving();
                        lock.notifyAll();
                    }
                }
                case ControlFrame.Ping _ -> {
                    link.pongDue = true;
                    lock.notifyAll();
                }
                case ControlFrame.Pong _,
                        ControlFrame.Wake _,
                        ControlFrame.Load _,
                        ControlFrame.Trouble _,
                        ControlFrame.Snapshot _,
                        ControlFrame.Change _,
                        ControlFrame.Handover _ -> {
                    // Only the sign of life concerns the link itself.
                }
            }
            advanced = advance();
        }
        announce(advanced);
        if (frame instanceof ControlFrame.Load load) {
            loads.accept(link.process().pid(), load.apps());
        }
        if (frame instanceof ControlFrame.Wake
                || frame instanceof ControlFrame.Load
                || frame instanceof ControlFrame.Trouble) {
            frames.accept(frame);
        }
    }

    /// What to write to this router next, waiting for it; empty when its link is down.
    Optional<ControlFrame> next(RouterLink link) throws InterruptedException {
        synchronized (lock) {
            while (!link.down) {
                if (link.pongDue) {
                    link.pongDue = false;
                    return Optional.of(new ControlFrame.Pong());
                }
                if (link.greeted && link.sent != tables.newest()) {
                    ControlFrame update = tables.update(link.sent);
                    link.sent = tables.newest();
                    return Optional.of(update);
                }
                Optional<TakeOver> due =
                        takeOver.filter(order -> order.pid() == link.process().pid());
                if (link.greeted && tables.newest() > 0 && due.isPresent()) {
                    takeOver = Optional.empty();
                    return Optional.of(new ControlFrame.Handover(due.get().socket()));
                }
                long left = link.pingNanos - System.nanoTime();
                if (left <= 0) {
                    link.pingNanos = System.nanoTime() + timing.ping().toNanos();
                    return Optional.of(new ControlFrame.Ping());
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            return Optional.empty();
        }
    }

    void cut(RouterLink link) {
        synchronized (lock) {
            link.down = true;
            lock.notifyAll();
        }
        link.shutdown();
    }

    void disconnected(RouterLink link) {
        long advanced;
        synchronized (lock) {
            links.remove(link);
            loads.forget(link.process().pid());
            boolean back = links.stream().anyMatch(other -> other.process().equals(link.process()));
            if (link.greeted && !back && link.process().alive()) {
                absent.put(link.process(), new Absent(link.acknowledged, link.heardNanos));
            }
            advanced = advance();
            lock.notifyAll();
        }
        announce(advanced);
    }

    /// Cuts links that give no sign of life and voids the tables of routers that are gone.
    private void watch() {
        try {
            long looked = System.nanoTime();
            while (true) {
                long advanced;
                List<RouterLink> silent;
                synchronized (lock) {
                    if (closed) {
                        return;
                    }
                    Duration wait = absent.isEmpty() ? timing.ping() : LOOK;
                    TimeUnit.NANOSECONDS.timedWait(lock, wait.toNanos());
                    long now = System.nanoTime();
                    excuse(now - looked - wait.toNanos());
                    looked = now;
                    silent =
                            links.stream()
                                    .filter(link -> !link.down)
                                    .filter(link -> isOver(link.heardNanos, now, timing.silence()))
                                    .toList();
                    absent.entrySet()
                            .removeIf(entry ->
                                    isOver(entry.getValue().heardNanos(), now, timing.voidAfter())
                                            || !entry.getKey().alive());
                    advanced = advance();
                }
                announce(advanced);
                silent.forEach(this::cut);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// What routers said while this process stood still is unread yet: their silence is ours. Called with the lock
    /// held.
    private void excuse(long lateNanos) {
        if (lateNanos > timing.ping().toNanos()) {
            links.forEach(link -> link.heardNanos += lateNanos);
            absent.replaceAll((_, router) ->
                    new Absent(router.acknowledged(), router.heardNanos() + lateNanos));
        }
    }

    private static boolean isOver(long since, long now, Duration limit) {
        return now - since > limit.toNanos();
    }

    /// Only `RoutePublisher` calls this: what changed since the table before; in the first, everything.
    public void publish(long table, List<AppRoute> changed, List<String> gone) {
        long advanced;
        synchronized (lock) {
            tables.add(table, changed, gone);
            advanced = advance();
            lock.notifyAll();
        }
        announce(advanced);
    }

    /// The number of the newest table; 0 before the first.
    long newest() {
        synchronized (lock) {
            return tables.newest();
        }
    }

    /// The table that all serve, if that is a newer one than before, else 0.
    private long advance() {
        long all = tables.newest();
        for (RouterLink link : links) {
            all = Math.min(all, link.acknowledged);
        }
        for (Absent router : absent.values()) {
            all = Math.min(all, router.acknowledged());
        }
        if (all <= servedByAll) {
            return 0;
        }
        servedByAll = all;
        return all;
    }

    /// Outside the lock: the listeners may ask us something. What still answers is told first, so that nobody takes it
    /// for idle when the table without it is served.
    private void announce(long advanced) {
        leaving.tell();
        if (advanced > 0) {
            served.accept(advanced);
        }
    }

    /// Waits until at least one router serves this table or a newer one.
    public boolean await(long table, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (lock) {
            while (links.stream().noneMatch(link -> link.greeted && link.acknowledged >= table)) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || closed) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(lock, left);
            }
            return true;
        }
    }

    public int connected() {
        synchronized (lock) {
            return (int) links.stream().filter(link -> link.greeted).count();
        }
    }

    @Override
    public void close() {
        List<RouterLink> open;
        synchronized (lock) {
            closed = true;
            open = new ArrayList<>(links);
            if (listener != null) {
                listener.shutdown();
            }
            lock.notifyAll();
        }
        open.forEach(this::cut);
    }

    /// A router that is to ask an older one for its listeners.
    private record TakeOver(long pid, String socket) {}

    /// A router that has no link but may still serve this table.
    private record Absent(long acknowledged, long heardNanos) {}

    /// @param silence three missed pings: the link is down
    /// @param voidAfter from the last sign of life until a router without a link counts no more
    record Timing(Duration ping, Duration silence, Duration voidAfter) {
        static final Timing USUAL =
                new Timing(Duration.ofSeconds(2), Duration.ofSeconds(6), Duration.ofSeconds(60));
    }
}
