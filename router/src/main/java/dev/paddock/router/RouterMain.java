package dev.paddock.router;

import dev.paddock.router.RouterOptions.HostPort;
import dev.paddock.routes.RoutingTable;
import dev.paddock.routes.SpoolWriter;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// `paddock router`: the routing mesh alone, fed by a file or by the platform.
public final class RouterMain {
    private static final int USAGE = 2;

    /// A platform that lives answers at once; one that stands still is not waited for longer.
    private static final Duration FIRST_TABLE = Duration.ofSeconds(5);

    private static final Duration HANDOVER_LIMIT = Duration.ofSeconds(60);
    private static final Duration ADMIN_LIMIT = Duration.ofSeconds(5);
    private static final Duration ADMIN_PAUSE = Duration.ofMillis(50);

    private final RouterOptions options;
    private final @Nullable Promise<Certificates> tls;

    private RouterMain(RouterOptions options, @Nullable Promise<Certificates> tls) {
        this.options = options;
        this.tls = tls;
    }

    public static void main(String[] arguments) {
        int status = run(arguments);
        System.exit(status);
    }

    /// Runs the router until it is told to stop, and returns the exit status.
    public static int run(String... arguments) {
        List<String> words = List.of(arguments);
        if (words.contains("-h") || words.contains("--help")) {
            System.out.print(RouterOptions.HELP);
            return 0;
        }
        if (words.contains("-V") || words.contains("--version")) {
            System.out.println("paddock " + version());
            return 0;
        }
        NettyMessages.toStandardError();
        NettySettings.apply();
        // Begun before all else, for it takes the longest.
        Promise<Certificates> tls =
                RouterOptions.wantTls(arguments) ? Certificates.prepare() : null;
        try {
            new RouterMain(RouterOptions.parse(arguments), tls).serve();
            return 0;
        } catch (RouterOptions.UsageException wrong) {
            System.err.println("router: " + wrong.getMessage() + "; see paddock router --help");
            return USAGE;
        } catch (IOException | RuntimeException failure) {
            System.err.println("router: " + failure.getMessage());
            return 1;
        }
    }

    /// The version of the build.
    static String version() {
        String version = RouterMain.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    private void serve() throws IOException {
        if (options.routes().isPresent()) {
            serveFile(options.routes().get());
        } else {
            servePlatform(options.control().orElseThrow(), options.state().orElseThrow());
        }
    }

    private void serveFile(Path file) throws IOException {
        RoutesFile source = new RoutesFile(file);
        // Beside the making of the event loops, for the one takes as long as the other.
        Future<RoutingTable> first = source.begin();
        try (AccessLog accessLog = AccessLog.open(options.log().orElse(null), null);
                Router router =
                        new Router(options.loops(), transport(), accessLog, ControlLink.nobody())) {
            router.apply(await(first));
            End end = new End();
            Path older = options.handover().orElse(null);
            Optional<HandoverOffer> offer;
            try (Inherited inherited = older == null ? Inherited.none() : Inherited.from(older)) {
                Runnable signals =
                        () -> {
                            end.onSignals();
                            ProcessSignals.on("HUP", source::reload);
                        };
                offer = listen(router, inherited, end, signals);
            }
            source.watch(router::known, router::apply);
            serve(router, offer, end, () -> {});
        }
    }

    private static RoutingTable await(Future<RoutingTable> table) throws IOException {
        try {
            return table.get();
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause();
            throw new IOException(cause == null ? null : cause.getMessage(), cause);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading the routes", stopped);
        }
    }

    private void servePlatform(Path socket, Path directory) throws IOException {
        Files.createDirectories(directory);
        SpoolWriter spool = SpoolWriter.openFree(directory);
        ControlLink link = new ControlLink(socket, directory);
        try (AccessLog accessLog = AccessLog.open(options.log().orElse(null), spool);
                Router router = new Router(options.loops(), transport(), accessLog, link)) {
            End end = new End();
            CompletableFuture<Path> older = new CompletableFuture<>();
            link.onHandover(older::complete);
            link.start(router);
            link.awaitTable(FIRST_TABLE);
            Optional<HandoverOffer> offer;
            try (Inherited inherited = fromOlder(older)) {
                offer = listen(router, inherited, end, end::onSignals);
            }
            serve(router, offer, end, link::stopKeeping);
            link.close();
        }
    }

    /// When an older router serves here, the platform says when it hands over.
    private Inherited fromOlder(CompletableFuture<Path> told) throws IOException {
        Path at = options.handover().orElse(null);
        if (at == null || !Inherited.isOffered(at)) {
            return Inherited.none();
        }
        try {
            return Inherited.from(told.get(HANDOVER_LIMIT.toSeconds(), TimeUnit.SECONDS));
        } catch (TimeoutException | ExecutionException silent) {
            throw new IOException(
                    "a router that serves already offers its listeners at "
                            + at
                            + ", but the platform did not say that it hands over within "
                            + HANDOVER_LIMIT.toSeconds()
                            + " s; stop that router first, or start this one by the platform",
                    silent);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for an older router", stopped);
        }
    }

    /// Accepts, tells an older router so, and offers the same to younger ones.
    ///
    /// @param signals listened for when clients are: until then a signal may end the process as it is
    private Optional<HandoverOffer> listen(
            Router router, Inherited inherited, End end, Runnable signals) throws IOException {
        try (Inherited systemd = Inherited.ofSystemd(System.getenv())) {
            router.inherit(inherited.isFromRouter() ? inherited : systemd);
            if (options.proxyProtocol()) {
                router.expectProxy();
            }
            StringBuilder ready = new StringBuilder("listening http=");
            ready.append(HostPort.text(router.listen(options.http().address())));
            HostPort https = options.https().orElse(null);
            if (https != null) {
                Promise<Certificates> preparing = tls == null ? Certificates.prepare() : tls;
                ready.append(" https=")
                        .append(HostPort.text(router.listenTls(https.address(), preparing)));
            }
            signals.run();
            if (inherited.isFromRouter()) {
                router.awaitTls();
                inherited.ready();
            } else {
                for (InetSocketAddress left : systemd.left()) {
                    System.err.println(
                            "router: systemd listens on "
                                    + HostPort.text(left)
                                    + ", which is neither --http nor --https: not served");
                }
            }
            Path offered = options.handover().orElse(null);
            Optional<HandoverOffer> offer =
                    offered == null
                            ? Optional.empty()
                            : Optional.of(
                                    HandoverOffer.open(
                                            offered, router::descriptors, end::handedOver));
            System.err.println(ready);
            if (https != null) {
                Certificates.loadLibrary();
            }
            return offer;
        }
    }

    /// Serves until a signal or a younger router ends it.
    ///
    /// @param letGo called when a younger router accepts in our place
    private void serve(Router router, Optional<HandoverOffer> offer, End end, Runnable letGo)
            throws IOException {
        HostPort at = options.admin().orElse(null);
        AdminServer server = at == null ? null : openAdmin(at, router);
        boolean handedOver = end.await();
        if (server != null) {
            server.close();
        }
        offer.ifPresent(HandoverOffer::close);
        if (handedOver) {
            letGo.run();
        }
        // A client whose listeners another process has now may be about to send: it is not cut off.
        router.drain(!handedOver);
    }

    /// The router whose listeners we took over gives up its admin address a moment later.
    private static @Nullable AdminServer openAdmin(HostPort at, Router router) throws IOException {
        long limit = System.nanoTime() + ADMIN_LIMIT.toNanos();
        while (true) {
            try {
                return new AdminServer(at.address(), router.stats());
            } catch (IOException taken) {
                if (!router.isHeir()) {
                    throw taken;
                }
                if (System.nanoTime() - limit > 0) {
                    // Nobody else serves the clients by now.
                    System.err.println("router: no /metrics: " + taken.getMessage());
                    return null;
                }
            }
            try {
                Thread.sleep(ADMIN_PAUSE);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while waiting for the admin address", stopped);
            }
        }
    }

    /// What ends this router.
    private static final class End {
        private final CountDownLatch come = new CountDownLatch(1);
        private volatile boolean handedOver;

        void onSignals() {
            ProcessSignals.on("TERM", come::countDown);
            ProcessSignals.on("INT", come::countDown);
        }

        void handedOver() {
            handedOver = true;
            come.countDown();
        }

        /// Returns whether a younger router took over.
        boolean await() {
            try {
                come.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            return handedOver;
        }
    }

    private static Transport transport() {
        return Transport.named(System.getProperty("paddock.router.transport", ""));
    }
}
