package dev.paddock.attach;

import dev.paddock.core.AppId;
import dev.paddock.core.Tick;
import dev.paddock.core.Timers;
import dev.paddock.core.UserError;
import dev.paddock.domains.CertificateAuthority;
import dev.paddock.domains.ServerTls;
import dev.paddock.dyno.Attachment;
import dev.paddock.dyno.DynoId;
import dev.paddock.dyno.Engine;
import dev.paddock.dyno.Stdio;
import dev.paddock.manifold.Manifold;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The TLS port where a client picks up the streams of its one-off dyno: it sends the secret it was given as its first
/// line, and from then on speaks with the dyno (heroku-cli.md section 3b). Safe for any thread.
public final class Rendezvous implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Rendezvous.class);

    /// How long a secret is good for.
    static final Duration LIFE = Duration.ofSeconds(60);

    /// A client that says nothing, or shakes hands slowly, is dropped after this long.
    private static final Duration GREETING_LIMIT = Duration.ofSeconds(10);

    private static final int MAX_FIRST_LINE_BYTES = 256;
    private static final int SECRET_BYTES = 16;

    /// Dynos that wait for their client at once.
    private static final int MAX_EXPECTED = 10_000;

    /// Connections at once, attached and not yet greeted.
    private static final int MAX_CONNECTIONS = 1000;

    private static final int BACKLOG = 128;

    private final InetSocketAddress bind;
    private final SSLContext tls;
    private final Dynos dynos;
    private final Timers timers;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Expected> expected = new ConcurrentHashMap<>();
    private final Set<SSLSocket> open = ConcurrentHashMap.newKeySet();
    private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
    private volatile @Nullable SSLServerSocket listening;
    private volatile boolean closed;

    public Rendezvous(
            InetSocketAddress bind,
            CertificateAuthority authority,
            Engine engine,
            Manifold manifold,
            Timers timers) {
        this(bind, authority, new StartedDynos(engine, manifold), timers);
    }

    public Rendezvous(
            InetSocketAddress bind, CertificateAuthority authority, Dynos dynos, Timers timers) {
        this.bind = bind;
        this.tls = ServerTls.context(authority, "localhost", "127.0.0.1");
        this.dynos = dynos;
        this.timers = timers;
    }

    /// The dynos a client can be connected to.
    public interface Dynos {
        /// Connects to the streams of a dyno; its command begins.
        Attachment attach(DynoId dyno) throws InterruptedException;

        /// The client of a dyno went away.
        void hangUp(AppId app, DynoId dyno);
    }

    /// Binds the port; throws UncheckedIOException when it is in use.
    public void start() {
        try {
            SSLServerSocket socket =
                    (SSLServerSocket)
                            tls.getServerSocketFactory()
                                    .createServerSocket(bind.getPort(), BACKLOG, bind.getAddress());
            listening = socket;
            Thread.ofVirtual().name("rendezvous").start(() -> accept(socket));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot listen for attached dynos on " + bind + ": " + e.getMessage(), e);
        }
    }

    public int port() {
        SSLServerSocket socket = listening;
        return socket == null ? bind.getPort() : socket.getLocalPort();
    }

    /// Makes the URL under which a client reaches the dyno: once, and within a minute.
    public String expect(AppId app, DynoId dyno, Stdio stdio) {
        Tick now = timers.now();
        expected.values().removeIf(ticket -> ticket.expired(now));
        if (expected.size() >= MAX_EXPECTED) {
            throw new UserError(
                    "rate_limit",
                    "Too many one-off dynos wait for their client; try again in a minute.");
        }
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        expected.put(secret, new Expected(app, dyno, stdio instanceof Stdio.Pipes, now.plus(LIFE)));
        return "rendezvous://localhost:" + port() + "/" + secret;
    }

    private void accept(SSLServerSocket socket) {
        while (!closed) {
            try {
                SSLSocket client = (SSLSocket) socket.accept();
                if (places.tryAcquire()) {
                    open.add(client);
                    Thread.ofVirtual().name("attached").start(() -> serve(client));
                } else {
                    client.close();
                }
            } catch (IOException e) {
                if (!closed) {
                    log.warn(
                            "Could not accept a connection for an attached dyno: {}", e.toString());
                }
            }
        }
    }

    private void serve(SSLSocket client) {
        try (client) {
            client.setTcpNoDelay(true);
            client.setSoTimeout((int) GREETING_LIMIT.toMillis());
            client.startHandshake();
            Optional<Expected> ticket = firstLine(client.getInputStream()).flatMap(this::redeem);
            if (ticket.isPresent()) {
                new AttachedClient(
                                client,
                                ticket.get().pipes(),
                                ticket.get().dyno(),
                                ticket.get().app(),
                                dynos)
                        .run();
            }
        } catch (IOException e) {
            // Clients come and go as they like; a dyno that somebody was attached to has been hung
            // up already.
            log.debug("A client of the rendezvous port went away: {}", e.toString());
        } catch (RuntimeException e) {
            log.error("Serving an attached dyno failed", e);
        } finally {
            open.remove(client);
            places.release();
        }
    }

    private Optional<Expected> redeem(String secret) {
        Expected ticket = expected.remove(secret);
        return ticket == null || ticket.expired(timers.now())
                ? Optional.empty()
                : Optional.of(ticket);
    }

    /// Reads byte by byte: what follows the line belongs to the dyno. The deadline holds for the line as a whole, so
    /// that a client cannot stay by sending a byte now and then.
    private static Optional<String> firstLine(InputStream in) throws IOException {
        long deadline = System.nanoTime() + GREETING_LIMIT.toNanos();
        StringBuilder line = new StringBuilder();
        while (line.length() < MAX_FIRST_LINE_BYTES && System.nanoTime() < deadline) {
            int next = in.read();
            if (next < 0) {
                return Optional.empty();
            }
            if (next == '\n') {
                String text = line.toString();
                return Optional.of(
                        text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
            }
            line.append((char) next);
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        closed = true;
        SSLServerSocket socket = listening;
        if (socket != null) {
            closeQuietly(socket);
        }
        for (SSLSocket client : Set.copyOf(open)) {
            closeQuietly(client);
        }
    }

    private static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            log.debug("Closing a socket failed: {}", e.toString());
        }
    }

    /// A dyno that waits for its client.
    private record Expected(AppId app, DynoId dyno, boolean pipes, Tick until) {
        boolean expired(Tick now) {
            return !now.isBefore(until);
        }
    }
}
