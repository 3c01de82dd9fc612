package dev.paddock.router;

import dev.paddock.routes.AppRoute;
import dev.paddock.routes.DynoRoute;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.Timeouts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A started router on loopback with short limits.
final class TestRouter implements AutoCloseable {
    static final Timeouts TIMEOUTS =
            new Timeouts(700, 800, 300, 700, 600, 90_000, 600, 500, 300, 500);

    private static final int LOOPS = 2;
    private static final long LIMIT_NANOS = 30_000_000_000L;

    private final Path log;
    private final AccessLog accessLog;
    private final Router router;
    private final InetSocketAddress http;
    private @Nullable InetSocketAddress https;

    TestRouter(AppRoute... apps) throws IOException {
        this(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false, apps);
    }

    /// On io_uring, or without it as any other.
    static TestRouter onRing(AppRoute... apps) throws IOException {
        return new TestRouter(
                Transport.named("io_uring"),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                false,
                apps);
    }

    /// @param behindProxy whether every connection begins with a PROXY header
    TestRouter(InetSocketAddress address, boolean behindProxy, AppRoute... apps)
            throws IOException {
        this(
                Transport.named(System.getProperty("paddock.router.transport", "")),
                address,
                behindProxy,
                apps);
    }

    private TestRouter(
            Transport transport, InetSocketAddress address, boolean behindProxy, AppRoute... apps)
            throws IOException {
        log = Files.createTempFile("router", ".log");
        accessLog = AccessLog.open(log.toString(), null);
        router = new Router(LOOPS, transport, accessLog, ControlLink.nobody());
        use(apps);
        if (behindProxy) {
            router.expectProxy();
        }
        http = router.listen(address);
    }

    static AppRoute app(FakeDyno... dynos) {
        List<DynoRoute> routes = new ArrayList<>();
        for (FakeDyno dyno : dynos) {
            routes.add(
                    new DynoRoute(
                            "web." + (routes.size() + 1), dyno.address(), DynoRoute.State.UP));
        }
        return AppRoute.of("", "a", List.of("a.localhost"), routes);
    }

    /// The app with at most `limit` requests at each dyno.
    static AppRoute limited(AppRoute app, int limit) {
        return with(app, app.status(), app.maintenance(), OptionalInt.of(limit));
    }

    static AppRoute inMaintenance(AppRoute app) {
        return with(app, app.status(), true, app.maxInFlightPerDyno());
    }

    static AppRoute withStatus(AppRoute app, AppRoute.Status status) {
        return with(app, status, app.maintenance(), app.maxInFlightPerDyno());
    }

    private static AppRoute with(
            AppRoute app, AppRoute.Status status, boolean maintenance, OptionalInt limit) {
        return new AppRoute(
                app.id(),
                app.name(),
                app.hosts(),
                status,
                maintenance,
                app.balance(),
                app.affinity(),
                limit,
                app.maxBacklog(),
                app.continueEndToEnd(),
                app.dynoKeepalive(),
                app.maintenancePage(),
                app.errorPage(),
                app.firstByteMs(),
                app.certificate(),
                app.hostCertificates(),
                app.dynos());
    }

    void use(AppRoute... apps) {
        router.apply(new RoutingTable(TIMEOUTS, List.of(apps)));
    }

    Router router() {
        return router;
    }

    InetSocketAddress http() {
        return http;
    }

    /// The address of its one TLS listener, which is opened when this is first called.
    InetSocketAddress listenTls() throws IOException {
        if (https == null) {
            https =
                    router.listenTls(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            Certificates.prepare());
            router.awaitTls();
        }
        return https;
    }

    RawClient connect() throws IOException {
        return new RawClient(http);
    }

    /// The first log line that contains all of this.
    String logLine(String... parts) {
        String[] found = {""};
        await(
                "a log line with " + List.of(parts) + " in " + log,
                () -> {
                    for (String line : lines()) {
                        if (List.of(parts).stream().allMatch(line::contains)) {
                            found[0] = line;
                            return true;
                        }
                    }
                    return false;
                });
        return found[0];
    }

    List<String> lines() {
        try {
            return Files.readAllLines(log, StandardCharsets.ISO_8859_1);
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }

    /// Waits until it is so, and fails after thirty seconds.
    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("there never was " + what);
            }
            Thread.onSpinWait();
            java.util.concurrent.locks.LockSupport.parkNanos(2_000_000);
        }
    }

    @Override
    public void close() throws IOException {
        router.close();
        accessLog.close();
        Files.deleteIfExists(log);
    }
}
