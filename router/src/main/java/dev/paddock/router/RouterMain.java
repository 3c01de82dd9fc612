package dev.paddock.router;

import dev.paddock.routes.SpoolWriter;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `paddock router`: the routing mesh alone, fed by a file or by the platform.
@Command(
        name = "router",
        description = "Routes HTTP and HTTPS to web dynos.",
        versionProvider = RouterMain.Version.class,
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class RouterMain implements Callable<Integer> {
    /// A platform that lives answers at once; one that stands still is not waited for longer.
    private static final Duration FIRST_TABLE = Duration.ofSeconds(5);

    private static final String TLS_LISTENER = "--https";
    private static final Duration HANDOVER_LIMIT = Duration.ofSeconds(60);
    private static final Duration ADMIN_LIMIT = Duration.ofSeconds(5);
    private static final Duration ADMIN_PAUSE = Duration.ofMillis(50);

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            required = true,
            description = "Listen for HTTP.")
    private HostPort http = HostPort.NONE;

    @Option(names = TLS_LISTENER, paramLabel = "HOST:PORT", description = "Listen for HTTPS.")
    private @Nullable HostPort https;

    @Option(names = "--admin", paramLabel = "HOST:PORT", description = "Serve /metrics.")
    private @Nullable HostPort admin;

    @Option(
            names = "--routes",
            paramLabel = "FILE",
            description = "Routes as JSON; read again when the file changes and on SIGHUP.")
    private @Nullable Path routes;

    @Option(
            names = "--control",
            paramLabel = "SOCKET",
            description = "Socket of the platform that says what to route.")
    private @Nullable Path control;

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description =
                    "Where request lines go, - for standard output. With --control: lines of"
                            + " requests that are for no app; default standard error.")
    private @Nullable String log;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "With --control: keeps the last routes and the request lines of apps.")
    private @Nullable Path state;

    @Option(
            names = "--handover",
            paramLabel = "SOCKET",
            description =
                    "Take over the listeners of the router that runs with the same option, which"
                            + " then ends without losing a request; and hand them over likewise.")
    private @Nullable Path handover;

    @Option(
            names = "--loops",
            paramLabel = "N",
            description =
                    "Event loops, each a thread with its own connections; default: the cores.")
    private int loops = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--proxy-protocol",
            description =
                    "Every connection comes from a proxy that begins it with the PROXY protocol,"
                            + " version 1 or 2; let nobody else reach the ports.")
    private boolean proxyProtocol;

    @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

    private final @Nullable Promise<Certificates> tls;

    private RouterMain(@Nullable Promise<Certificates> tls) {
        this.tls = tls;
    }

    public static void main(String[] arguments) {
        int status = run(arguments);
        System.exit(status);
    }

    /// Runs the router until it is told to stop, and returns the exit status.
    public static int run(String... arguments) {
        NettyMessages.toStandardError();
        NettySettings.apply();
        return new CommandLine(new RouterMain(preparedTls(arguments)))
                .registerConverter(HostPort.class, HostPort::parse)
                .setExecutionExceptionHandler((failure, _, _) -> {
                    System.err.println("router: " + failure.getMessage());
                    return 1;
                })
                .execute(arguments);
    }

    /// Begun before the arguments are understood, for that takes as long.
    private static @Nullable Promise<Certificates> preparedTls(String... arguments) {
        boolean wanted =
                Arrays.stream(arguments)
                        .anyMatch(word ->
                                word.equals(TLS_LISTENER) || word.startsWith(TLS_LISTENER + "="));
        return wanted ? Certificates.prepare() : null;
    }

    @Override
    public Integer call() throws IOException {
        Path fromFile = routes;
        Path fromPlatform = control;
        if ((fromFile == null) == (fromPlatform == null)) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    "Say where the routes come from: either --routes FILE or --control SOCKET.");
        }
        return fromFile != null
                ? serveFile(fromFile)
                : servePlatform(Objects.requireNonNull(fromPlatform));
    }

    private int serveFile(Path file) throws IOException {
        try (AccessLog accessLog = AccessLog.open(log, null);
                Router router =
                        new Router(loopCount(), transport(), accessLog, ControlLink.nobody())) {
            RoutesFile source = new RoutesFile(file, router::known);
            router.apply(source.read());
            End end = End.onSignals();
            ProcessSignals.on("HUP", source::reload);
            Path older = handover;
            Optional<HandoverOffer> offer;
            try (Inherited inherited = older == null ? Inherited.none() : Inherited.from(older)) {
                offer = listen(router, inherited, end);
            }
            source.watch(router::apply);
            serve(router, offer, end, () -> {});
        }
        return 0;
    }

    private int servePlatform(Path socket) throws IOException {
        Path directory = state;
        if (directory == null) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(), "--control needs --state DIR.");
        }
        Files.createDirectories(directory);
        SpoolWriter spool = SpoolWriter.openFree(directory);
        ControlLink link = new ControlLink(socket, directory);
        try (AccessLog accessLog = AccessLog.open(log, spool);
                Router router = new Router(loopCount(), transport(), accessLog, link)) {
            End end = End.onSignals();
            CompletableFuture<Path> older = new CompletableFuture<>();
            link.onHandover(older::complete);
            link.start(router);
            link.awaitTable(FIRST_TABLE);
            Optional<HandoverOffer> offer;
            try (Inherited inherited = fromOlder(older)) {
                offer = listen(router, inherited, end);
            }
            serve(router, offer, end, link::stopKeeping);
            link.close();
        }
        return 0;
    }

    /// When an older router serves here, the platform says when it hands over.
    private Inherited fromOlder(CompletableFuture<Path> told) throws IOException {
        Path at = handover;
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
    private Optional<HandoverOffer> listen(Router router, Inherited inherited, End end)
            throws IOException {
        try (Inherited systemd = Inherited.ofSystemd(System.getenv())) {
            router.inherit(inherited.isFromRouter() ? inherited : systemd);
            if (proxyProtocol) {
                router.expectProxy();
            }
            StringBuilder ready = new StringBuilder("listening http=");
            ready.append(HostPort.text(router.listen(http.address())));
            if (https != null) {
                Promise<Certificates> preparing = tls == null ? Certificates.prepare() : tls;
                ready.append(" https=")
                        .append(HostPort.text(router.listenTls(https.address(), preparing)));
            }
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
            Path offered = handover;
            Optional<HandoverOffer> offer =
                    offered == null
                            ? Optional.empty()
                            : Optional.of(
                                    HandoverOffer.open(
                                            offered, router::descriptors, end::handedOver));
            System.err.println(ready);
            return offer;
        }
    }

    /// Serves until a signal or a younger router ends it.
    ///
    /// @param letGo called when a younger router accepts in our place
    private void serve(Router router, Optional<HandoverOffer> offer, End end, Runnable letGo)
            throws IOException {
        HostPort at = admin;
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

        static End onSignals() {
            End end = new End();
            ProcessSignals.on("TERM", end.come::countDown);
            ProcessSignals.on("INT", end.come::countDown);
            return end;
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

    private int loopCount() {
        if (loops < 1 || loops > EventLoops.MOST) {
            throw new ParameterException(
                    Objects.requireNonNull(spec).commandLine(),
                    "--loops " + loops + " is not from 1 to " + EventLoops.MOST + ".");
        }
        return loops;
    }

    private static Transport transport() {
        return Transport.named(System.getProperty("paddock.router.transport", ""));
    }

    /// An address to listen on.
    record HostPort(String host, int port) {
        static final HostPort NONE = new HostPort("", 0);

        static HostPort parse(String text) {
            int colon = text.lastIndexOf(':');
            String host = colon < 0 ? "" : text.substring(0, colon);
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                if (!host.isEmpty() && port >= 0 && port <= 65535) {
                    return new HostPort(host, port);
                }
            } catch (NumberFormatException _) {
                // Said below.
            }
            throw new CommandLine.TypeConversionException(
                    "'" + text + "' is no HOST:PORT, like 127.0.0.1:8080 or [::]:8080");
        }

        InetSocketAddress address() {
            return new InetSocketAddress(host, port);
        }

        static String text(InetSocketAddress address) {
            String host = NetUtil.toAddressString(address.getAddress());
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
        }
    }

    /// The version of the build.
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"paddock " + text()};
        }

        static String text() {
            String version = RouterMain.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }
}
