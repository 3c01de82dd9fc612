package dev.paddock.drains;

import dev.paddock.core.Timers;
import dev.paddock.outbound.OutboundTargets;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// A connection to a drain's target; whatever it does is cut off after a while. For one thread.
final class DrainSocket implements AutoCloseable {
    private final Socket plain;
    private final InputStream in;
    private final OutputStream out;
    private final Timers timers;
    private final long openedNanos = System.nanoTime();

    private DrainSocket(Socket plain, Socket socket, Timers timers) throws IOException {
        this.plain = plain;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
        this.timers = timers;
    }

    /// Connects to an address that tenants may reach; throws UserError for another one.
    static DrainSocket open(DrainTarget target, Parts parts, Duration limit) throws IOException {
        Socket plain = parts.targets().connect(target.host(), target.port(), limit);
        try {
            plain.setTcpNoDelay(true);
            Socket socket =
                    target.protocol().isSecure() ? secure(target, plain, parts, limit) : plain;
            return new DrainSocket(plain, socket, parts.timers());
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private static Socket secure(DrainTarget target, Socket plain, Parts parts, Duration limit)
            throws IOException {
        SSLSocketFactory factory = target.verified() ? parts.verifying() : parts.trusting();
        SSLSocket socket =
                (SSLSocket) factory.createSocket(plain, target.host(), target.port(), true);
        if (target.verified()) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
        }
        within(
                limit,
                parts.timers(),
                plain,
                () -> {
                    socket.startHandshake();
                    return true;
                });
        return socket;
    }

    boolean isOlderThan(Duration life) {
        return System.nanoTime() - openedNanos > life.toNanos();
    }

    InputStream in() {
        return in;
    }

    void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    /// Does something with the connection, which is cut when that takes longer.
    <T> T within(Duration limit, Work<T> work) throws IOException {
        return within(limit, timers, plain, work);
    }

    /// A blocked write ends only when the socket below TLS is closed: TLS itself would wait to say goodbye.
    private static <T> T within(Duration limit, Timers timers, Socket plain, Work<T> work)
            throws IOException {
        AtomicBoolean late = new AtomicBoolean();
        Timers.Scheduled guard =
                timers.schedule(
                        limit,
                        () -> {
                            late.set(true);
                            closeQuietly(plain);
                        });
        try {
            return work.run();
        } catch (IOException e) {
            throw late.get() ? new SocketTimeoutException("nothing within " + limit) : e;
        } finally {
            guard.cancel();
        }
    }

    @Override
    public void close() {
        closeQuietly(plain);
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) {
            // It is of no use any more in either case.
        }
    }

    /// Something that is done with a connection.
    interface Work<T> {
        T run() throws IOException;
    }

    /// What every connection needs.
    ///
    /// @param verifying refuses certificates that are not trusted
    /// @param trusting takes any
    record Parts(
            OutboundTargets targets,
            Timers timers,
            SSLSocketFactory verifying,
            SSLSocketFactory trusting) {}
}
